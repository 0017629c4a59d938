import type { LedgerState } from '../../ledger/state.ts'
import type { Sample } from '../schema.ts'
import { type Facts, numberIn } from './facts.ts'
import { stampText } from './record-columns.ts'

type SampleEntry = Sample['requests'][number]
type Side = SampleEntry['hops'][number]['side']

/** Where the lines of a request stand in the original logs. */
export function sampleEntry(
  requestId: string,
  hops: readonly { readonly side: Side; readonly facts: Facts }[],
  { sources }: LedgerState,
): SampleEntry {
  return {
    request_id: requestId,
    hops: hops.map(({ side, facts }) => {
      const source = sources.get(numberIn(facts, 'source_id') ?? -1)
      const [start, end] = [numberIn(facts, 'start_ts'), numberIn(facts, 'end_ts')]
      return {
        side,
        file: source?.path ?? '',
        sha256: source?.sha256 ?? '',
        line: numberIn(facts, 'line_no') ?? 0,
        byteOffset: numberIn(facts, 'byte_offset') ?? 0,
        ...(start === undefined ? {} : { start: stampText(start) }),
        ...(end === undefined ? {} : { end: stampText(end) }),
      }
    }),
  }
}
