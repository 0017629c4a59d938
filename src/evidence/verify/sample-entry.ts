import type { LedgerState } from '../../ledger/state.ts'
import type { Sample } from '../schema.ts'
import { numberIn } from './facts.ts'
import { type SideFacts, spansOf } from './sample-spans.ts'

type SampleEntry = Sample['requests'][number]

/** Where the lines of a request stand in the original logs, and the spans that they make. */
export function sampleEntry(
  requestId: string,
  hops: readonly SideFacts[],
  { sources }: LedgerState,
): SampleEntry {
  return {
    request_id: requestId,
    hops: hops.map(({ side, facts }) => {
      const source = sources.get(numberIn(facts, 'source_id') ?? -1)
      return {
        side,
        file: source?.path ?? '',
        sha256: source?.sha256 ?? '',
        line: numberIn(facts, 'line_no') ?? 0,
        byteOffset: numberIn(facts, 'byte_offset') ?? 0,
      }
    }),
    spans: spansOf(hops),
  }
}
