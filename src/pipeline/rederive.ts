import { join } from 'node:path'
import type { Config } from '../config/schema.ts'
import { type Derived, deriveAgain } from '../formats/derive.ts'
import { appendTo, removeFile } from '../ledger/durable.ts'
import type { SegmentRecord } from '../ledger/entry.ts'
import { ERASED_KIND } from '../model/erased.ts'
import { storedRaw } from '../model/ids.ts'
import { applicationsOf, publishFile, replaceSegments } from '../store/commit.ts'
import { layout } from '../store/layout.ts'
import { sealOf } from '../store/leaves.ts'
import { parquetOptions } from '../store/parquet.ts'
import { quoteText } from '../store/query.ts'
import type { Store } from '../store/store.ts'

/** Kinds of hops that ids and subjects are read from. */
type Named = 'gateway' | 'app'
/** Stored values that ids and subjects are read from, by kind; NULL where the kind has none. */
const INPUT: Readonly<Record<Named, string>> = {
  gateway: 'NULL AS username, client_id, developer_email, NULL AS traceparent',
  app: 'username, NULL AS client_id, NULL AS developer_email, traceparent',
}
/** Field names that are no custom field of an IIS log. */
const NOT_CUSTOM = /^(?:cs\(cookie\)|streamid)$|#\d+$/
const DERIVED_TYPES =
  "{n: 'BIGINT', correlation_id: 'VARCHAR', correlation_raw: 'VARCHAR', correlation_field: 'VARCHAR', other_ids: 'VARCHAR[]', subject_kind: 'VARCHAR', subject_issuer: 'VARCHAR', subject_name: 'VARCHAR', subject_raw: 'VARCHAR', attributes: 'VARCHAR'}"

/**
 * Derives applications, ids and subjects of all facts anew, as the configuration in force says: the same hops in new
 * files. The old files stay on disk until they are pruned.
 *
 * @returns how many segments there are
 */
export async function rederive(store: Store, config: Config, configDigest: string): Promise<number> {
  const old = [...store.state.segments]
  if (old.length === 0) return 0
  const name = String(store.ledger.nextSeq()).padStart(6, '0')
  const segments: SegmentRecord[] = []
  for (const [i, segment] of old.entries())
    segments.push(await rewrite(store, segment, `${name}-${String(i).padStart(4, '0')}`, config))
  await replaceSegments(store, { name, old, segments, config: configDigest })
  return segments.length
}

const APP_APPLICATION = 'app_application(f.site, f.host_header, f.server_ip, f.host)'

async function rewrite(
  store: Store,
  segment: SegmentRecord,
  name: string,
  config: Config,
): Promise<SegmentRecord> {
  const file = join(layout.temporary(store.root), `derived-${name}.parquet`)
  const { kind } = segment
  const rows =
    kind === 'kernel'
      ? await copyKernel(store, segment, file)
      : await copyDerived(store, segment, file, { kind, name, config })
  if (rows !== segment.rows) throw new Error(`rederive: ${rows} rows of ${segment.rows} in ${segment.path}`)
  const applications = await applicationsOf(store, file)
  const seal = await sealOf(store.db, { ...segment, file }, store.keys?.salts)
  const record = await publishFile(store, file, layout.segment(kind, segment.day, name), rows)
  const { root: _, salts: __, ...kept } = segment
  return { ...kept, ...record, ...seal, applications }
}

/** An HTTPERR row has neither id nor subject: its application is all that is derived. */
function copyKernel(store: Store, { path }: SegmentRecord, file: string): Promise<number> {
  return store.db.run(
    `COPY (SELECT f.* EXCLUDE (file_row_number) REPLACE (${APP_APPLICATION} AS application)
       FROM read_parquet(${quoteText(store.file(path))}, hive_partitioning = false, file_row_number = true) AS f
       ORDER BY f.file_row_number) TO ${quoteText(file)} (${parquetOptions.facts})`,
  )
}

async function copyDerived(
  store: Store,
  segment: SegmentRecord,
  file: string,
  { kind, name, config }: { readonly kind: Named; readonly name: string; readonly config: Config },
): Promise<number> {
  const { db, root } = store
  const derived = join(layout.temporary(root), `derived-${name}.ndjson`)
  await writeDerived(store, segment, derived, { kind, config })
  const application =
    kind === 'gateway' ? 'gateway_application(f.environment, f.proxy, f.target_host)' : APP_APPLICATION
  // What a person was erased from has nothing left to be derived from.
  const derivedColumn = (c: string): string =>
    `CASE WHEN f.subject_kind = '${ERASED_KIND}' THEN f.${c} ELSE d.${c} END AS ${c}`
  const columns = ['correlation_id', 'correlation_raw', 'correlation_field', 'other_ids', 'subject_kind', 'subject_issuer', 'subject_name', 'subject_raw', 'attributes'] // biome-ignore format: one list
  const rows = await db.run(
    `COPY (SELECT f.* EXCLUDE (file_row_number) REPLACE (${application} AS application, ${columns.map(derivedColumn).join(', ')})
       FROM read_parquet(${quoteText(store.file(segment.path))}, hive_partitioning = false, file_row_number = true) AS f
       JOIN read_json(${quoteText(derived)}, format = 'newline_delimited', columns = ${DERIVED_TYPES}) AS d ON d.n = f.file_row_number
       ORDER BY f.file_row_number) TO ${quoteText(file)} (${parquetOptions.facts})`,
  )
  removeFile(derived)
  return rows
}

interface StoredRow {
  readonly n: string
  readonly attributes: string | null
  readonly correlation_field: string | null
  readonly correlation_raw: string | null
  readonly username: string | null
  readonly client_id: string | null
  readonly developer_email: string | null
  readonly traceparent: string | null
}

async function writeDerived(
  store: Store,
  { path }: SegmentRecord,
  target: string,
  { kind, config }: { readonly kind: Named; readonly config: Config },
): Promise<void> {
  const rows = store.db.stream<StoredRow>(
    `SELECT file_row_number::VARCHAR AS n, attributes, correlation_field, raw_id(correlation_raw, correlation_id) AS correlation_raw, ${INPUT[kind]}
     FROM read_parquet(${quoteText(store.file(path))}, hive_partitioning = false, file_row_number = true)`,
  )
  for await (const batch of rows) {
    const lines = batch.map(row => {
      const derived = deriveAgain(storedOf(row, kind), config.fields[kind])
      return JSON.stringify({
        n: row.n,
        ...derived,
        correlation_raw: storedRawOf(derived),
        attributes: attributesOf(row, derived),
      })
    })
    appendTo(target, `${lines.join('\n')}\n`)
  }
}

function storedRawOf({ correlation_id: id, correlation_raw: raw }: Derived): string | null {
  return id === null || raw === null ? null : (storedRaw(id, raw) ?? null)
}

/** The field that is the id has columns of its own; that which no longer is goes back among the others. */
function attributesOf(row: StoredRow, derived: Derived): string | null {
  const { attributes, correlation_field: old, correlation_raw: raw } = row
  const { correlation_field: now } = derived
  if (old === now) return attributes
  const known = JSON.parse(attributes ?? '{}') as Record<string, unknown>
  const freed = old === null || raw === row.traceparent ? {} : { [old]: raw }
  const left = Object.entries({ ...freed, ...known }).filter(([name]) => name !== now)
  return left.length > 0 ? JSON.stringify(Object.fromEntries(left)) : null
}

function storedOf(row: StoredRow, kind: Named) {
  const fields = new Map<string, string>()
  if (row.correlation_field !== null && row.correlation_raw !== null)
    fields.set(row.correlation_field, row.correlation_raw)
  if (row.traceparent !== null) fields.set('traceparent', row.traceparent)
  for (const [name, value] of Object.entries(JSON.parse(row.attributes ?? '{}') as Record<string, unknown>))
    if (typeof value === 'string' && isCandidate(name, kind)) fields.set(name, value)
  return { fields, users: [row.username], clients: [row.client_id, row.developer_email] }
}

/** Built-in analytics columns are never ids or subjects by themselves, nor are cookies. */
function isCandidate(name: string, kind: Named): boolean {
  return kind === 'gateway' ? !/^(?:ax_|x_apigee|$)/.test(name) : !NOT_CUSTOM.test(name)
}
