/** Text that is HTML already. */
export class Html {
  readonly text: string

  constructor(text: string) {
    this.text = text
  }
}

type Part = string | number | Html | readonly Html[]

/** A piece of a page: whatever is put into it is text, unless it was made by this. */
export function html(strings: TemplateStringsArray, ...parts: readonly Part[]): Html {
  return new Html(strings.map((s, i) => s + (i < parts.length ? written(parts[i] ?? '') : '')).join(''))
}

function written(part: Part): string {
  if (part instanceof Html) return part.text
  return typeof part === 'object' ? part.map(p => p.text).join('') : escaped(String(part))
}

const ENTITIES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
}

/** Nothing of it is markup, and nothing of it is invisible or turns the direction of what follows. */
function escaped(text: string): string {
  return text
    .replace(
      /[\p{Cc}\p{Cf}\u2028\u2029]/gu,
      c => `\\u${(c.codePointAt(0) ?? 0).toString(16).padStart(4, '0')}`,
    )
    .replace(/[&<>"']/g, c => ENTITIES[c] ?? c)
}

/** Digits in groups of three, whatever the language of the machine. */
export function grouped(n: number): string {
  return String(n).replace(/\B(?=(?:\d{3})+$)/g, ',')
}

export function percent(part: number, all: number): string {
  return all === 0 ? '–' : `${((100 * part) / all).toFixed(1)} %`
}

export interface Column {
  readonly title: string
  readonly isNumber?: boolean
  readonly isCode?: boolean
  /** Texts of a few characters, which stay on one line. */
  readonly isShort?: boolean
}

export function table(columns: readonly Column[], rows: readonly (readonly (string | number | Html)[])[]): Html {
  const kind = ({ isNumber, isCode, isShort }: Column): string => (isNumber ? 'n' : isCode ? 'c' : isShort ? 'k' : '')
  return html`<table><thead><tr>${columns.map(c => html`<th class="${kind(c)}">${c.title}</th>`)}</tr></thead><tbody>
${rows.map(row => html`<tr>${row.map((cell, i) => html`<td class="${kind(columns[i] ?? { title: '' })}">${typeof cell === 'number' ? grouped(cell) : cell}</td>`)}</tr>
`)}</tbody></table>`
} // biome-ignore format: one template

/** `2026-07-01T00:00:00.000000Z` as `2026-07-01 00:00`. */
export function moment(text: string): string {
  return text.slice(0, 19).replace('T', ' ').replace(/:00$/, '')
}
