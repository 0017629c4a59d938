import { scrubCredentials } from './credentials.ts'
import { secretNameTest } from './secret-names.ts'

/** What replaces a secret. It has no space, quote, comma or tab, so it fits every format's grammar. */
export const SCRUBBED = '[scrubbed]'

/**
 * What a text is, as far as ends of values go: a `line` whose columns stand one space apart; a `value` of one column,
 * in which spaces are data; or `torn`: a line whose columns are not known, where `name: value` counts too.
 */
export type TextShape = 'line' | 'value' | 'torn'

export interface Scrubbed {
  readonly text: string
  /** How many values were replaced. */
  readonly count: number
}

export interface Scrubber {
  /**
   * Replaces the values of secret parameters, cookies and JSON members, JWTs and `Authorization` credentials. The text
   * may be a byte string. Cost is linear in its length.
   */
  readonly scrub: (text: string, shape?: TextShape) => Scrubbed
  /** Whether a column or parameter of this name is a secret as a whole. */
  readonly isSecretName: (name: string) => boolean
}

/**
 * @param names extra secret names, globs with `*`, any case
 * @param exempt names that are no secret here though the built-in list has them
 */
export function createScrubber(names: readonly string[] = [], exempt: readonly string[] = []): Scrubber {
  const isSecretName = secretNameTest(names, exempt)
  return {
    isSecretName,
    scrub: (text, shape = 'line') => {
      const named = scrubNamed(text, shape, isSecretName)
      const rest = scrubCredentials(named.text, shape === 'line')
      return { text: rest.text, count: named.count + rest.count }
    },
  }
}

const SUSPECT = /[=%"'\\]|eyJ|:\/\/[^/]*@|bearer|basic|negotiate|ntlm/i

/** Whether a value can hold anything that `scrub` replaces: a cheap test that spares most values the search. */
export function mayHoldSecret(value: string): boolean {
  return SUSPECT.test(value)
}

const QUOTE = `(?:"|'|%(?:25)*22|\\\\u0022)`
const COLON = '(?::|%(?:25)*3a|\\\\u003a)'
const GAP = '(?:[ \\t+]|%(?:25)*20)*'
/** `=` as such, percent-encoded any number of times, or as a JSON escape; and what ends the name of a JSON member. */
const EQUALS = '=|%(?:25)*3d|\\\\u003d'
const SEPARATOR = new RegExp(`${EQUALS}|${QUOTE}${GAP}${COLON}|(?<=authorization)${COLON}`, 'iy')
const SEPARATOR_TORN = new RegExp(`${EQUALS}|${QUOTE}${GAP}${COLON}|${COLON}`, 'iy')
const IS_COLON = new RegExp(`${COLON}$`, 'i')
const OPENING = new RegExp(`${GAP}(\\\\{0,8}"|'|%(?:25)*22|\\\\u0022)`, 'iy')
const NOTHING = /(?:[ \t+]|%(?:25)*20)*(?:null|true|false)\b/iy
const LONGEST_NAME = 256

/** 1 for characters that the name of a parameter, cookie or member may have; `%` as names may be encoded. */
const NAME_CHARACTERS = new Uint8Array(256)
for (const c of Buffer.from('ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_.-%$~[]')) {
  NAME_CHARACTERS[c] = 1
}

function scrubNamed(text: string, shape: TextShape, isSecretName: (name: string) => boolean): Scrubbed {
  const separator = shape === 'torn' ? SEPARATOR_TORN : SEPARATOR
  const isJson = /^\s*[{[]/.test(text)
  let count = 0
  let out = ''
  let copied = 0
  for (let at = nextCandidate(text, 0); at < text.length; at = nextCandidate(text, at)) {
    const found = separatorAt(separator, text, at)
    const name = found && nameBefore(text, at)
    const start = at + Math.max(found.length, 1)
    at = start
    if (name === '' || !isSecretName(name)) continue
    const { from, to } = IS_COLON.test(found)
      ? memberValue(text, start, shape)
      : { from: start, to: parameterEnd(text, start, found, shape, isJson) }
    const value = text.slice(from, to)
    if (value !== '' && value !== SCRUBBED && value !== '-') {
      out += text.slice(copied, from) + SCRUBBED
      copied = to
      count++
    }
    at = Math.max(to, start)
  }
  return { text: count ? out + text.slice(copied) : text, count }
}

/** 1 for characters that a separator can begin with. */
const CANDIDATES = new Uint8Array(256)
for (const c of Buffer.from(`=%\\"':`)) CANDIDATES[c] = 1

function nextCandidate(text: string, from: number): number {
  let at = from
  while (at < text.length && CANDIDATES[text.charCodeAt(at)] !== 1) at++
  return at
}

/** The separator that stands here; empty where none does. */
function separatorAt(separator: RegExp, text: string, at: number): string {
  if (text[at] === '=') return '='
  separator.lastIndex = at
  return separator.exec(text)?.[0] ?? ''
}

function nameBefore(text: string, end: number): string {
  let last = end
  while (last > 0 && (text[last - 1] === '\\' || text[last - 1] === ' ')) last--
  let first = last
  const floor = Math.max(0, last - LONGEST_NAME)
  while (first > floor && NAME_CHARACTERS[text.charCodeAt(first - 1)] === 1) first--
  return text.slice(first, last)
}

/** A `;` ends a value where another cookie follows; elsewhere it is data. */
const NEXT_COOKIE = ';(?=[ +][^\\s;=&]*=)'
const ENDS = new Map<string, RegExp>()

/**
 * Where the value of a parameter ends. A value that is encoded n times ends at an `&` encoded less than n times: one
 * encoded as often is data of the value.
 */
function parameterEnd(
  text: string,
  from: number,
  separator: string,
  shape: TextShape,
  isJson: boolean,
): number {
  const depth = separator[0] === '%' ? Math.min((separator.length - 1) / 2, 8) : 0
  const key = `${depth} ${shape} ${isJson}`
  let ends = ENDS.get(key)
  if (!ends) {
    const encoded = depth > 0 ? [`%(?:25){0,${depth - 1}}26`] : []
    const space = shape === 'line' ? '[& \\t\\r\\n]' : '[&\\r\\n]'
    const parts = [space, '\\\\u0026', NEXT_COOKIE, ...encoded, ...(isJson ? ['(?<!\\\\)"'] : [])]
    ends = new RegExp(parts.join('|'), 'gi')
    ENDS.set(key, ends)
  }
  return endAt(ends, text, from)
}

/** The value of a JSON member or header: between its quotes, else up to what can follow it. */
function memberValue(text: string, start: number, shape: TextShape): { from: number; to: number } {
  NOTHING.lastIndex = start
  if (NOTHING.test(text)) return { from: start, to: start }
  const limit = shape === 'line' ? endAt(/[ \t\r\n]/g, text, start) : text.length
  OPENING.lastIndex = start
  const opening = OPENING.exec(text)
  if (!opening) return { from: start, to: Math.min(limit, unquotedEnd(text, start)) }
  const from = start + opening[0].length
  return { from, to: Math.min(limit, closingQuote(text, from, opening[1] ?? '"')) }
}

/** An object or a list behind a secret name goes as a whole, and all that follows it. */
function unquotedEnd(text: string, start: number): number {
  return /^\s*[[{]/.test(text.slice(start, start + 64)) ? text.length : endAt(/[,;}&]/g, text, start + 1)
}

function closingQuote(text: string, from: number, quote: string): number {
  const folded = quote.toLowerCase()
  for (let at = text.indexOf(folded, from); at !== -1; at = text.indexOf(folded, at + folded.length)) {
    const isEscaped = text[at - 1] === '\\' || /%5c$/i.test(text.slice(Math.max(from, at - 3), at))
    if (!isEscaped) return at
  }
  return text.length
}

function endAt(pattern: RegExp, text: string, from: number): number {
  pattern.lastIndex = from
  return pattern.exec(text)?.index ?? text.length
}
