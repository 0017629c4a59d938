import { ThroughlineError } from '../../errors.ts'
import { type AliasEntry, type AliasRow, type AliasTable, compileAliases } from '../../model/aliases.ts'
import type { Subject } from '../../model/subject.ts'
import { isSame, parseSubjectText, subjectKey, subjectText } from '../../model/subject-text.ts'
import type { RecordedAliases } from '../../requests/subjects.ts'

/** A subject with everything that aliases say it is called. */
export interface Person {
  /** What all its names mean in the end. */
  readonly subject: Subject
  /** Keys of subjects that mean it and nobody else, whatever the day. */
  readonly keys: ReadonlySet<string>
  /** Its names without their issuers. */
  readonly names: ReadonlySet<string>
}

/**
 * Reads a subject as a person writes it.
 *
 * @throws USAGE where it is nobody
 */
export function readSubject(text: string, kind: Subject['kind'] | undefined): Subject {
  const found = parseSubjectText(kind ? `${kind}:${text}` : text)
  if (found) return found
  throw new ThroughlineError(
    'USAGE',
    `erase --subject ${JSON.stringify(text)}: that is nobody; expected a name as logs or aliases write it, such as CORP\\ann or ann@corp.example`,
  )
}

/**
 * The person whom a subject means, by the aliases in force.
 *
 * @throws USAGE where it means several, one after the other
 */
export function personOf(recorded: RecordedAliases, subject: Subject): Person {
  const entries = entriesOf(recorded)
  const { table } = compileAliases(entries, recorded.rules)
  const known = entries.flatMap(({ subject: text, names }) =>
    [text, ...names].flatMap(t => parseSubjectText(t) ?? []),
  )
  const meanings = meaningsOf(table, [...known, subject])
  const end = endOf(subject, meanings)
  const keys = new Set([subjectKey(end)])
  const names = new Set([end.name])
  for (const one of known) {
    const rows = meanings.get(subjectKey(one)) ?? []
    if (!rows.some(row => isSame(meant(row), end))) continue
    names.add(one.name)
    if (rows.every(row => isSame(meant(row), end)) && isAlways(rows)) keys.add(subjectKey(one))
  }
  return { subject: end, keys, names }
}

/**
 * Names by which words that quote a line or a question are searched: a number that stands for the person would be found
 * in half of them.
 */
export function tellingNames({ subject }: Person, names: readonly string[]): string[] {
  return names.filter(name => name === subject.name || /\p{L}/u.test(name))
}

/** Aliases without the entries that are the person's own. */
export function withoutPerson(recorded: RecordedAliases, person: Person): RecordedAliases {
  const others = (entries: readonly AliasEntry[]): AliasEntry[] => entries.filter(e => !isOf(e, person))
  return {
    ...recorded,
    aliases: others(recorded.aliases),
    imported: recorded.imported.map(({ file, entries }) => ({ file, entries: others(entries) })),
  }
}

/** Whether an entry says what the person is called. */
export function isOf({ subject }: AliasEntry, { keys }: Person): boolean {
  const found = parseSubjectText(subject)
  return found !== undefined && keys.has(subjectKey(found))
}

export function entriesOf({ aliases, imported }: RecordedAliases): AliasEntry[] {
  return [...aliases, ...imported.flatMap(i => i.entries)]
}

function meaningsOf(table: AliasTable, subjects: readonly Subject[]): Map<string, AliasRow[]> {
  const unique = new Map(subjects.map(subject => [subjectKey(subject), subject]))
  const meanings = new Map<string, AliasRow[]>()
  for (const row of table.resolveAll(unique.values())) {
    const key = subjectKey(row)
    meanings.set(key, [...(meanings.get(key) ?? []), row])
  }
  return meanings
}

function endOf(subject: Subject, meanings: ReadonlyMap<string, readonly AliasRow[]>): Subject {
  const rows = meanings.get(subjectKey(subject)) ?? []
  const [first] = rows
  if (!first) return subject
  if (rows.length === 1 && isAlways(rows)) return meant(first)
  const each = rows.map(
    row => `${subjectText(meant(row))} from ${row.fromDay ?? 'ever'} until before ${row.toDay ?? 'ever'}`,
  )
  throw new ThroughlineError(
    'USAGE',
    `erase --subject ${subjectText(subject)}: by the aliases it is a name of ${each.join(', and of ')}; name the subject itself`,
  )
}

function isAlways(rows: readonly AliasRow[]): boolean {
  return rows.length === 1 && rows[0]?.fromDay === null && rows[0].toDay === null
}

function meant(row: AliasRow): Subject {
  return { kind: row.subject_kind, issuer: row.subject_issuer, name: row.subject_name }
}
