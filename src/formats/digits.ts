/** Digits that a 64-bit integer always holds. */
const MOST_DIGITS = 18

/** True where bytes start..end are 1 to 18 ASCII digits: a number that fits 64 bits. */
export function isDigits(buffer: Buffer, start: number, end: number): boolean {
  if (end <= start || end - start > MOST_DIGITS) return false
  for (let i = start; i < end; i++) {
    const c = buffer[i] ?? 0
    if (c < 48 || c > 57) return false
  }
  return true
}

/** The number that ASCII digits start..end spell; exact up to 15 digits. */
export function digitsValue(buffer: Buffer, start: number, end: number): number {
  let value = 0
  for (let i = start; i < end; i++) value = value * 10 + ((buffer[i] ?? 48) - 48)
  return value
}
