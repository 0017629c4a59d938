import type { Output, OutputFile } from './output.ts'

/** What a shipper says of a line. */
interface About {
  readonly host: string
  readonly path: string
  readonly offset: number
  /** When it was read, made up: as its row was logged. */
  readonly at: string
}

/** How a log shipper wraps a line. */
type Wrap = (line: string, about: About) => object

const WRAPS = {
  filebeat: (message, { host, path, offset, at }) => ({
    '@timestamp': at,
    '@metadata': { beat: 'filebeat', type: '_doc', version: '8.19.4' },
    message,
    input: { type: 'filestream' },
    ecs: { version: '8.0.0' },
    host: { name: host },
    agent: { type: 'filebeat', version: '8.19.4', name: host },
    log: { file: { path }, offset },
  }),
  splunk: (_raw, { host, path, at }) => ({
    preview: false,
    result: { _raw, _time: at, host, index: 'web', source: path, sourcetype: 'ms:iis:auto' },
  }),
} as const satisfies Readonly<Record<string, Wrap>>

export type Shape = keyof typeof WRAPS
export const SHAPES = Object.keys(WRAPS) as readonly Shape[]

/** Hands on the lines of all logs in one file of envelopes, in the order in which they are written. */
export class Shipper implements Pick<Output, 'open'> {
  readonly #output: Output
  readonly #file: OutputFile
  readonly #wrap: Wrap

  constructor(output: Output, shape: Shape) {
    this.#output = output
    this.#file = output.open(`shipped/${shape}.ndjson`)
    this.#wrap = WRAPS[shape]
  }

  /** @param path of a log in the output folder, which names its host */
  open(path: string, isMissing = false): OutputFile {
    const log = { ...placeOf(path), offset: 0 }
    return this.#output.open(path, isMissing, rows => {
      if (!isMissing) this.#ship(rows.toString('utf8'), log)
      log.offset += rows.length
    })
  }

  close(): void {
    this.#file.close()
  }

  #ship(rows: string, log: Omit<About, 'at'>): void {
    const lines = rows.split('\n').slice(0, -1)
    const at = `${lines.at(-1)?.slice(0, 19).replace(' ', 'T')}.000Z`
    let { offset } = log
    for (const line of lines) {
      const json = JSON.stringify(this.#wrap(line.replace(/\r$/, ''), { ...log, offset, at }))
      this.#file.text(`${json}\n`).endRow()
      offset += Buffer.byteLength(line) + 1
    }
  }
}

/** `iis/<HOST>/W3SVC<n>/<file>` and `httperr/<HOST>/<file>`, as the server has them. */
function placeOf(path: string): { host: string; path: string } {
  const [kind, host = '', ...rest] = path.split('/')
  const folder = kind === 'iis' ? 'C:\\inetpub\\logs\\LogFiles' : 'C:\\Windows\\System32\\LogFiles\\HTTPERR'
  return { host, path: [folder, ...rest].join('\\') }
}
