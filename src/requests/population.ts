import { createHash } from 'node:crypto'
import type { Store } from '../store/store.ts'
import { prepareSearch, type Search } from './search.ts'

/**
 * What a record's hash covers, in this order; absent values are the two characters \N, parts are separated by U+001F.
 * Where lines stand in which source is not part of it: the same requests have the same hash wherever they came from.
 */
const RECORD_PARTS = [
  'request_id', 'state', 'start_us', 'end_us', 'method', 'path', 'query', 'status', 'gateway_status', 'target_status',
  'app_status', 'app_substatus', 'subject_kind', 'subject_issuer', 'subject', 'app_subject', 'client_id', 'outcome',
  'decided_by', 'gateway_hop_id', 'app_hops',
] as const // biome-ignore format: a table

const EXPRESSIONS: Readonly<Record<string, string>> = {
  start_us: 'epoch_us(start_ts)',
  end_us: 'epoch_us(end_ts)',
  app_hops: "array_to_string(app_hop_ids, ',')",
}

/** SHA-256 of a record in lower-case hex, as an expression over the columns of the view requests. */
export const RECORD_HASH: string = (() => {
  const parts = RECORD_PARTS.map(part => `coalesce((${EXPRESSIONS[part] ?? part})::VARCHAR, '\\N')`)
  return `sha256(concat_ws(chr(31), ${parts.join(', ')}))`
})()

export interface Population {
  readonly requests: number
  /** SHA-256 over the record hashes (lower-case hex, each followed by a line feed) in the order of request_id. */
  readonly sha256: string
}

/**
 * A sum over the record hashes of the requests that a search finds, whatever their order: what stores hold together has
 * that of all of them added up.
 */
export async function sumOfRecords(store: Store, search: Search): Promise<bigint> {
  const { from, params } = await prepareSearch(store, search)
  const first = `('0x' || substr(${RECORD_HASH}, 1, 15))::BIGINT`
  const { sum } = await store.db.row<{ sum: string | null }>(
    `SELECT sum(${first})::VARCHAR AS sum FROM ${from}`,
    params,
  )
  return BigInt(sum ?? 0)
}

/** The number and the hash of the requests that a search finds. */
export async function populationOf(store: Store, search: Search): Promise<Population> {
  const { from, params } = await prepareSearch(store, search)
  const hash = createHash('sha256')
  let requests = 0
  for await (const rows of store.db.stream<{ r: string }>(
    `SELECT ${RECORD_HASH} AS r FROM ${from} ORDER BY request_id`,
    params,
  )) {
    for (const row of rows) hash.update(`${row.r}\n`)
    requests += rows.length
  }
  return { requests, sha256: hash.digest('hex') }
}
