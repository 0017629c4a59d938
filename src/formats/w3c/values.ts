import { byteString, jsonBytes } from '../encoding.ts'
import type { RowColumns } from './row-columns.ts'

/** A column that goes among the attributes: its place, and the start of its member in their JSON object. */
export interface Extra {
  readonly index: number
  readonly member: string
}

/**
 * What no column of the facts holds: columns without a place of their own, and the second of two with one name.
 *
 * @param lower names of #Fields in lower case
 * @param isMapped whether a column of that name has a place of its own
 * @param stored places of further columns that have one
 */
export function extrasOf(
  lower: readonly string[],
  isMapped: (name: string) => boolean,
  stored: ReadonlySet<number | undefined> = new Set(),
): Extra[] {
  const seen = new Map<string, number>()
  return lower.flatMap((name, index) => {
    const isFirst = lower.indexOf(name) === index
    if (stored.has(index) || (isMapped(name) && isFirst)) return []
    const label = headerName(name)
    const nth = (seen.get(label) ?? (isFirst ? 0 : 1)) + 1
    seen.set(label, nth)
    return [{ index, member: `${JSON.stringify(byteString(nth > 1 ? `${label}#${nth}` : label))}:` }]
  })
}

/** `cs(X-Name)`, `sc(X-Name)` and `x(X-Name)` are the header X-Name. */
export function headerName(name: string): string {
  return /^(?:cs|sc|x)\((.+)\)$/.exec(name)?.[1] ?? name
}

/**
 * A JSON object of what has no column of its own, as a chunk column.
 *
 * @param first members that stand before those of the row
 */
export function attributesOf(row: RowColumns, extras: readonly Extra[], first = ''): string {
  let members = first
  for (const { index, member } of extras) {
    if (row.isAbsent(index)) continue
    members += `${members ? ',' : ''}${member}${jsonBytes(row.text(index))}`
  }
  return members ? `{${members}}` : '-'
}

/** A text as a chunk column: blanks as IIS writes them. */
export function columnOf(text: string): string {
  return byteString(text).replace(/[ \t\r\n\0]/g, '+') || '-'
}
