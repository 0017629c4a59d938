import stringWidth from 'string-width'
import type { Span } from './ast.ts'

const MAX_COLUMNS = 100
const KEPT_BEFORE = 60

/** Control and format characters must not act on a terminal, and would move the caret. */
const shown = (text: string): string => text.replace(/[\p{Cc}\p{Cf}\p{Cs}]/gu, ' ')

/**
 * The line of the filter that holds the place, indented by two, and under it a caret. Long lines are cut.
 * Contains exactly one line end.
 */
export function showPlace({ text, start }: Span): string {
  const lineStart = text.lastIndexOf('\n', start - 1) + 1
  const lineEnd = text.indexOf('\n', start) === -1 ? text.length : text.indexOf('\n', start)
  const isLong = lineEnd - lineStart > MAX_COLUMNS
  const from = isLong ? Math.max(lineStart, start - KEPT_BEFORE) : lineStart
  const to = isLong ? Math.min(lineEnd, from + MAX_COLUMNS) : lineEnd
  const before = (from > lineStart ? '…' : '') + shown(text.slice(from, start))
  const after = shown(text.slice(start, to)) + (to < lineEnd ? '…' : '')
  return `  ${before}${after}\n  ${' '.repeat(stringWidth(before))}^`
}

const LONGEST_FOUND = 40

/** What stands at a place, for a sentence: `"adn"`, `"("` or `the end`. */
export function foundAt(text: string, offset: number): string {
  const rest = text.slice(offset)
  const token = /^(?:&&|\|\||[<>]=?|[():"*{}\\]|[^\s():<>"*{}\\]+)/u.exec(rest)?.[0]
  if (token === undefined) return rest.trim() === '' ? 'the end' : 'white space'
  return token === '"' ? 'a quote' : quoted(token)
}

/** A piece of the filter for a sentence: on one line, cut where it is long. */
export function quoted(text: string): string {
  const short = text.length > LONGEST_FOUND ? `${text.slice(0, LONGEST_FOUND)}…` : text
  return `"${shown(short)}"`
}

/** Adds the place below the first line, and the advice below the place. */
export function withPlace(headline: string, at: Span, advice: string): string {
  return `${headline}\n${showPlace(at)}\n${advice}`
}
