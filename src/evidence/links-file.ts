import { join } from 'node:path'
import { ThroughlineError } from '../errors.ts'
import { toHex } from '../ledger/bytes.ts'
import type { Entry } from '../ledger/entry.ts'
import { LINK_COLUMNS } from '../requests/view.ts'
import { emptyRelation } from '../store/facts.ts'
import { dayKey, type Salts } from '../store/keys.ts'
import { leafTextSql } from '../store/leaf-text.ts'
import { allLinkLeaves } from '../store/link-leaves.ts'
import { quoteText, quoteTexts, sqlFile } from '../store/query.ts'
import type { Store } from '../store/store.ts'
import type { BundleFolder } from './bundle-folder.ts'
import { proofOf } from './facts-file.ts'
import { createNumbered, slicesOf } from './population.ts'
import type { LinkProof } from './schema.ts'
import { LINKS_FILE } from './verify/proofs.ts'

const LINKS = sqlFile('./disclosed_links.sql', import.meta.url)

/** Requests whose links are put in order at once: files of links have a day each, and are read once a slice. */
const SLICE_REQUESTS = 100_000

type LinkEntry = Extract<Entry, { kind: 'link' }>
type Generation = LinkEntry & { readonly file: NonNullable<LinkEntry['file']> }

export interface LinksOptions {
  readonly saltsOf: (name: string) => Salts | undefined
}

/**
 * Writes links.ndjson, in the order of requests, and the proofs of the generations that the links are of.
 *
 * @returns how many links
 */
export async function writeLinks(store: Store, folder: BundleFolder, { saltsOf }: LinksOptions): Promise<number> {
  const { db } = store
  const generations = await placeLinks(store)
  const keys = generations.map(({ day, salts }) => (salts === undefined ? undefined : (saltsOf(salts) ?? missing(salts, day))))
  const rows = generations.map(({ day }, number) => {
    const salts = keys[number]
    return `(${number}, '${salts ? dayKey(salts, 'link', day) : ''}')`
  })
  await db.run(`CREATE OR REPLACE TEMP TABLE link_keys AS SELECT * FROM (VALUES ${rows.join(', ') || "(NULL::INTEGER, '')"}) AS t (generation, link_key)`)
  const file = folder.open('links.ndjson')
  let count = 0
  for (const slice of await slicesOf(store, SLICE_REQUESTS))
    for await (const batch of db.stream<{ line: string }>(await linesSql(store, generations, slice)))
      for (const { line } of batch) {
        file.write(line)
        count++
      }
  file.close()
  await writeProofs(store, folder, generations, keys)
  return count
} // biome-ignore format: one line each

function missing(salts: string, day: string): never {
  throw new ThroughlineError(
    'KEY_REFUSED',
    `evidence: the secret ${salts} is not here, with which the links of ${day} were sealed; restore it into the folder of keys, or create the bundle where it is`,
    { salts, day },
  )
}

/** Creates the temp table placed_links: wanted links with generation and place in its tree. Links of pruned days have none. */
async function placeLinks(store: Store): Promise<Generation[]> {
  const { db, state, root } = store
  const all = [...state.days.values()].flatMap(({ link }) => (link?.file ? [link as Generation] : []))
  // Hops and their links lie within a day of each other, on either side.
  const { first, last } = await db.row<{ first: string | null; last: string | null }>(
    `SELECT strftime(min(start_ts) - INTERVAL 2 DAY, '%Y-%m-%d') AS first, strftime(max(greatest(start_ts, end_ts)) + INTERVAL 1 DAY, '%Y-%m-%d') AS last FROM population`,
  )
  const isNear = (day: string): boolean => first !== null && last !== null && day >= first && day <= last
  const files = all.filter(g => isNear(g.day)).map(g => join(root, g.file.path))
  const places = files.length
    ? `SELECT filename AS path, gateway_hop_id, app_hop_id, row_number() OVER (PARTITION BY filename ORDER BY gateway_hop_id, app_hop_id) - 1 AS leaf_index
       FROM read_parquet(${quoteTexts(files)}, hive_partitioning = false, filename = true)`
    : 'SELECT NULL::VARCHAR AS path, NULL::UUID AS gateway_hop_id, NULL::UUID AS app_hop_id, NULL::BIGINT AS leaf_index WHERE FALSE'
  await db.run(
    `CREATE OR REPLACE TEMP TABLE found_links AS SELECT w.n, w.gateway_hop_id, w.app_hop_id, p.path, p.leaf_index
     FROM (SELECT * FROM link_wanted WHERE NOT is_border) AS w JOIN (${places}) AS p USING (gateway_hop_id, app_hop_id)`,
  )
  const used = new Set((await db.rows<{ path: string }>('SELECT DISTINCT path FROM found_links')).map(r => r.path))
  const generations = all.filter(g => used.has(join(root, g.file.path))).sort((a, b) => (a.file.path < b.file.path ? -1 : 1))
  await createNumbered(store, 'link_files', generations.map(g => join(root, g.file.path)))
  await db.run(
    `CREATE OR REPLACE TEMP TABLE placed_links AS SELECT n, gateway_hop_id, app_hop_id, number::INTEGER AS generation, leaf_index
     FROM found_links JOIN link_files USING (path); DROP TABLE found_links`,
  )
  return generations
} // biome-ignore format: one line each

/** @param slice condition on n */
async function linesSql({ db, root, state }: Store, generations: readonly Generation[], slice: string): Promise<string> {
  const used = await db.rows<{ generation: number }>(`SELECT DISTINCT generation FROM placed_links WHERE ${slice} ORDER BY generation`)
  const text = leafTextSql(LINK_COLUMNS)
  const whole = emptyRelation(LINK_COLUMNS)
  const texts = used.flatMap(({ generation }) => {
    const path = generations[generation]?.file.path
    return path === undefined ? [] : [`SELECT ${generation} AS generation, gateway_hop_id, app_hop_id, ${text} AS text FROM (SELECT * FROM read_parquet(${quoteText(join(root, path))}, hive_partitioning = false) UNION ALL BY NAME SELECT * FROM ${whole})`]
  })
  const borders = [...(state.pruning?.borders.values() ?? [])].map(({ path }) =>
    `SELECT gateway_hop_id, app_hop_id, ${text} AS text FROM (SELECT * FROM read_parquet(${quoteText(join(root, path))}, hive_partitioning = false) UNION ALL BY NAME SELECT * FROM ${whole}) WHERE verdict = 'linked' AND posterior >= 0.9`)
  const none = 'SELECT NULL::UUID AS gateway_hop_id, NULL::UUID AS app_hop_id, NULL::VARCHAR AS text WHERE FALSE'
  return `WITH link_texts AS (${texts.join(' UNION ALL ') || `SELECT 0 AS generation, * FROM (${none})`}),
    border_texts AS (${borders.join(' UNION ALL ') || none}),
    lines AS (${LINKS})
    SELECT line FROM lines WHERE ${slice} ORDER BY n, is_border, generation, leaf_index, line`
} // biome-ignore format: one line each

async function writeProofs(store: Store, folder: BundleFolder, generations: readonly Generation[], keys: readonly (Salts | undefined)[]): Promise<void> {
  const { db, root } = store
  const file = folder.open(LINKS_FILE)
  for (const [generation, { file: { path, rows }, day, root: tree }] of generations.entries()) {
    const { wanted } = await db.numbers(`SELECT DISTINCT leaf_index::DOUBLE AS wanted FROM placed_links WHERE generation = ${generation} ORDER BY wanted`, ['wanted'])
    const salts = keys[generation]
    const leaves = () => allLinkLeaves(db, { file: join(root, path), day, rows, columns: LINK_COLUMNS }, salts as Salts)
    const hashes = tree !== undefined && salts ? await proofOf(wanted, rows, leaves) : null
    const proof: LinkProof = { generation, path, disclosed: wanted.length, hashes: hashes?.map(toHex).join('') ?? null }
    file.write(`${JSON.stringify(proof)}\n`)
  }
  file.close()
} // biome-ignore format: one line each
