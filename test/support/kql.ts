/**
 * What Kibana makes of a filter text, written a second time from the rules of its grammar and of its translation, to
 * compare ours with. Sources: src/platform/packages/shared/kbn-es-query/src/kuery in elastic/kibana (grammar.peggy,
 * node_types/wildcard.ts, functions/is.ts, range.ts, and.ts, or.ts, not.ts), as of 9.2. Left out: nested fields, wildcards
 * in field names, scripted fields.
 */
export type FieldTypes = ReadonlyMap<string, string>

type Dsl = Readonly<Record<string, unknown>>
type Piece = string | typeof STAR
type Value =
  | { readonly kind: 'literal'; readonly value: string | boolean | null; readonly isQuoted: boolean }
  | { readonly kind: 'wildcard'; readonly parts: readonly string[] }
/** Null: none was named. */
type Field = string | typeof STAR | null
type OfField = (field: Field) => Dsl
interface Read<T> {
  readonly value: T
  readonly end: number
}
type Reader<T> = (at: number) => Read<T> | undefined

const STAR = Symbol('star')

/**
 * @param fields names and Elasticsearch types of the data view
 * @param timeZone Kibana's setting dateFormat:tz
 * @throws Error where Kibana refuses the text
 */
export function kibanaQuery(text: string, fields: FieldTypes, timeZone?: string): Dsl {
  const translate = translator(fields, timeZone)
  const { orQuery, space } = grammar(text, translate)
  const start = space(0)
  const query = orQuery(start)
  const end = space(query?.end ?? start)
  if (end !== text.length) throw new Error(`Kibana refuses ${JSON.stringify(text)} at ${end}`)
  return query?.value ?? { match_all: {} }
}

// ── Grammar: ordered choices without a second thought, as in the original ───────────────────────────────────

type Translate = ReturnType<typeof translator>

function grammar(text: string, { is, range }: Translate) {
  const isSpace = (at: number): boolean => /^[ \t\r\n\u00a0]$/.test(text[at] ?? '')
  const space = (at: number): number => (isSpace(at) ? space(at + 1) : at)
  const isWord = (word: string, at: number): boolean =>
    text.slice(at, at + word.length).toLowerCase() === word
  const isKeyword = (at: number): boolean =>
    (isWord('not', at) && isSpace(at + 3)) ||
    (isSpace(at) && ((isWord('or', at + 1) && isSpace(at + 3)) || (isWord('and', at + 1) && isSpace(at + 4))))
  const word = (name: string, at: number): number | undefined => {
    const start = name === 'not' ? at : space(at)
    const end = start + name.length
    return (name === 'not' || start > at) && isWord(name, start) && isSpace(end) ? space(end) : undefined
  }
  const escaped = (at: number, isQuoted: boolean): Read<string> | undefined => {
    const rest = text.slice(at + 1)
    const white = { t: '\t', r: '\r', n: '\n' }[rest[0] ?? '']
    if (white !== undefined) return { value: white, end: at + 2 }
    if (!isQuoted && /^[\\():<>"*{}]/.test(rest)) return { value: rest[0] ?? '', end: at + 2 }
    const digits = /^u([0-9a-f]{4})/i.exec(rest)?.[1]
    if (digits !== undefined) return { value: String.fromCharCode(Number.parseInt(digits, 16)), end: at + 6 }
    if (isQuoted) return /^[\\"]/.test(rest) ? { value: rest[0] ?? '', end: at + 2 } : undefined
    const keyword = /^(?:or|and|not)/i.exec(rest)?.[0]
    return keyword === undefined ? undefined : { value: keyword, end: at + 1 + keyword.length }
  }
  const quoted: Reader<Value> = at => {
    if (text[at] !== '"') return undefined
    let [value, end] = ['', at + 1]
    while (end < text.length && text[end] !== '"') {
      const read = (text[end] === '\\' && escaped(end, true)) || { value: text[end] ?? '', end: end + 1 }
      value += read.value
      end = read.end
    }
    return end < text.length ? { value: { kind: 'literal', value, isQuoted: true }, end: end + 1 } : undefined
  }
  const character: Reader<Piece> = at => {
    if (at >= text.length) return undefined
    if (text[at] === '\\') return escaped(at, false)
    if (text[at] === '*') return { value: STAR, end: at + 1 }
    return /[():<>"{}]/.test(text[at] ?? '') || isKeyword(at)
      ? undefined
      : { value: text[at] ?? '', end: at + 1 }
  }
  const unquoted: Reader<Value> = at => {
    const pieces: Piece[] = []
    let end = at
    for (let read = character(end); read; read = character(end)) {
      pieces.push(read.value)
      end = read.end
    }
    return end === at ? undefined : { value: fromPieces(pieces), end }
  }
  const literal: Reader<Value> = at => quoted(at) ?? unquoted(at)
  const field: Reader<Field> = at => {
    const read = literal(at)
    return read && { value: fieldOf(read.value), end: space(read.end) }
  }

  /** Things joined by a word, one or more. */
  const joined =
    <T>(name: 'and' | 'or', item: Reader<T>, join: (items: readonly T[]) => T): Reader<T> =>
    at => {
      const head = item(at)
      if (!head) return undefined
      const items = [head.value]
      let end = head.end
      for (;;) {
        const next = word(name, end)
        const read = next === undefined ? undefined : item(next)
        if (!read) return { value: items.length === 1 ? head.value : join(items), end }
        items.push(read.value)
        end = read.end
      }
    }
  const inParentheses =
    <T>(item: Reader<T>): Reader<T> =>
    at => {
      const read = text[at] === '(' ? item(space(at + 1)) : undefined
      const end = read ? space(read.end) : at
      return read && text[end] === ')' ? { value: read.value, end: end + 1 } : undefined
    }
  const negated =
    <T>(item: Reader<T>, negate: (item: T) => T): Reader<T> =>
    at => {
      const start = word('not', at)
      const read = start === undefined ? undefined : item(start)
      return read ? { value: negate(read.value), end: read.end } : item(at)
    }

  const value: Reader<OfField> = at => {
    const read = literal(at)
    return read && { value: name => is(name, read.value), end: read.end }
  }
  const list: Reader<OfField> = at => inParentheses(orList)(at) ?? value(at)
  const notList = negated<OfField>(list, of => name => not(of(name)))
  const andList = joined<OfField>('and', notList, all => name => and(all.map(of => of(name))))
  const orList = joined<OfField>('or', andList, all => name => or(all.map(of => of(name))))

  const condition: Reader<Dsl> = at => {
    const name = field(at)
    const operator = name && /^(?:<=|>=|[<>:])/.exec(text.slice(name.end))?.[0]
    if (name && operator === ':') {
      const read = list(space(name.end + 1))
      if (read) return { value: read.value(name.value), end: read.end }
    } else if (name && operator !== undefined) {
      const read = literal(space(name.end + operator.length))
      if (read) return { value: range(name.value, operator, read.value), end: read.end }
    }
    const read = value(at)
    return read && { value: read.value(null), end: read.end }
  }
  const subQuery: Reader<Dsl> = at => inParentheses(orQuery)(at) ?? condition(at)
  const notQuery = negated<Dsl>(subQuery, not)
  const andQuery = joined<Dsl>('and', notQuery, and)
  const orQuery = joined<Dsl>('or', andQuery, or)
  return { orQuery, space }
}

const isAnything = (value: Value): boolean =>
  value.kind === 'wildcard' && value.parts.length === 2 && value.parts.join('') === ''

function fieldOf(value: Value): Field {
  if (value.kind === 'literal') return value.value === null ? null : String(value.value)
  return isAnything(value) ? STAR : value.parts.join('*')
}

/** What stands without quotes: trimmed, and three words are no text. */
function fromPieces(pieces: readonly Piece[]): Value {
  const whole = pieces
    .map(piece => (piece === STAR ? '\0' : piece))
    .join('')
    .trim()
  if (whole === 'null') return { kind: 'literal', value: null, isQuoted: false }
  if (whole === 'true' || whole === 'false')
    return { kind: 'literal', value: whole === 'true', isQuoted: false }
  if (pieces.includes(STAR)) return { kind: 'wildcard', parts: whole.split('\0') }
  return { kind: 'literal', value: whole, isQuoted: false }
}

// ── Translation ─────────────────────────────────────────────────────────────────────────────────────────────

function oneField(name: Field): string {
  if (name === STAR || name === null || name.includes('*'))
    throw new Error('wildcards in field names are left out')
  return name
}

const and = (items: readonly Dsl[]): Dsl => ({ bool: { filter: items } })
const or = (items: readonly Dsl[]): Dsl => ({ bool: { should: items, minimum_should_match: 1 } })
const not = (item: Dsl): Dsl => ({ bool: { must_not: item } })

const escapeQueryString = (text: string): string => text.replace(/[+\-=&|><!(){}[\]^"~*?:\\/]/g, '\\$&')

function translator(fields: FieldTypes, timeZone: string | undefined) {
  const zone = (value: unknown): Dsl =>
    timeZone === undefined || /^\d+$/.test(String(value)) ? {} : { time_zone: timeZone }
  const isDate = (name: string): boolean => ['date', 'date_nanos'].includes(fields.get(name) ?? '')
  const isKeyword = (name: string): boolean => fields.get(name) === 'keyword'

  function is(name: Field, value: Value): Dsl {
    if (name === STAR && isAnything(value)) return { match_all: {} }
    if (name !== null) return or([ofField(oneField(name), value)])
    if (value.kind === 'wildcard')
      return { query_string: { query: value.parts.map(escapeQueryString).join('*') } }
    const type = value.isQuoted ? 'phrase' : 'best_fields'
    return { multi_match: { type, query: value.value, lenient: true } }
  }

  function ofField(name: string, value: Value): Dsl {
    if (value.kind === 'wildcard') {
      const pattern = value.parts.map(escapeQueryString).join('*')
      if (isAnything(value)) return { exists: { field: name } }
      if (isKeyword(name)) return { wildcard: { [name]: { value: pattern } } }
      return { query_string: { fields: [name], query: pattern } }
    }
    if (isDate(name))
      return { range: { [name]: { gte: value.value, lte: value.value, ...zone(value.value) } } }
    if (isKeyword(name)) return { term: { [name]: { value: value.value } } }
    return { [value.isQuoted ? 'match_phrase' : 'match']: { [name]: value.value } }
  }

  function range(field: Field, operator: string, value: Value): Dsl {
    const name = oneField(field)
    const bound = value.kind === 'literal' ? value.value : value.parts.join('*')
    const key = { '<': 'lt', '<=': 'lte', '>': 'gt', '>=': 'gte' }[operator] ?? operator
    return or([{ range: { [name]: { [key]: bound, ...(isDate(name) ? zone(bound) : {}) } } }])
  }

  return { is, range }
}
