import type { ReaderContext, ReaderState } from '../format.ts'
import type { Position } from '../lines.ts'
import { rejectLine, wholeLine } from '../rejects.ts'
import { ExportReader, isBlankText, type Line, mayHoldControls, mayHoldSecrets } from './export-reader.ts'
import { JsonRecordScanner } from './json.ts'

/** One JSON object a line (NDJSON), as Apigee's JSON export writes it. */
export class NdjsonReader extends ExportReader {
  readonly #scanner: JsonRecordScanner

  constructor(context: ReaderContext, resume?: ReaderState, maxLineBytes?: number) {
    super(context, resume, '\\\\', maxLineBytes)
    this.#scanner = new JsonRecordScanner(this.writer)
  }

  protected take({ bytes, text, at, terminated }: Line): void {
    if (isBlankText(text)) return this.skip()
    this.writer.begin(mayHoldSecrets(text), text.includes('\\') || mayHoldControls(text))
    const problem = this.#scanner.scan(text)
    if (problem !== undefined) {
      const reason = terminated || text.endsWith('}') ? 'bad-json' : 'truncated'
      return rejectLine(this.context, wholeLine(bytes), at, reason, problem)
    }
    const missing = this.writer.write(at)
    if (missing !== undefined) rejectLine(this.context, wholeLine(bytes), at, 'no-timestamp', missing)
  }

  protected finish(): void {}

  protected interrupt(): void {}

  protected openSince(): Position | undefined {
    return undefined
  }

  protected formatState(): Record<string, unknown> {
    return {}
  }
}
