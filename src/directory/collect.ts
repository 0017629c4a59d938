import type { AliasEntry } from '../model/aliases.ts'
import { parseSubjectText, subjectKey } from '../model/subject-text.ts'
import type { Account, DirectoryFormat, DirectoryImport, DirectoryProblem } from './result.ts'

/** `-Encoding ASCII`, the default of Export-Csv in Windows PowerShell, turns every other character into `?`. */
const LOST = 'holds "?", as an export in ASCII leaves for other characters; export again with -Encoding UTF8'

/** Gathers entries and problems of one file. Only the fields that are named reach it: nothing else is copied. */
export class Collector {
  readonly #format: DirectoryFormat
  readonly #entries: AliasEntry[] = []
  readonly #problems: DirectoryProblem[] = []
  #records = 0
  #skipped = 0

  constructor(format: DirectoryFormat) {
    this.#format = format
  }

  /** A record that is an account; its first subject that is one is the subject of the entry. */
  account({ line, subjects, names, from, to }: Account): void {
    this.#records++
    const usable = (text: string | undefined) => this.#usable(line, text)
    const candidates = subjects.flatMap(usable)
    const subject = candidates.find(text => parseSubjectText(text) !== undefined)
    if (subject === undefined) return this.note(line, 'no name that can be its subject')
    if (from !== undefined && to !== undefined && from >= to) {
      return this.note(line, `ends on ${to}, before it begins (${from})`)
    }
    const others = otherNames(subject, [...candidates, ...names.flatMap(usable)])
    if (others.length === 0) this.#skipped++
    else this.#entries.push({ subject, names: others, ...(from && { from }), ...(to && { to }) })
  }

  #usable(line: number, text: string | undefined): string[] {
    const name = text?.trim() ?? ''
    if (name.includes('?')) this.note(line, `${JSON.stringify(name.slice(0, 80))} ${LOST}`)
    return name === '' || name.includes('?') ? [] : [name]
  }

  entry(entry: AliasEntry): void {
    this.#entries.push(entry)
  }

  record(): void {
    this.#records++
  }

  /** A record without names. */
  skip(): void {
    this.#records++
    this.#skipped++
  }

  /** A record that cannot be used. */
  refuse(line: number, reason: string): void {
    this.#records++
    this.note(line, reason)
  }

  /** Something about the file or a part of a record. */
  note(line: number, reason: string): void {
    this.#problems.push({ line, reason })
  }

  result(): DirectoryImport {
    return {
      format: this.#format,
      entries: this.#entries,
      problems: this.#problems.toSorted((a, b) => a.line - b.line),
      records: this.#records,
      skipped: this.#skipped,
    }
  }
}

/** Names that are not the subject, each once. */
function otherNames(subject: string, given: readonly string[]): string[] {
  const keyOf = (text: string) => {
    const read = parseSubjectText(text)
    return read && subjectKey(read)
  }
  const known = new Set([keyOf(subject), undefined])
  return given.filter(text => known.size < known.add(keyOf(text)).size)
}

/**
 * The UTC day of a time that reads one way only: ISO 8601 with an offset, or generalized time (RFC 4517, 3.3.13).
 * Export-Csv writes times as the culture of the machine has them; those are not read.
 */
export function utcDay(text: string | undefined | null, laterDays = 0): string | undefined {
  const time = generalized(text?.trim() ?? '')
  if (!/^\d{4}-\d\d-\d\dT\d\d:\d\d(?::\d\d(?:\.\d+)?)?(?:Z|[+-]\d\d:\d\d)$/.test(time)) return undefined
  const ms = Date.parse(time)
  if (Number.isNaN(ms)) return undefined
  return new Date(ms + laterDays * 86_400_000).toISOString().slice(0, 10)
}

function generalized(text: string): string {
  return text.replace(
    /^(\d{4})(\d\d)(\d\d)(\d\d)(\d\d)(\d\d)(?:[.,]\d+)?(Z|[+-]\d\d\d\d)$/,
    (_, y, mo, d, h, mi, s, zone: string) =>
      `${y}-${mo}-${d}T${h}:${mi}:${s}${zone === 'Z' ? 'Z' : `${zone.slice(0, 3)}:${zone.slice(3)}`}`,
  )
}
