import { type SimulationOptions, type SimulationSummary, simulate } from './index.ts'

/** What the tests read the output with: written apart from the code that renders it. */

export interface Collected {
  readonly files: ReadonlyMap<string, string>
  readonly summary: SimulationSummary
}

export function collect(options: SimulationOptions): Collected {
  const blocks = new Map<string, Uint8Array[]>()
  const simulation = simulate(options)
  for (;;) {
    const next = simulation.next()
    if (next.done) {
      const files = [...blocks].map(([path, parts]) => [path, Buffer.concat(parts).toString('utf8')] as const)
      return { files: new Map(files), summary: next.value }
    }
    const { path, bytes } = next.value
    blocks.set(path, [...(blocks.get(path) ?? []), bytes])
  }
}

export interface IisRow {
  readonly path: string
  readonly lineNo: number
  readonly fields: readonly string[]
  readonly values: readonly string[]
  readonly get: (name: string) => string
}

/** All rows of all IIS files, each read by the #Fields in force; directives are left out. */
export function readIis(files: ReadonlyMap<string, string>): IisRow[] {
  const rows: IisRow[] = []
  for (const [path, text] of files) {
    if (!path.startsWith('iis/')) continue
    let fields: string[] = []
    text.split('\r\n').forEach((line, index) => {
      if (line.startsWith('#Fields: ')) fields = line.slice('#Fields: '.length).split(' ')
      if (line.startsWith('#') || line === '') return
      const values = line.split(' ')
      const inForce = fields
      const get = (name: string) => values[inForce.indexOf(name)] ?? 'no such column'
      rows.push({ path, lineNo: index + 1, fields: inForce, values, get })
    })
  }
  return rows
}

export type GatewayRow = Readonly<Record<string, string>>

/** Rows of all exports; in delimited ones an empty field is a missing key, as in JSON. */
export function readGateway(files: ReadonlyMap<string, string>, delimiter?: string): GatewayRow[] {
  const texts = [...files].filter(([path]) => path.startsWith('apigee/')).map(([, text]) => text)
  if (delimiter === undefined) {
    return texts.flatMap(text =>
      text
        .split('\n')
        .filter(line => line !== '')
        .map(line => JSON.parse(line)),
    )
  }
  return texts.flatMap(text => {
    const [header = [], ...records] = readDelimited(text, delimiter)
    return records.map(record =>
      Object.fromEntries(
        header.map((name, at) => [name, record[at] ?? '']).filter(([, value]) => value !== ''),
      ),
    )
  })
}

/** RFC 4180 section 2, with the delimiter as a parameter and LF as the line end. */
export function readDelimited(text: string, delimiter: string): string[][] {
  const records: string[][] = []
  let record: string[] = []
  let at = 0
  while (at < text.length) {
    let value = ''
    if (text[at] === '"') {
      for (at++; !(text[at] === '"' && text[at + 1] !== '"'); at++) {
        if (text[at] === '"') at++
        value += text[at]
      }
      at++
    } else {
      for (; text[at] !== delimiter && text[at] !== '\n'; at++) value += text[at]
    }
    record.push(value)
    if (text[at] === '\n') {
      records.push(record)
      record = []
    }
    at++
  }
  return records
}

export interface TruthRow {
  readonly cause: string
  readonly outcome: string
  readonly gateway_flow_id: string | null
  readonly gateway_recorded: boolean
  readonly proxy: string | null
  readonly subject: string | null
  readonly received_us: number
  readonly gateway_clock_offset_us: number
  readonly usable_id: boolean
  readonly app: readonly TruthAppLine[]
}

export interface TruthAppLine {
  readonly host: string
  readonly file: string | null
  readonly line_no: number | null
  readonly recorded: boolean
  readonly id: string
  readonly start_us: number
  readonly end_us: number
  readonly attempt: string
  readonly clock_offset_us: number
}

export function readTruth(files: ReadonlyMap<string, string>): TruthRow[] {
  const text = files.get('truth.ndjson') ?? ''
  return text
    .split('\n')
    .filter(line => line !== '')
    .map(line => JSON.parse(line))
}

/** An IIS row with what the truth says about it. */
export interface PlacedLine {
  readonly request: TruthRow
  readonly line: TruthAppLine
  readonly row: IisRow
}

/** Every IIS row of the files, in the order of the files; a row without a truth or with two is an error. */
export function readPlaced(files: ReadonlyMap<string, string>): PlacedLine[] {
  const byPlace = new Map<string, Omit<PlacedLine, 'row'>>()
  for (const request of readTruth(files)) {
    for (const line of request.app) {
      const place = `${line.file}:${line.line_no}`
      if (line.recorded && byPlace.has(place)) throw new Error(`two truths for ${place}`)
      if (line.recorded) byPlace.set(place, { request, line })
    }
  }
  const rows = readIis(files)
  if (rows.length !== byPlace.size) throw new Error(`${rows.length} rows, ${byPlace.size} truths`)
  return rows.map(row => {
    const truth = byPlace.get(`${row.path}:${row.lineNo}`)
    if (truth === undefined) throw new Error(`no truth for ${row.path}:${row.lineNo}`)
    return { ...truth, row }
  })
}

/** As `Map.groupBy`, which Node 20 has not. */
export function groupBy<K, T>(list: readonly T[], keyOf: (item: T) => K): Map<K, T[]> {
  const groups = new Map<K, T[]>()
  for (const item of list) {
    const key = keyOf(item)
    const group = groups.get(key)
    if (group === undefined) groups.set(key, [item])
    else group.push(item)
  }
  return groups
}
