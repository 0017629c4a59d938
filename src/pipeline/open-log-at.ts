import type { Refusal } from '../formats/refused.ts'
import { detectFormat, makeHead } from '../formats/registry.ts'
import { GrowingFile } from '../sources/growing.ts'
import { PrefixDigest } from '../sources/prefix.ts'
import type { Intake } from './intake.ts'
import type { Known } from './known.ts'
import { forgetLastLine } from './last-line.ts'
import { OpenLog } from './open-log.ts'
import { digestOfHead } from './source-index.ts'

export interface Opening {
  readonly path: string
  readonly identity: string
  /** Its first bytes, with a whole line at least. */
  readonly head: Buffer
  readonly known: Known
  readonly fields: readonly string[] | undefined
}

/**
 * Opens a log that is followed, at its start or where it was left.
 *
 * @returns why it is none, where its head says so
 * @throws SOURCE_UNREADABLE, also where the name leads to another file by now
 */
export async function openLog(intake: Intake, opening: Opening): Promise<OpenLog | Refusal> {
  const { path, identity, head, known, fields } = opening
  const lines = head.subarray(0, head.lastIndexOf(10) + 1 || head.length)
  const format = detectFormat(makeHead(lines, false), fields)
  if (!('open' in format)) return format
  if (known.is !== 'grown') {
    const file = await GrowingFile.open(path, 0, identity)
    const record = intake.begin({ path, format: format.name, gzip: false, head, identity })
    return new OpenLog(intake, record, format.open(intake.context(record)), file, new PrefixDigest())
  }
  const { source, stop } = known
  const file = await GrowingFile.open(path, stop.bytes, identity)
  const record = await intake.resume(source, format, path)
  // A last line without a line feed is read again, now that it may be whole.
  forgetLastLine(record)
  Object.assign(record, { path, identity, head: digestOfHead(head), padding: undefined })
  const reader = format.open(intake.context(record), record.state)
  return new OpenLog(intake, record, reader, file, new PrefixDigest(stop.bytes, stop.hash))
}
