import { textOf, toHex } from '../../ledger/bytes.ts'
import type { LedgerState } from '../../ledger/state.ts'
import type { AliasRule } from '../../model/alias-rules.ts'
import { type AliasEntry, compileAliases } from '../../model/aliases.ts'
import type { Subject } from '../../model/subject.ts'
import { type AliasRow, AliasTable, holdsOn, type TrueRow } from './alias-table.ts'
import type { BundleReader } from './bundle-reader.ts'
import type { Findings } from './findings.ts'
import type { Crypto } from './world.ts'

/** The store's own file of aliases, where it is disclosed; else empty. */
export const SUBJECTS_FILE = 'proofs/subjects.json'
const ROWS_FILE = 'aliases.ndjson'

/** A file of aliases as the store keeps it (src/requests/subjects.ts). */
interface RecordedAliases {
  readonly aliases: readonly AliasEntry[]
  readonly rules: readonly AliasRule[]
  readonly imported: readonly { readonly entries: readonly AliasEntry[] }[]
}

/** Names that are remembered; more are looked up again. */
const MOST_NAMES = 100_000

/**
 * The aliases of a bundle. What the ledger says of them is compared: that there are none, or the digest of the store's
 * table, with which every name of a hop is then looked up.
 */
export async function readAliases(
  reader: BundleReader,
  { subjects }: Pick<LedgerState, 'subjects'>,
  { sha256 }: Crypto,
  findings: Findings,
  isRedacted: boolean,
): Promise<AliasTable> {
  const rows = await reader.records<AliasRow>(ROWS_FILE)
  const bytes = await reader.bytes(SUBJECTS_FILE)
  const isAny = subjects !== undefined && subjects.aliases + subjects.rules > 0
  if (bytes.length === 0) {
    if (!isAny && rows.length > 0) findings.fail('soundness', ROWS_FILE, 'the ledger names no aliases')
    if (isRedacted) findings.notChecked('soundness', 'whom stand-ins stand for: what lines say of people is withheld')
    else if (isAny) findings.notChecked('soundness', notProven(rows.length))
    return new AliasTable(rows)
  }
  const fail = (what: string): AliasTable => {
    findings.fail('integrity', SUBJECTS_FILE, what)
    return new AliasTable(rows)
  }
  if (!subjects) return fail('the ledger names no aliases')
  if (toHex(sha256(bytes)) !== subjects.file.sha256) return fail(`it is not the file that ledger entry ${subjects.seq} names`)
  return new AliasTable(rows, trueRows(JSON.parse(textOf(bytes) ?? '') as RecordedAliases))
} // biome-ignore format: one line each

function notProven(rows: number): string {
  const used = rows === 0 ? 'no name of these hops' : `${rows} ${rows === 1 ? 'name' : 'names'} of these hops`
  return `aliases: that ${used} and no more mean another subject (${ROWS_FILE}) is the word of who made the bundle, as the store's table is not disclosed (--store checks it)`
}

/** Looks names up as the store does. */
function trueRows({ aliases, rules, imported }: RecordedAliases): TrueRow {
  const { table } = compileAliases([...aliases, ...imported.flatMap(i => i.entries)], rules)
  const known = new Map<string, readonly AliasRow[]>()
  const flat = rules.length > 0 ? [] : table.flatten()
  for (const row of flat) {
    const key = JSON.stringify([row.kind, row.issuer, row.name])
    known.set(key, [...(known.get(key) ?? []), plain(row)])
  }
  const rowsOf = (subject: Subject): readonly AliasRow[] => {
    const key = JSON.stringify([subject.kind, subject.issuer, subject.name])
    const found = known.get(key) ?? (rules.length > 0 ? table.resolveAll([subject]).map(plain) : [])
    if (rules.length > 0 && known.size > MOST_NAMES) known.clear()
    known.set(key, found)
    return found
  }
  return (kind, issuer, name, day) =>
    rowsOf({ kind: kind as Subject['kind'], issuer, name }).find(row => holdsOn(row, day))
}

function plain({ fromDay, toDay, ...row }: ReturnType<ReturnType<typeof compileAliases>['table']['flatten']>[number]): AliasRow {
  return { ...row, ...(fromDay === null ? {} : { from: fromDay }), ...(toDay === null ? {} : { to: toDay }) }
} // biome-ignore format: one line each

/** What is wrong with the aliases once every hop was looked at. */
export function checkAliases(aliases: AliasTable, findings: Findings): void {
  if (aliases.wrong !== undefined)
    findings.fail('soundness', ROWS_FILE, `the store's table (${SUBJECTS_FILE}) says otherwise of ${JSON.stringify(aliases.wrong)}`)
} // biome-ignore format: one line each
