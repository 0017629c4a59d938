/** A row for programs: times as RFC 3339 in UTC, 64-bit integers as strings, fixed key order. */
export function jsonRow(row: Readonly<Record<string, unknown>>): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(row).map(([key, value]) => [
      key,
      key.endsWith('_ts') && typeof value === 'string' ? rfc3339Text(value) : value,
    ]),
  )
}

/** `2026-07-01 08:00:00.5` as `2026-07-01T08:00:00.5Z`. */
export function rfc3339Text(text: string): string {
  return `${text.replace(' ', 'T')}Z`
}

/** One CSV record (RFC 4180); lists become JSON. A leading = + - @ is quoted as text so that spreadsheets do not run it. */
export function csvLine(values: readonly unknown[]): string {
  return `${values.map(csvValue).join(',')}\r\n`
}

function csvValue(value: unknown): string {
  if (value === null || value === undefined) return ''
  const text = typeof value === 'object' ? JSON.stringify(value) : String(value)
  const guarded = typeof value === 'string' && /^[=+\-@\t\r]/.test(text) ? `'${text}` : text
  return /[",\r\n]/.test(guarded) ? `"${guarded.replaceAll('"', '""')}"` : guarded
}
