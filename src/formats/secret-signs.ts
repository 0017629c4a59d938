const SLASH = 47

/** The last two letters of Bearer, Basic, Negotiate and NTLM. */
const SCHEME_ENDS = new Set(['er', 'ic', 'te', 'lm'].map(s => (s.charCodeAt(0) << 8) | s.charCodeAt(1)))

/** Whether the name of an authentication scheme may end before this place. */
export function endsScheme(line: Buffer, at: number): boolean {
  return SCHEME_ENDS.has((((line[at - 2] ?? 0) | 32) << 8) | ((line[at - 1] ?? 0) | 32))
}

/**
 * Whether an address (`scheme://`) stands before the `@` in its column, whose user and password it may end.
 *
 * @param from where the column begins
 */
export function hasAddressBefore(line: Buffer, at: number, from: number): boolean {
  for (let i = at - 1; i > from; i--) if (line[i] === SLASH && line[i - 1] === SLASH) return true
  return false
}
