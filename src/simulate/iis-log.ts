import type { Period } from './clock.ts'
import type { Host } from './company.ts'
import { isDuring } from './incidents.ts'
import type { Layout } from './layout.ts'
import type { Output, OutputFile } from './output.ts'
import type { Random } from './random.ts'
import { headerLines, loggedSecond, type RowWriter, rowWriter } from './render-iis.ts'
import { DAY_SECONDS, dateTimeText, HOUR_SECONDS, SECOND_US } from './times.ts'
import type { AppHandling } from './traffic.ts'

/** HTTP.sys closes a log after 15 idle minutes; the reopened file repeats the header block (reference: IIS 2.2). */
const IDLE_SECONDS = 15 * 60
/** 539 of 8 527 measured header blocks have a #Date one second after the next row (reference: IIS 2.1). */
const LATE_HEADER_SHARE = 0.063
const CRLF = '\r\n'

export interface IisLogOptions {
  readonly output: Pick<Output, 'open'>
  readonly random: Random
  /** When the host's changed layout comes into force. */
  readonly changeAtUs: number
  readonly period: 'daily' | 'hourly'
  /** Called for each file that is begun: whether it is missing. */
  readonly isMissing: () => boolean
  /** What was cut out of its files, by the stamps of the lines. */
  readonly cuts: readonly Period[]
}

/**
 * The log of one host's site: a file for each UTC date or hour of its rows, headers where HTTP.sys writes them. What
 * is written late, or after the clock went back, stays in the file that is open (assumption).
 */
export class IisLog {
  private readonly host: Host
  private readonly options: IisLogOptions
  private layout: Layout
  private writeRow: RowWriter
  private file: OutputFile | undefined
  private period = -1
  private lineNo = 0
  private hasHeader = false
  private lastSecond = 0

  constructor(host: Host, options: IisLogOptions) {
    this.host = host
    this.options = options
    this.layout = host.layout
    this.writeRow = rowWriter(host.layout)
  }

  /** @returns where the row stands, line numbers from 1; nowhere when the file is missing or the row was cut out */
  write(handling: AppHandling): { file: string; lineNo: number } | undefined {
    const second = loggedSecond(handling)
    const { changedLayout } = this.host
    const isChanged =
      changedLayout !== undefined &&
      this.layout !== changedLayout &&
      handling.endUs >= this.options.changeAtUs
    if (isChanged) {
      this.layout = changedLayout
      this.writeRow = rowWriter(changedLayout)
    }
    const file = this.fileFor(second)
    const isCut = isDuring(this.options.cuts, second * SECOND_US)
    const isFirst = !this.hasHeader
    const isBlock = isFirst || isChanged || second - this.lastSecond >= IDLE_SECONDS
    // Whoever takes lines out leaves the columns at the top; a change of columns is left, too.
    if (isBlock && (!isCut || isFirst || isChanged)) this.writeHeader(file, second)
    this.lastSecond = second
    if (isCut) return undefined
    this.writeRow(file, handling)
    file.text(CRLF).endRow()
    this.lineNo++
    return file.isMissing ? undefined : { file: file.path, lineNo: this.lineNo }
  }

  close(): void {
    this.file?.close()
    this.file = undefined
  }

  private fileFor(second: number): OutputFile {
    const { output, isMissing } = this.options
    const isHourly = this.options.period === 'hourly'
    const period = Math.floor(second / (isHourly ? HOUR_SECONDS : DAY_SECONDS))
    if (this.file !== undefined && period <= this.period) return this.file
    this.close()
    const stamp = dateTimeText(second)
      .slice(2, isHourly ? 13 : 10)
      .replace(/\D/g, '')
    const name = `u_ex${stamp}${this.layout.hasCustomFields ? '_x' : ''}.log`
    this.file = output.open(`iis/${this.host.name}/W3SVC${this.host.siteId}/${name}`, isMissing())
    this.period = period
    this.lineNo = 0
    this.hasHeader = false
    return this.file
  }

  private writeHeader(file: OutputFile, second: number): void {
    const isLate = this.options.random.chance(LATE_HEADER_SHARE)
    const lines = headerLines(this.layout, isLate ? second + 1 : second)
    file.text(lines.join(CRLF) + CRLF)
    this.lineNo += lines.length
    this.hasHeader = true
  }
}
