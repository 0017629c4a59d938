import { CsvError, parse } from 'csv-parse/sync'

export interface CsvRow {
  /** Line it begins on, from 1. */
  readonly line: number
  readonly fields: readonly string[]
}

export interface CsvTable {
  readonly header: readonly string[]
  readonly headerLine: number
  readonly rows: readonly CsvRow[]
  /** Records whose quotes are broken, and why. */
  readonly broken: readonly { readonly line: number; readonly reason: string }[]
}

/** Broken records after which a file is given up: each costs another start of the parser. */
const BROKEN_LIMIT = 100

/**
 * Reads CSV as RFC 4180 and Export-Csv have it: any of `,` `;` tab and `|` as the delimiter (`-UseCulture` takes the
 * list separator of the machine, `;` in much of Europe), and in Windows PowerShell a first line `#TYPE` with the class
 * of the objects (https://learn.microsoft.com/powershell/module/microsoft.powershell.utility/export-csv).
 */
export function readCsv(text: string): CsvTable {
  const typeLine = /^#TYPE [^\n]*\n/.exec(text)?.[0] ?? ''
  const body = text.slice(typeLine.length)
  const delimiter = delimiterOf(body)
  const rows: CsvRow[] = []
  const broken: { line: number; reason: string }[] = []
  let line = typeLine ? 2 : 1
  for (let at = 0; at >= 0 && at < body.length; ) {
    const failed = readRows(body.slice(at), line, delimiter, rows)
    if (!failed) break
    broken.push({ line: failed.line, reason: failed.reason })
    if (broken.length >= BROKEN_LIMIT) {
      broken.push({ line: failed.line + 1, reason: `not read from here: ${BROKEN_LIMIT} records are broken` })
      break
    }
    at = offsetOfLine(body, at, failed.line + 1 - line)
    line = failed.line + 1
  }
  const [header, ...records] = rows.filter(({ fields }) => fields.some(field => field !== ''))
  return { header: header?.fields ?? [], headerLine: header?.line ?? 1, rows: records, broken }
}

/** The first line alone tells: column names hold none of these characters. */
function delimiterOf(text: string): string {
  const first = text.slice(0, text.search(/[\r\n]|$/))
  const counts = [',', ';', '\t', '|'].map(sign => ({ sign, count: first.split(sign).length }))
  return counts.reduce((best, next) => (next.count > best.count ? next : best)).sign
}

/** Adds rows until the end or the first broken one. The parser cannot find its way after a broken quote. */
function readRows(text: string, first: number, delimiter: string, rows: CsvRow[]): BrokenRow | undefined {
  let line = first
  const options = { delimiter, relax_column_count: true, record_delimiter: ['\r\n', '\n'] }
  try {
    parse(text, {
      ...options,
      on_record: (fields: string[], { lines }: { lines: number }) => {
        rows.push({ line, fields: fields.map(field => field.trim()) })
        line = first + lines
        return null
      },
    })
    return undefined
  } catch (error) {
    if (!(error instanceof CsvError)) throw error
    const isOpen = error.code === 'CSV_QUOTE_NOT_CLOSED'
    return { line, reason: isOpen ? 'a quote is not closed' : 'a quote ends before its field does' }
  }
}

interface BrokenRow {
  readonly line: number
  readonly reason: string
}

/** Where the line begins that is `lines` after the one at `from`; -1 where the text ends before. */
function offsetOfLine(text: string, from: number, lines: number): number {
  let at = from
  for (let left = lines; left > 0; left--) {
    const end = text.indexOf('\n', at)
    if (end < 0) return -1
    at = end + 1
  }
  return at
}
