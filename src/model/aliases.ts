import { AliasPeriods, BEGIN, END, LONGEST, type Mapping } from './alias-periods.ts'
import {
  type AliasProblem,
  type AliasRule,
  applyRules,
  type CompiledRule,
  compileRules,
} from './alias-rules.ts'
import type { Subject } from './subject.ts'
import { isSame, parseSubjectText, spelled, subjectKey, subjectText } from './subject-text.ts'
import { dayNumber } from './time.ts'

/** Names that mean one subject. Texts are read by `parseSubjectText`. */
export interface AliasEntry {
  readonly subject: string
  readonly names: readonly string[]
  /** First UTC day on which the names mean the subject, `YYYY-MM-DD`; absent: always before `to`. */
  readonly from?: string | undefined
  /** The day after the last. */
  readonly to?: string | undefined
}

/** One row of the table that facts are joined with: what a subject of a fact means from a day on until before another. */
export interface AliasRow {
  readonly kind: Subject['kind']
  readonly issuer: string
  readonly name: string
  /** `YYYY-MM-DD`; null is no limit. */
  readonly fromDay: string | null
  readonly toDay: string | null
  readonly subject_kind: Subject['kind']
  readonly subject_issuer: string
  readonly subject_name: string
}

/**
 * Reads a table of aliases. It works with what is right in it, and what is wrong is reported: names in conflict and
 * names of a cycle stay themselves. The order of entries does not matter; that of rules does.
 */
export function compileAliases(
  entries: readonly AliasEntry[],
  rules: readonly AliasRule[] = [],
): { table: AliasTable; problems: AliasProblem[] } {
  const subjects = new Map<string, Subject>()
  const mappings: Mapping[] = []
  const finals = new Set<string>()
  const problems: AliasProblem[] = []
  for (const [index, entry] of entries.entries()) {
    const read = readEntry(entry, `aliases.${index}`)
    problems.push(...read.problems)
    if (!read.subject) continue
    finals.add(keep(subjects, read.subject))
    for (const name of read.names) {
      const mapping = {
        name: keep(subjects, name),
        target: subjectKey(read.subject),
        from: read.from,
        to: read.to,
      }
      if (mapping.name !== mapping.target) mappings.push(mapping)
    }
  }
  const periods = new AliasPeriods(mappings)
  const compiled = compileRules(rules)
  const table = new AliasTable(subjects, periods, finals, compiled.rules)
  return { table, problems: [...problems, ...clashes(periods, subjects), ...compiled.problems] }
}

/** What names mean. Made by `compileAliases`. */
export class AliasTable {
  readonly #subjects: ReadonlyMap<string, Subject>
  readonly #periods: AliasPeriods
  readonly #finals: ReadonlySet<string>
  readonly #rules: readonly CompiledRule[]

  constructor(
    subjects: ReadonlyMap<string, Subject>,
    periods: AliasPeriods,
    finals: ReadonlySet<string>,
    rules: readonly CompiledRule[],
  ) {
    this.#subjects = subjects
    this.#periods = periods
    this.#finals = finals
    this.#rules = rules
  }

  /**
   * The subject that a name means on a UTC day (`YYYY-MM-DD`), or the same where nothing is said about it. An entry goes
   * before a rule, the first rule before others, and no rule changes a subject that an entry names as one. What a rule
   * gives is looked up again; the end of an entry's chain is final.
   */
  resolve(subject: Subject, day: string): Subject {
    return this.#follow(subject, day, `${day}!`, this.#rules)[0]?.subject ?? subject
  }

  /** Rows for the names in entries, with chains resolved to their ends. Rules have no part in it. */
  flatten(): AliasRow[] {
    return this.#rows([...this.#subjects.values()].flatMap(spellings), [])
  }

  /**
   * Rows for subjects as they are in facts, by entries and rules; subjects that stay themselves have none. A join with
   * them alone resolves everything.
   */
  resolveAll(subjects: Iterable<Subject>): AliasRow[] {
    return this.#rows(subjects, this.#rules)
  }

  #rows(subjects: Iterable<Subject>, rules: readonly CompiledRule[]): AliasRow[] {
    const rows: AliasRow[] = []
    for (const { kind, issuer, name } of subjects) {
      for (const { from, to, subject } of this.#follow({ kind, issuer, name }, BEGIN, END, rules)) {
        if (isSame(subject, { kind, issuer, name })) continue
        const days = { fromDay: from === BEGIN ? null : from, toDay: to === END ? null : to }
        const means = {
          subject_kind: subject.kind,
          subject_issuer: subject.issuer,
          subject_name: subject.name,
        }
        rows.push({ kind, issuer, name, ...days, ...means })
      }
    }
    return rows.sort((a, b) => byName(a, b) || compare(a.fromDay ?? BEGIN, b.fromDay ?? BEGIN))
  }

  /** A rule is met at most once on the way: rules that lead back to themselves are not compiled. */
  #follow(subject: Subject, from: string, to: string, rules: readonly CompiledRule[]): Meaning[] {
    const key = subjectKey(subject)
    const meanings = this.#periods.piecesOf(key, from, to).flatMap((piece): Meaning[] => {
      const next = piece.isNamed || this.#finals.has(key) ? undefined : applyRules(rules, subject)
      if (next) return this.#follow(next, piece.from, piece.to, rules)
      return [{ from: piece.from, to: piece.to, subject: this.#subjects.get(piece.end) ?? subject }]
    })
    return joined(meanings)
  }
}

/** What a subject means in a time. */
interface Meaning {
  readonly from: string
  readonly to: string
  readonly subject: Subject
}

function joined(meanings: readonly Meaning[]): Meaning[] {
  const found: Meaning[] = []
  for (const meaning of meanings) {
    const last = found.at(-1)
    if (last && isSame(last.subject, meaning.subject)) found[found.length - 1] = { ...last, to: meaning.to }
    else found.push(meaning)
  }
  return found
}

/** Of several spellings the first in order is kept, whatever the order of entries. */
function keep(subjects: Map<string, Subject>, subject: Subject): string {
  const key = subjectKey(subject)
  const known = subjects.get(key)
  if (!known || byName(subject, known) < 0) subjects.set(key, subject)
  return key
}

/** A subject as facts can have it. */
function spellings(subject: Subject): Subject[] {
  const logged = { ...subject, issuer: spelled(subject.issuer), name: spelled(subject.name) }
  return isSame(subject, logged) ? [subject] : [subject, logged]
}

function byName(a: Subject, b: Subject): number {
  return compare(a.issuer, b.issuer) || compare(a.name, b.name) || compare(a.kind, b.kind)
}

/** By code units, as no locale is to change the order. */
function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0
}

interface ReadEntry {
  readonly subject: Subject | undefined
  readonly names: readonly Subject[]
  readonly from: string
  readonly to: string
  readonly problems: readonly AliasProblem[]
}

function readEntry({ subject, names, from = BEGIN, to = END }: AliasEntry, at: string): ReadEntry {
  const problems: AliasProblem[] = []
  const read = (text: string, key: string): Subject[] => {
    const found = parseSubjectText(text)
    if (found) return [found]
    const message = `got ${JSON.stringify(text)}, which is nobody; expected a name such as CORP\\ann`
    problems.push({ kind: 'unreadable', at: `${at}.${key}`, message })
    return []
  }
  const [means] = read(subject, 'subject')
  const found = names.flatMap((name, index) => read(name, `names.${index}`))
  for (const [key, day] of [['from', from], ['to', to]] as const) {
    if (day === BEGIN || day === END || !Number.isNaN(dayNumber(day))) continue
    const message = `got ${JSON.stringify(day)}, expected an existing day as YYYY-MM-DD`
    problems.push({ kind: 'period', at: `${at}.${key}`, message })
  } // biome-ignore format: two columns
  if (from >= to) {
    problems.push({
      kind: 'period',
      at: `${at}.to`,
      message: `got ${to}, expected a day after from (${from})`,
    })
  }
  const isUsable = !problems.some(problem => problem.kind === 'period')
  return { subject: isUsable ? means : undefined, names: found, from, to, problems }
}

function clashes(periods: AliasPeriods, subjects: ReadonlyMap<string, Subject>): AliasProblem[] {
  const text = (key: string) => {
    const subject = subjects.get(key)
    return subject ? subjectText(subject) : ''
  }
  const span = (from: string, to: string) =>
    (from === BEGIN ? '' : ` from ${from}`) + (to === END ? '' : ` until before ${to}`)
  const cycles = periods.cycles.map(({ names, from, to }): AliasProblem => {
    const last = names.at(-1)
    const shown =
      names.length > 8 ? [...names.slice(0, 3).map(text), '...', text(last ?? '')] : names.map(text)
    const why = names[0] === last ? 'names lead back to themselves' : `more than ${LONGEST} names in a row`
    return { kind: 'cycle', at: '', message: `${shown.join(' means ')}${span(from, to)}: ${why}` }
  })
  const conflicts = periods.conflicts.map(({ names: [name = '', ...ends], from, to }): AliasProblem => {
    const message = `${text(name)} is a name of ${ends.map(text).join(' and of ')}${span(from, to)}; one name can mean one subject on a day`
    return { kind: 'conflict', at: '', message }
  })
  return [...cycles, ...conflicts]
}
