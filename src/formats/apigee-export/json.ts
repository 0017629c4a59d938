import { byteString } from '../encoding.ts'
import type { RecordWriter } from './record.ts'
import type { ColumnRole } from './roles.ts'

/** How many keys a row may leave out in a run before its next key is looked up by name. */
const LOOK_AHEAD = 24
const MOST_NAMES = 2000
const QUOTE = 34
const BACKSLASH = 92
const NUMBER = /^-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?$/

/**
 * Reads one flat JSON object (RFC 8259) from a byte string into a record, column by column; nested values are kept
 * as their text. Rows of one export name the same keys in the same order, so the previous row predicts the next.
 */
export class JsonRecordScanner {
  readonly #writer: RecordWriter
  /** Keys as written, quotes included, in the order that rows have shown so far, and what each column is. */
  readonly #names: string[] = []
  readonly #roles: ColumnRole[] = []
  #at = 0
  #key = 0
  /** Where the next backslash stands, so that strings without one are found by one search a line. */
  #escapeAt = 0

  constructor(writer: RecordWriter) {
    this.#writer = writer
  }

  /** @returns undefined when the text is one object, else what is wrong and where. */
  scan(text: string): string | undefined {
    this.#at = skipSpace(text, 0)
    this.#key = 0
    this.#escapeAt = nextEscape(text, 0)
    if (text[this.#at] !== '{') return `expected { at character ${this.#at + 1}`
    this.#at = skipSpace(text, this.#at + 1)
    if (text[this.#at] === '}') this.#at++
    else {
      const problem = this.#members(text)
      if (problem) return problem
    }
    const rest = skipSpace(text, this.#at)
    return rest < text.length ? `text after the object at character ${rest + 1}` : undefined
  }

  #members(text: string): string | undefined {
    for (;;) {
      const role = this.#name(text)
      if (!role) return `expected a name at character ${this.#at + 1}`
      this.#at = skipSpace(text, this.#at)
      if (text[this.#at] !== ':') return `expected : at character ${this.#at + 1}`
      this.#at = skipSpace(text, this.#at + 1)
      const value = this.#value(text)
      if (value === undefined) return `no JSON value at character ${this.#at + 1}`
      this.#writer.set(role, value)
      this.#at = skipSpace(text, this.#at)
      const next = text[this.#at++]
      if (next === '}') return undefined
      if (next !== ',') return `expected , or } at character ${this.#at}`
      this.#at = skipSpace(text, this.#at)
    }
  }

  #name(text: string): ColumnRole | undefined {
    if (text.charCodeAt(this.#at) !== QUOTE) return undefined
    const names = this.#names
    // Keys without a value are left out, so the next key is the predicted one or one soon after it.
    for (let slot = this.#key, last = Math.min(slot + LOOK_AHEAD, names.length); slot < last; slot++) {
      const name = names[slot] ?? ''
      if (!text.startsWith(name, this.#at)) continue
      this.#at += name.length
      this.#key = slot + 1
      return this.#roles[slot]
    }
    const from = this.#at
    const name = this.#string(text)
    if (name === undefined) return undefined
    const role = this.#writer.role(name)
    const token = text.slice(from, this.#at)
    const known = names.indexOf(token)
    if (known !== -1) this.#key = known + 1
    else if (names.length < MOST_NAMES) {
      names.splice(this.#key, 0, token)
      this.#roles.splice(this.#key, 0, role)
      this.#key++
    }
    return role
  }

  /** The string at the cursor as a byte string; undefined where it is not closed or has a bad escape. */
  #string(text: string): string | undefined {
    const from = this.#at + 1
    let close = text.indexOf('"', from)
    if (close === -1) return undefined
    if (this.#escapeAt < from) this.#escapeAt = nextEscape(text, from)
    if (this.#escapeAt > close) {
      this.#at = close + 1
      return text.slice(from, close)
    }
    close = closingQuote(text, from)
    if (close === -1) return undefined
    this.#at = close + 1
    try {
      // The token's own bytes are UTF-8 and its escapes are not: decode, parse, encode again.
      const token = Buffer.from(text.slice(from - 1, close + 1), 'latin1').toString('utf8')
      return byteString(JSON.parse(token) as string)
    } catch {
      return undefined
    }
  }

  #value(text: string): string | undefined {
    const first = text.charCodeAt(this.#at)
    if (first === QUOTE) return this.#string(text)
    const from = this.#at
    if (text[from] === '{' || text[from] === '[') return this.#nested(text)
    let end = from
    while (end < text.length && !',} \t'.includes(text[end] ?? ',')) end++
    const token = text.slice(from, end)
    this.#at = end
    if (token === 'null') return ''
    if (token === 'true' || token === 'false' || NUMBER.test(token)) return token
    this.#at = from
    return undefined
  }

  #nested(text: string): string | undefined {
    const from = this.#at
    let depth = 0
    for (let i = from; i < text.length; i++) {
      const c = text[i]
      if (c === '"') {
        i = closingQuote(text, i + 1)
        if (i === -1) return undefined
      } else if (c === '{' || c === '[') depth++
      else if ((c === '}' || c === ']') && --depth === 0) {
        const token = text.slice(from, i + 1)
        try {
          JSON.parse(token)
        } catch {
          return undefined
        }
        this.#at = i + 1
        return token
      }
    }
    return undefined
  }
}

function nextEscape(text: string, from: number): number {
  const at = text.indexOf('\\', from)
  return at === -1 ? Number.POSITIVE_INFINITY : at
}

function skipSpace(text: string, from: number): number {
  let i = from
  for (let c = text.charCodeAt(i); c === 32 || c === 9 || c === 13; c = text.charCodeAt(++i));
  return i
}

function closingQuote(text: string, from: number): number {
  for (let i = from; i < text.length; i++) {
    const c = text.charCodeAt(i)
    if (c === BACKSLASH) i++
    else if (c === QUOTE) return i
  }
  return -1
}
