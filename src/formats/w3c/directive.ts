import { MAX_COLUMNS } from './row-columns.ts'

/** What a line that begins with `#` says. */
export interface Directive {
  /** Lower case. */
  readonly name: string
  readonly value: string
}

/** Reads `#Name: value`. */
export function parseDirective(text: string): Directive {
  const colon = text.indexOf(':')
  return { name: text.slice(1, Math.max(colon, 1)).trim().toLowerCase(), value: text.slice(colon + 1).trim() }
}

/** The columns that a #Fields directive names; undefined where it cannot be read. */
export function fieldNames(value: string): readonly string[] | undefined {
  const names = value.split(/[ \t]+/).filter(name => name !== '')
  return names.length > 0 && names.length < MAX_COLUMNS ? names : undefined
}

/** Whether a directive tells when the block of directives was written. */
export function isDate({ name }: Directive): boolean {
  return name === 'date' || name === 'start-date'
}
