import type { Redactor } from '../model/redact.ts'
import type { Store } from '../store/store.ts'
import type { BundleFolder } from './bundle-folder.ts'
import { NODE_CRYPTO } from './folder-files.ts'
import { likeJavaScript, type PopulationRow, populationRows } from './population.ts'
import { redactRecord } from './redaction.ts'
import { Tallies } from './report/tallies.ts'
import type { Exception } from './schema.ts'
import { hourOfRecord, requestExceptions } from './verify/accounts.ts'
import { CSV_HEADER, csvRecord } from './verify/csv.ts'
import type { FactValue } from './verify/facts.ts'
import { PopulationHash } from './verify/population-hash.ts'
import type { RequestRecord } from './verify/record.ts'
import { type HopPlace, microsOfStamp, populationLine } from './verify/record-columns.ts'
import { SampleChoice } from './verify/sample-choice.ts'

export interface PopulationOptions {
  readonly redactor: Redactor | undefined
  /** Exceptions about the period, which come first. */
  readonly exceptions: readonly Exception[]
  readonly sampleSeed: string
  /** Requests that findings name. */
  readonly named: ReadonlySet<string>
}

/** What a population is made of. */
export interface WrittenPopulation {
  readonly requests: number
  readonly exceptions: number
  readonly exceptionKinds: ReadonlyMap<Exception['kind'], number>
  readonly hours: ReadonlyMap<string, number>
  /** Ids of the sample. */
  readonly sample: readonly string[]
  /** Those of the named requests that were found. */
  readonly met: ReadonlySet<string>
  readonly populationHash: string
  readonly tallies: Tallies
}

/** Writes population.ndjson, population.csv and exceptions.ndjson in one go. */
export async function writePopulation(
  store: Store,
  folder: BundleFolder,
  { redactor, exceptions, sampleSeed, named }: PopulationOptions,
): Promise<WrittenPopulation> {
  const [lines, csv, odd] = ['population.ndjson', 'population.csv', 'exceptions.ndjson'].map(name => folder.open(name)) as [
    ReturnType<BundleFolder['open']>, ReturnType<BundleFolder['open']>, ReturnType<BundleFolder['open']>,
  ]
  const kinds = new Map<Exception['kind'], number>()
  const hours = new Map<string, number>()
  const met = new Set<string>()
  const sample = new SampleChoice(NODE_CRYPTO, sampleSeed)
  const populationHash = new PopulationHash(NODE_CRYPTO)
  const tallies = new Tallies()
  let [requests, count] = [0, 0]
  const except = (exception: Exception): void => {
    odd.write(`${JSON.stringify(exception)}\n`)
    kinds.set(exception.kind, (kinds.get(exception.kind) ?? 0) + 1)
    count++
  }
  for (const exception of exceptions) except(exception)
  csv.write(`${CSV_HEADER}\r\n`)
  const add = ({ line, target_called }: PopulationRow): void => {
    const text = likeJavaScript(line)
    const { record, hops } = readLine(text)
    const shown = redactor ? redactRecord(record, redactor) : record
    lines.write(`${redactor ? populationLine(shown, hops) : text}\n`)
    csv.write(`${csvRecord(shown)}\r\n`)
    const own = requestExceptions(record, target_called === null ? undefined : { target_called })
    for (const exception of own) except(exception)
    const id = String(record.request_id)
    const hour = hourOfRecord(record)
    hours.set(hour, (hours.get(hour) ?? 0) + 1)
    if (named.has(id)) met.add(id)
    sample.add(id)
    populationHash.add(record)
    tallies.add(shown)
    requests++
  }
  for await (const rows of populationRows(store)) for (const row of rows) add(row)
  for (const file of [lines, csv, odd]) file.close()
  return {
    requests, exceptions: count, exceptionKinds: kinds, hours, sample: sample.ids(), met, tallies,
    populationHash: populationHash.digest(NODE_CRYPTO.hasher()),
  }
} // biome-ignore format: one line each

/** The record of a line, its stamps in µs, and the places of its hops. */
function readLine(text: string): { record: RequestRecord; hops: readonly HopPlace[] } {
  // Nobody asks a record for its hops; a copy without them would take longer than to read the line.
  const record = JSON.parse(text) as Record<string, FactValue> & { hops: never }
  const { hops } = record
  for (const column of ['start_ts', 'end_ts'])
    if (record[column] !== undefined) record[column] = microsOfStamp(String(record[column]))
  for (const column of ['bytes_in', 'bytes_out']) {
    // Beyond 2^53 JavaScript would round.
    if (record[column] === undefined || Number.isSafeInteger(record[column])) continue
    record[column] = BigInt(new RegExp(`"${column}":(-?\\d+)`).exec(text)?.[1] ?? 0)
  }
  return { record, hops }
}
