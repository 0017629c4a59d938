import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { LedgerState, StatePart } from '../ledger/state.ts'
import type { AliasRule } from '../model/alias-rules.ts'
import { type AliasEntry, type AliasRow, compileAliases } from '../model/aliases.ts'
import { FACT_COLUMNS } from '../model/hop.ts'
import type { Subject } from '../model/subject.ts'
import { factsRelation } from '../store/facts.ts'
import { type Database, quoteIdentifier, quoteTexts } from '../store/query.ts'
import { wholeFiles } from '../store/records.ts'
import type { Store } from '../store/store.ts'

/** Kinds of hops that name subjects. */
type NamingKind = 'gateway' | 'app'

/** The aliases in force, as the store keeps them: those of the configuration and those of directories. */
export interface RecordedAliases {
  readonly aliases: readonly AliasEntry[]
  readonly rules: readonly AliasRule[]
  /** Entries by the file they were imported from, the newest import of a name last. */
  readonly imported: readonly { readonly file: string; readonly entries: readonly AliasEntry[] }[]
}

export const NO_ALIASES: RecordedAliases = { aliases: [], rules: [], imported: [] }

/** What the ledger's last entry about subjects names; of several stores what each of them has. */
export function recordedAliases({ state, root }: { state: LedgerState; root: string }): RecordedAliases {
  if (state.parts) return aliasesOfAll(state.parts)
  const file = state.subjects?.file
  if (!file) return NO_ALIASES
  const [path = ''] = wholeFiles(root, [file])
  return JSON.parse(readFileSync(path, 'utf8')) as RecordedAliases
}

/** As one store would have them that was told all of it. */
function aliasesOfAll(parts: readonly StatePart[]): RecordedAliases {
  const all = parts.map(part => recordedAliases(part)).filter(recorded => recorded !== NO_ALIASES)
  if (all.length === 0) return NO_ALIASES
  return {
    aliases: distinct(all.flatMap(recorded => recorded.aliases)),
    rules: distinct(all.flatMap(recorded => recorded.rules)),
    imported: distinct(all.flatMap(recorded => recorded.imported)),
  }
}

function distinct<T>(items: readonly T[]): T[] {
  return [...new Map(items.map(item => [JSON.stringify(item), item])).values()]
}

/**
 * Creates the temp table subject_aliases: what names of these facts mean, one row a name and time.
 *
 * @returns whether it has rows; where it has none, facts can be read as they are
 */
export async function loadAliases(store: Store): Promise<boolean> {
  const recorded = recordedAliases(store)
  if (recorded === NO_ALIASES) return false
  const entries = [...recorded.aliases, ...recorded.imported.flatMap(i => i.entries)]
  const { table } = compileAliases(entries, recorded.rules)
  const rows = recorded.rules.length > 0 ? table.resolveAll(await namedSubjects(store)) : table.flatten()
  if (rows.length === 0) return false
  await createTable(store.db, rows)
  return true
}

/**
 * Lower-case names that may mean one of these subjects by the table subject_aliases.
 *
 * @returns undefined where an alias turns one kind of subject into another: then which side of a request counts may
 * change too, and any name may be asked for
 */
export async function namesMeaning(
  { db }: Store,
  subjects: readonly string[],
): Promise<readonly string[] | undefined> {
  const { turned } = await db.row<{ turned: boolean }>(
    'SELECT count(*) > 0 AS turned FROM subject_aliases WHERE kind <> subject_kind',
  )
  if (turned) return undefined
  const rows = await db.rows<{ name: string }>(
    `SELECT DISTINCT lower(name) AS name FROM subject_aliases WHERE lower(subject_name) IN (SELECT unnest(${quoteTexts(subjects)}))`,
  )
  return [...new Set([...subjects, ...rows.map(r => r.name)])]
}

async function namedSubjects({ db, state, root }: Store): Promise<Subject[]> {
  const indexes = state.indexes.filter(i => i.kind === 'subject')
  const isWhole = (state.parts ?? [{ state }]).every(part => isIndexed(part.state))
  const files = quoteTexts(indexes.map(i => join(root, i.path)))
  const of = (kind: NamingKind): string =>
    `SELECT DISTINCT subject_kind, subject_issuer, subject_name FROM ${factsRelation(state, root, kind)} WHERE subject_name IS NOT NULL`
  const rows = await db.rows<{
    subject_kind: Subject['kind']
    subject_issuer: string | null
    subject_name: string
  }>(
    isWhole && indexes.length > 0
      ? `SELECT DISTINCT subject_kind, subject_issuer, subject_name FROM read_parquet(${files}, hive_partitioning = false) ORDER BY ALL`
      : `${of('gateway')} UNION ${of('app')} ORDER BY ALL`,
  )
  return rows.map(r => ({ kind: r.subject_kind, issuer: r.subject_issuer ?? '', name: r.subject_name }))
}

/** Whether every day with hops has a file of subjects. */
function isIndexed({ indexes, segments }: LedgerState): boolean {
  const days = new Set(indexes.filter(i => i.kind === 'subject').map(i => i.day))
  return segments.every(s => days.has(s.day))
}

async function createTable(db: Database, rows: readonly AliasRow[]): Promise<void> {
  await db.run(
    `CREATE OR REPLACE TEMP TABLE subject_aliases AS
     SELECT o.kind, o.issuer, o.name, o."fromDay"::DATE AS from_day, o."toDay"::DATE AS to_day,
       o.subject_kind, o.subject_issuer, o.subject_name
     FROM (SELECT unnest(from_json($json, '[{"kind":"VARCHAR","issuer":"VARCHAR","name":"VARCHAR","fromDay":"VARCHAR","toDay":"VARCHAR",
       "subject_kind":"VARCHAR","subject_issuer":"VARCHAR","subject_name":"VARCHAR"}]')) AS o)`,
    { json: JSON.stringify(rows) },
  )
}

const SUBJECT_COLUMNS = ['subject_kind', 'subject_issuer', 'subject_name']

/** Facts with subjects as the table subject_aliases has them, as a FROM item. */
export function withAliases(facts: string, kind: NamingKind): string {
  const stamp = kind === 'gateway' ? 'start_ts' : 'end_ts'
  const columns = FACT_COLUMNS[kind].map(({ name }) => {
    const column = quoteIdentifier(name)
    return SUBJECT_COLUMNS.includes(name)
      ? `CASE WHEN s.name IS NULL THEN f.${column} ELSE s.${column} END AS ${column}`
      : `f.${column}`
  })
  return `(SELECT ${columns.join(', ')} FROM ${facts} AS f LEFT JOIN subject_aliases AS s
    ON s.kind = f.subject_kind AND s.issuer = coalesce(f.subject_issuer, '') AND s.name = f.subject_name
      AND (s.from_day IS NULL OR f.${stamp}::DATE >= s.from_day) AND (s.to_day IS NULL OR f.${stamp}::DATE < s.to_day))`
}
