/**
 * The canonical text of a row: what a leaf of a Merkle tree is made of. Equal rows have equal texts and different ones
 * different texts; whoever has a text can read the row from it. Made in SQL (src/store/leaf-text.ts) and here, and both
 * are held against each other. Imports nothing, so that evidence can be checked anywhere.
 *
 *     text   = *( value TAB ) *( name "=" value TAB )     each column in order, then those added later, where present
 *     value  = ""                                         absent
 *            | ESC "0"                                    the empty text
 *            | text with ESC written ESC "e" and TAB written ESC "t"
 *            | ESC "n" | item *( ESC "," item )           a list: without items, or with some, each as a text
 *     integers in decimal; stamps as microseconds since 1970; true, false; UUIDs as 32 hex digits; days as YYYY-MM-DD;
 *     doubles as `doubleText` writes them
 */
export interface LeafColumn {
  readonly name: string
  /** Type in SQL. */
  readonly sql: string
  /** Added after rows had been sealed: named in the text, and left out of it where absent. */
  readonly isLater?: boolean
}

export type LeafValue = string | number | bigint | boolean | readonly string[] | null
export type LeafRow = Readonly<Record<string, LeafValue | undefined>>

const TAB = '\t'
const ESC = '\x1b'

/** @param row stamps as microseconds, UUIDs as 32 hex digits, days as `YYYY-MM-DD` */
export function leafText(columns: readonly LeafColumn[], row: LeafRow): string {
  const first = columns.filter(c => !c.isLater).map(c => `${valueText(row[c.name], c.sql)}${TAB}`)
  const later = columns
    .filter(c => c.isLater && row[c.name] !== null && row[c.name] !== undefined)
    .map(c => `${c.name}=${valueText(row[c.name], c.sql)}${TAB}`)
  return [...first, ...later].join('')
}

/** The row of a text; undefined where no row has this text. */
export function parseLeafText(columns: readonly LeafColumn[], text: string): LeafRow | undefined {
  const fields = text.split(TAB)
  if (fields.pop() !== '') return undefined
  const first = columns.filter(c => !c.isLater)
  const row: Record<string, LeafValue> = Object.fromEntries(columns.map(c => [c.name, null]))
  for (const [at, field] of fields.entries()) {
    const cut = field.indexOf('=')
    const column = first[at] ?? columns.find(c => c.isLater && c.name === field.slice(0, cut))
    if (!column) return undefined
    row[column.name] = parseValue(column.isLater ? field.slice(cut + 1) : field, column.sql)
  }
  // One spelling each: what would be written otherwise is no text of ours.
  return leafText(columns, row) === text ? row : undefined
}

function valueText(value: LeafValue | undefined, sql: string): string {
  if (value === null || value === undefined) return ''
  if (Array.isArray(value)) return value.length === 0 ? `${ESC}n` : value.map(escaped).join(`${ESC},`)
  if (typeof value === 'number') return sql === 'DOUBLE' ? doubleText(value) : String(value)
  return typeof value === 'string' ? escaped(value) : String(value)
}

function escaped(text: string): string {
  return text === '' ? `${ESC}0` : text.replaceAll(ESC, `${ESC}e`).replaceAll(TAB, `${ESC}t`)
}

function unescaped(text: string): string {
  return text === `${ESC}0` ? '' : text.replaceAll(`${ESC}t`, TAB).replaceAll(`${ESC}e`, ESC)
}

function parseValue(text: string, sql: string): LeafValue {
  if (text === '') return null
  if (sql.endsWith('[]')) return text === `${ESC}n` ? [] : text.split(`${ESC},`).map(unescaped)
  if (sql === 'BOOLEAN') return text === 'true'
  if (sql === 'DOUBLE') return parseDouble(text)
  if (!/^(?:INTEGER|BIGINT|TIMESTAMP)$/.test(sql)) return unescaped(text)
  const number = Number(text)
  if (Number.isSafeInteger(number)) return number
  return /^-?\d+$/.test(text) ? BigInt(text) : null
}

/**
 * The shortest digits that read back as the same double, at least one of them behind a decimal point; from 1e16 on and
 * below 1e-4 with an exponent. Infinities are `inf` and `-inf`.
 */
export function doubleText(value: number): string {
  if (!Number.isFinite(value)) return Number.isNaN(value) ? 'nan' : value > 0 ? 'inf' : '-inf'
  if (value === 0) return Object.is(value, -0) ? '-0.0' : '0.0'
  const [, sign = '', digit = '', rest = '', exponent = '0'] =
    /^(-?)(\d)(?:\.(\d+))?e([+-]\d+)$/.exec(value.toExponential()) ?? []
  const power = Number(exponent)
  if (power < -4 || power >= 16) return `${sign}${digit}${rest && `.${rest}`}e${power}`
  const digits = `${digit}${rest}`
  if (power < 0) return `${sign}0.${'0'.repeat(-power - 1)}${digits}`
  const whole = digits.slice(0, power + 1).padEnd(power + 1, '0')
  return `${sign}${whole}.${digits.slice(power + 1) || '0'}`
}

function parseDouble(text: string): number {
  if (text.endsWith('inf')) return text === 'inf' ? Number.POSITIVE_INFINITY : Number.NEGATIVE_INFINITY
  return Number(text)
}
