import { hash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { ThroughlineError } from '../errors.ts'
import { toHex } from '../ledger/bytes.ts'
import { sha256 } from '../ledger/ed25519.ts'
import type { SegmentRecord } from '../ledger/entry.ts'
import { multiProof } from '../ledger/merkle.ts'
import type { HopKind } from '../model/hop.ts'
import type { Redactor } from '../model/redact.ts'
import { DAY_US } from '../model/time.ts'
import { loadAliases } from '../requests/subjects.ts'
import { factsRelation, type Range } from '../store/facts.ts'
import type { Salts } from '../store/keys.ts'
import { allLeaves } from '../store/leaves.ts'
import { wholeFiles } from '../store/records.ts'
import type { Store } from '../store/store.ts'
import type { BundleFolder } from './bundle-folder.ts'
import { disclosedHops, type HiddenRow } from './disclose.ts'
import { sampledRequests } from './sample-file.ts'
import type { Sample, SegmentProof } from './schema.ts'
import { LEAF_COLUMNS, readText } from './verify/leaf-columns.ts'
import { SEGMENTS_FILE } from './verify/proofs.ts'
import { SUBJECTS_FILE } from './verify/subject-proof.ts'

export interface FactsOptions {
  readonly redactor: Redactor | undefined
  readonly saltsOf: (name: string) => Salts | undefined
  readonly question: { readonly range: Range }
  /** Puts the whole table of aliases into the bundle, by which they can be checked. */
  readonly withAliases?: boolean
}

export interface WrittenFacts {
  readonly hops: number
  /** Hops by source. */
  readonly sources: ReadonlyMap<number, number>
  /** What sample.json says of each request of the sample. */
  readonly sample: ReadonlyMap<string, Sample['requests'][number]>
}

/** Writes facts.ndjson and the proofs of the files of facts. */
export async function writeFacts(
  store: Store,
  folder: BundleFolder,
  segments: readonly SegmentRecord[],
  options: FactsOptions,
  sample: readonly string[],
): Promise<WrittenFacts> {
  const keys = segments.map(segment => saltsOf(segment, options.saltsOf))
  const file = folder.open('facts.ndjson')
  const { redactor } = options
  let hops = 0
  if (redactor) {
    await createPeople(store)
    for await (const rows of disclosedHops<HiddenRow>(store, segments, keys, HIDDEN))
      for (const row of rows) {
        file.write(hiddenLine(row, segments[row.segment]?.kind ?? 'app', redactor))
        hops++
      }
  } else
    for await (const rows of disclosedHops<{ line: string }>(store, segments, keys, LINES))
      for (const { line } of rows) {
        file.write(line)
        hops++
      }
  file.close()
  await writeProofs(store, folder, segments, keys)
  await writeAliases(store, folder, options)
  const sources = await store.db.rows<{ source_id: number; n: number }>(
    'SELECT source_id, count(*)::DOUBLE AS n FROM placed_hops GROUP BY ALL ORDER BY ALL',
  )
  return {
    hops,
    sources: new Map(sources.map(s => [s.source_id, s.n])),
    sample: await sampledRequests(store, options.question.range, sample),
  }
} // biome-ignore format: one line each

/** @throws KEY_REFUSED where the leaves of a file cannot be made again */
function saltsOf({ path, salts }: Pick<SegmentRecord, 'path' | 'salts'>, find: FactsOptions['saltsOf']): Salts | undefined {
  if (salts === undefined) return undefined
  const found = find(salts)
  if (found) return found
  throw new ThroughlineError(
    'KEY_REFUSED',
    `evidence: the secret ${salts} is not here, with which ${path} was sealed; restore it into the folder of keys, or create the bundle where it is`,
    { path, salts },
  )
} // biome-ignore format: one line each

const LINES = `SELECT '{"segment":' || segment || ',"index":' || leaf_index || ',"salts":"' || salt_personal || salt_rest
  || '","personal":' || to_json(personal) || ',"rest":' || to_json(rest) || '}' || chr(10) AS line FROM disclosed ORDER BY n, k`

const HIDDEN = `SELECT segment::INTEGER AS segment, leaf_index::DOUBLE AS leaf_index, salt_personal, salt_rest, personal, rest,
  (SELECT struct_pack(subject_kind, subject_name, client_ip, peer_ip) FROM people WHERE people.hop_id = disclosed.hop_id) AS person FROM disclosed ORDER BY n, k`

/** Creates the temp table people: who a hop names, by the aliases in force. */
async function createPeople({ db }: Store): Promise<void> {
  const of = (view: string): string => `SELECT hop_id, subject_kind, lower(subject_name) AS subject_name, client_ip, peer_ip FROM ${view}`
  await db.run(
    `CREATE OR REPLACE TEMP TABLE people AS SELECT * FROM (${of('gateway_facts')} UNION ALL ${of('server_facts')})
     WHERE hop_id IN (SELECT hop_id FROM placed_hops)`,
  )
} // biome-ignore format: one line each

function hiddenLine(row: HiddenRow, kind: HopKind, redact: Redactor): string {
  const { subject_name, subject_kind, client_ip, peer_ip } = row.person
  const own = readText(LEAF_COLUMNS[kind].rest, row.rest)?.subject_kind
  const pseudonyms = {
    ...(subject_name === null ? {} : { subject_name: redact('subject', subject_name) }),
    // An alias may mean a subject of another kind.
    ...(subject_kind === null || subject_kind === own ? {} : { subject_kind }),
    ...(client_ip === null ? {} : { client_ip: redact('address', client_ip) }),
    ...(peer_ip === null ? {} : { peer_ip: redact('address', peer_ip) }),
  }
  const bytes = Buffer.concat([Buffer.from(row.salt_personal, 'hex'), Buffer.from(row.personal)])
  const { segment, leaf_index: index, salt_rest: salt, rest } = row
  return `${JSON.stringify({ segment, index, salt, hidden: hash('sha256', bytes, 'hex'), pseudonyms, rest })}\n`
}

async function writeProofs(store: Store, folder: BundleFolder, segments: readonly SegmentRecord[], keys: readonly (Salts | undefined)[]): Promise<void> {
  const { db, root } = store
  const file = folder.open(SEGMENTS_FILE)
  for (const [segment, { path, kind, day, rows, root: tree }] of segments.entries()) {
    const { wanted } = await db.numbers(`SELECT leaf_index::DOUBLE AS wanted FROM placed_hops WHERE segment = ${segment} ORDER BY leaf_index`, ['wanted'])
    const salts = keys[segment]
    const leaves = () => allLeaves(db, { file: join(root, path), kind, day, rows }, salts as Salts)
    const hashes = tree !== undefined && salts ? await proofOf(wanted, rows, leaves) : null
    const proof: SegmentProof = { segment, path, disclosed: wanted.length, hashes: hashes?.map(toHex).join('') ?? null }
    file.write(`${JSON.stringify(proof)}\n`)
  }
  file.close()
} // biome-ignore format: one line each

/** Hashes of the subtrees without wanted leaves; where all are wanted, there is none, and no leaf need be made. */
export async function proofOf(
  wanted: Float64Array,
  rows: number,
  leaves: () => Promise<Uint8Array>,
): Promise<Uint8Array[]> {
  return wanted.length === rows ? [] : multiProof(sha256, await leaves(), Array.from(wanted))
}

/** Rows of the table of aliases that names of these hops need. */
async function writeAliases(store: Store, folder: BundleFolder, { redactor, question: { range }, withAliases }: FactsOptions): Promise<void> {
  const { db, state, root } = store
  const [table] = withAliases && state.subjects ? wholeFiles(root, [state.subjects.file]) : []
  folder.write(SUBJECTS_FILE, table === undefined ? '' : readFileSync(table))
  const file = folder.open('aliases.ndjson')
  if (!redactor && (await loadAliases(store))) {
    const wide = { fromUs: range.fromUs - DAY_US, toUs: range.toUs + DAY_US }
    const names = (kind: HopKind, stamp: string): string =>
      `SELECT DISTINCT subject_kind, coalesce(subject_issuer, '') AS subject_issuer, subject_name, ${stamp}::DATE AS day
       FROM ${factsRelation(state, root, kind, wide)} WHERE subject_name IS NOT NULL AND hop_id IN (SELECT hop_id FROM placed_hops)`
    const rows = await db.rows<Record<string, string | null>>(
      `SELECT DISTINCT a.* FROM subject_aliases AS a JOIN (${names('gateway', 'start_ts')} UNION ${names('app', 'end_ts')}) AS f
         ON a.kind = f.subject_kind AND a.issuer = f.subject_issuer AND a.name = f.subject_name
         AND (a.from_day IS NULL OR f.day >= a.from_day) AND (a.to_day IS NULL OR f.day < a.to_day) ORDER BY ALL`,
    )
    for (const { kind, issuer, name, from_day, to_day, ...means } of rows) {
      const days = { ...(from_day === null ? {} : { from: from_day }), ...(to_day === null ? {} : { to: to_day }) }
      file.write(`${JSON.stringify({ kind, issuer, name, ...days, ...means })}\n`)
    }
  }
  file.close()
} // biome-ignore format: one line each
