/** Separators that Apigee's `csvDelimiter` allows: comma, pipe, tab. */
export const DELIMITERS = [',', '|', '\t'] as const

/** Whether a record that starts at the head of this text is still inside a quoted value at its end. */
export function isOpenQuoted(text: string): boolean {
  let quotes = 0
  for (let i = text.indexOf('"'); i !== -1; i = text.indexOf('"', i + 1)) quotes++
  return quotes % 2 === 1
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
    let end = at + 1
    for (end = text.indexOf('"', end); end !== -1 && text[end + 1] === '"'; end = text.indexOf('"', end + 2));
    if (end === -1) return undefined
    values.push(text.slice(at + 1, end).replaceAll('""', '"'))
    if (end + 1 === text.length) return values
    if (text[end + 1] !== delimiter) return undefined
    at = end + 2
  }
}

/** Column names of a header record and its delimiter; undefined where the text is no header of an Apigee export. */
export function parseHeader(text: string): { delimiter: string; names: string[] } | undefined {
  for (const delimiter of DELIMITERS) {
    const names = splitRecord(text, delimiter)?.map(name => name.trim().toLowerCase())
    if (names && names.length > 1 && isExportHeader(names)) return { delimiter, names }
  }
  return undefined
}

const TELLING = [
  'client_received_start_timestamp',
  'gateway_flow_id',
  'apiproxy',
  'response_status_code',
  'proxy_basepath',
  'request_verb',
]

function isExportHeader(names: readonly string[]): boolean {
  return TELLING.filter(name => names.includes(name)).length >= 2
}
