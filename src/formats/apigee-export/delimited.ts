import { asciiLower, asciiTrim } from '../encoding.ts'
import { KNOWN, STAMPS } from './columns.ts'

/** Separators that Apigee's `csvDelimiter` allows: comma, pipe, tab. */
export const DELIMITERS = [',', '|', '\t'] as const

/**
 * Whether a record is still inside a quoted value at the end of this text. A quote opens a value only where a value
 * begins; elsewhere it is an ordinary character.
 *
 * @param delimiter empty where it is not known yet: then any of the three separates values
 * @param isOpen whether the text begins inside a quoted value
 */
export function endsInQuotes(text: string, delimiter: string, isOpen: boolean): boolean {
  let open = isOpen
  for (let at = text.indexOf('"'); at !== -1; at = text.indexOf('"', at + 1)) {
    if (!open) open = at === 0 || isDelimiter(text[at - 1] ?? '', delimiter)
    else if (text[at + 1] === '"') at++
    else open = false
  }
  return open
}

function isDelimiter(c: string, delimiter: string): boolean {
  return delimiter === '' ? (DELIMITERS as readonly string[]).includes(c) : c === delimiter
}

/**
 * The values of one delimited record. Grammar (RFC 4180 section 2): field = quoted / plain; a quote inside a quoted
 * value is doubled. A quote inside a plain value is an ordinary character, as exporters write it there.
 *
 * @returns undefined where a quoted value is not closed or is followed by text
 */
export function splitRecord(text: string, delimiter: string): string[] | undefined {
  if (!text.includes('"')) return text.split(delimiter)
  const values: string[] = []
  for (let at = 0; ; ) {
    if (text[at] !== '"') {
      const end = text.indexOf(delimiter, at)
      values.push(end === -1 ? text.slice(at) : text.slice(at, end))
      if (end === -1) return values
      at = end + 1
      continue
    }
    const end = closingQuote(text, at + 1)
    if (end === -1) return undefined
    values.push(text.slice(at + 1, end).replaceAll('""', '"'))
    if (end + 1 === text.length) return values
    if (text[end + 1] !== delimiter) return undefined
    at = end + 2
  }
}

function closingQuote(text: string, from: number): number {
  let end = text.indexOf('"', from)
  while (end !== -1 && text[end + 1] === '"') end = text.indexOf('"', end + 2)
  return end
}

/** Column names of a header record and its delimiter; undefined where the text is no header of an Apigee export. */
export function parseHeader(text: string): { delimiter: string; names: string[] } | undefined {
  for (const delimiter of DELIMITERS) {
    const names = splitRecord(text, delimiter)?.map(name => asciiLower(asciiTrim(name)))
    if (names && names.length > 1 && areExportColumns(names)) return { delimiter, names }
  }
  return undefined
}

/** Columns that tell an Apigee export from other tables; one of them is in any export worth reading. */
const TELLING = [
  'client_received_start_timestamp',
  'gateway_flow_id',
  'apiproxy',
  'response_status_code',
  'proxy_basepath',
  'request_verb',
]
const EXPORTED = new Set<string>([...KNOWN, ...STAMPS])

/** Whether these names, in lower case, are columns of an Apigee export. */
export function areExportColumns(names: readonly string[]): boolean {
  return names.some(name => TELLING.includes(name)) && new Set(names.filter(n => EXPORTED.has(n))).size >= 2
}

/** The delimiter that cuts a row into most values. */
export function guessDelimiter(text: string): string {
  return DELIMITERS.reduce<string>(
    (best, d) => (text.split(d).length > text.split(best).length ? d : best),
    ',',
  )
}
