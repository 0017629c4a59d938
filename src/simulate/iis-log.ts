import type { Host } from './company.ts'
import type { Layout } from './layout.ts'
import type { Output, OutputFile } from './output.ts'
import type { Random } from './random.ts'
import { headerLines, loggedSecond, type RowWriter, rowWriter } from './render-iis.ts'
import { DAY_SECONDS, dayText } from './times.ts'
import type { AppHandling } from './traffic.ts'

/** HTTP.sys closes a log after 15 idle minutes; the reopened file repeats the header block (reference: IIS 2.2). */
const IDLE_SECONDS = 15 * 60
/** 539 of 8 527 measured header blocks have a #Date one second after the next row (reference: IIS 2.1). */
const LATE_HEADER_SHARE = 0.063
const CRLF = '\r\n'

/** The log of one host's site: a file for each UTC date of its rows, headers where HTTP.sys writes them. */
export class IisLog {
  private readonly host: Host
  private readonly output: Output
  private readonly random: Random
  private readonly changeAtUs: number
  private layout: Layout
  private writeRow: RowWriter
  private file: OutputFile | undefined
  private day = -1
  private lineNo = 0
  private lastSecond = 0

  /** @param changeAtUs when the host's changed layout comes into force */
  constructor(host: Host, output: Output, random: Random, changeAtUs: number) {
    this.host = host
    this.output = output
    this.random = random
    this.changeAtUs = changeAtUs
    this.layout = host.layout
    this.writeRow = rowWriter(host.layout)
  }

  /** Rows must come in the order of their ends. @returns where the row stands; line numbers count from 1 */
  write(handling: AppHandling): { file: string; lineNo: number } {
    const second = loggedSecond(handling)
    const { changedLayout } = this.host
    const isChanged =
      changedLayout !== undefined && this.layout !== changedLayout && handling.endUs >= this.changeAtUs
    if (isChanged) {
      this.layout = changedLayout
      this.writeRow = rowWriter(changedLayout)
    }
    const file = this.fileFor(Math.floor(second / DAY_SECONDS))
    if (this.lineNo === 0 || isChanged || second - this.lastSecond >= IDLE_SECONDS)
      this.writeHeader(file, second)
    this.lastSecond = second
    this.writeRow(file, handling)
    file.text(CRLF).endRow()
    return { file: file.path, lineNo: ++this.lineNo }
  }

  close(): void {
    this.file?.close()
    this.file = undefined
  }

  private fileFor(day: number): OutputFile {
    if (this.file !== undefined && this.day === day) return this.file
    this.close()
    const date = dayText(day).slice(2).replaceAll('-', '')
    const custom = this.layout.hasCustomFields ? '_x' : ''
    this.file = this.output.open(`iis/${this.host.name}/W3SVC${this.host.siteId}/u_ex${date}${custom}.log`)
    this.day = day
    this.lineNo = 0
    return this.file
  }

  private writeHeader(file: OutputFile, second: number): void {
    const isLate = this.random.chance(LATE_HEADER_SHARE)
    const lines = headerLines(this.layout, isLate ? second + 1 : second)
    file.text(lines.join(CRLF) + CRLF)
    this.lineNo += lines.length
  }
}
