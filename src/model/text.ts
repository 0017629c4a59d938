/** Log text with control characters written out, so that it cannot drive the terminal. */
export function safe(text: unknown): string {
  return String(text ?? '').replace(
    /[\x00-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]/g,
    c => `\\u${c.charCodeAt(0).toString(16).padStart(4, '0')}`,
  )
}

/** A whole number with thin groups: 1,234,567. */
export function count(n: number | string): string {
  return String(n).replace(/\B(?=(\d{3})+(?!\d))/g, ',')
}

/** A share in percent, one decimal; never rounded up to 100 or down to 0. */
export function percent(part: number, whole: number): string {
  if (whole === 0) return '-'
  const value = (100 * part) / whole
  if (part < whole && value > 99.9) return '99.9 %'
  if (part > 0 && value < 0.1) return '<0.1 %'
  return `${value.toFixed(1)} %`
}
