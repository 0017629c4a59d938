import type { Host } from './company.ts'
import type { Output, OutputFile } from './output.ts'
import { loggedSecondAt } from './render-iis.ts'
import { dateTimeText } from './times.ts'
import type { KernelHandling } from './traffic.ts'

/** ErrorLogFileTruncateSize, its minimum and default (reference: IIS 9.1). */
const MOST_BYTES = 1 << 20
const CRLF = '\r\n'

const BEFORE = 'date time c-ip c-port s-ip s-port cs-version cs-method cs-uri'
const REST = 'sc-status s-siteid s-reason s-queuename'
/** The default columns of three versions of Windows; hosts have them by turns. */
const LAYOUTS = [
  { fields: `${BEFORE} ${REST}`, streams: '', transport: '' },
  { fields: `${BEFORE} streamid ${REST}`, streams: ' -', transport: '' },
  { fields: `${BEFORE} streamid streamid_ex ${REST} transport`, streams: ' - -', transport: ' TCP' },
] as const

/** HTTPERR of one host: one log for all its sites, begun anew at 1 MB under the next number. */
export class HttperrLog {
  readonly #host: Host
  readonly #output: Pick<Output, 'open'>
  readonly #layout: (typeof LAYOUTS)[number]
  #file: OutputFile | undefined
  #number = 0
  #bytes = 0
  #lineNo = 0

  /** @param index of the host */
  constructor(host: Host, index: number, output: Pick<Output, 'open'>) {
    this.#host = host
    this.#output = output
    this.#layout = LAYOUTS[index % LAYOUTS.length] ?? LAYOUTS[0]
  }

  write(handling: KernelHandling): { file: string; lineNo: number } {
    const second = loggedSecondAt(this.#host, handling.endUs)
    const file = this.#fileFor(second)
    const { peerIp, peerPort, method, path, query, status, site, reason, queue } = handling
    const isAsked = method !== '-'
    const uri = (path.includes('%') ? decodeOnce(path) : path) + (query === '' ? '' : `?${query}`)
    const { streams, transport } = this.#layout
    const row = `${dateTimeText(second)} ${peerIp} ${peerPort} ${this.#host.ip} 443 ${isAsked ? 'HTTP/1.1' : '-'} ${method} ${uri}${streams} ${status ?? '-'} ${site} ${reason} ${queue}${transport}${CRLF}`
    file.text(row).endRow()
    this.#bytes += row.length
    this.#lineNo++
    return { file: file.path, lineNo: this.#lineNo }
  }

  close(): void {
    this.#file?.close()
    this.#file = undefined
  }

  #fileFor(second: number): OutputFile {
    if (this.#file !== undefined && this.#bytes < MOST_BYTES) return this.#file
    this.close()
    this.#number++
    const file = this.#output.open(`httperr/${this.#host.name}/httperr${this.#number}.log`)
    const head = [
      '#Software: Microsoft HTTP API 2.0',
      '#Version: 1.0',
      `#Date: ${dateTimeText(second)}`,
      `#Fields: ${this.#layout.fields}`,
    ]
    file.text(head.join(CRLF) + CRLF)
    this.#file = file
    this.#bytes = 0
    this.#lineNo = head.length
    return file
  }
}

/** HTTP.sys logs the URL as it has cooked it; spaces and what cannot be printed are plus signs (reference: IIS 2.3). */
function decodeOnce(path: string): string {
  return decodeURIComponent(path).replace(/[\x00-\x20\x7f]/g, '+')
}
