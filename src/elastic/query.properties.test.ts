import fc from 'fast-check'
import { expect, test } from 'vitest'
import { kibanaQuery } from '../../test/support/kql.ts'
import { field } from '../requests/filter/filters.fixture.ts'
import { bindFilter, canonicalBound, parseFilter } from '../requests/filter/index.ts'
import { parseTime } from '../requests/filter/time.ts'
import { toQuery } from './query.ts'

const NOW = new Date('2026-07-15T10:20:30Z')

const FIELDS = [
  field('subject', 'keyword', { caseInsensitive: true, freeText: true }),
  field('a', 'path', { freeText: true }),
  field('status', 'integer'),
  field('secure', 'boolean'),
  field('start', 'timestamp'),
]
const VIEW = new Map([
  ['subject', 'keyword'],
  ['a', 'keyword'],
  ['status', 'long'],
  ['secure', 'boolean'],
  ['start', 'date_nanos'],
])
const FREE = FIELDS.filter(it => it.freeText).map(it => it.name)

// ── One form for both translations ──────────────────────────────────────────────────────────────────────────

type Json = string | number | boolean | null | readonly Json[] | { readonly [key: string]: Json }
type Node = Readonly<Record<string, Json>>

/** Thrown where the server would answer with an error: that is no other meaning. */
class ServerError extends Error {}

function plain(query: Node): Json {
  const [kind = '', body] = Object.entries(query)[0] ?? []
  switch (kind) {
    case 'match_all':
      return 'all'
    case 'bool':
      return plainBool(body as Record<string, Json>)
    case 'exists':
      return ['exists', (body as Record<string, Json>).field ?? '']
    case 'multi_match':
      return group(
        'or',
        FREE.map(name => equal(name, (body as Record<string, Json>).query ?? null)),
      )
    case 'query_string':
      return plainString(body as Record<string, Json>)
    case 'range':
      return plainRange(body as Record<string, Json>)
    default: {
      const [name = '', value = null] = Object.entries(body as Record<string, Json>)[0] ?? []
      const of = typeof value === 'object' && value !== null && 'value' in value ? value.value : value
      return kind === 'wildcard' ? pattern(name, String(of)) : equal(name, of ?? null)
    }
  }
}

function plainBool(body: Record<string, Json>): Json {
  if (body.filter) return group('and', (body.filter as Node[]).map(plain))
  if (body.should) return group('or', (body.should as Node[]).map(plain))
  return ['not', ...[body.must_not].flat().map(item => plain(item as Node))]
}

function group(kind: 'and' | 'or', items: readonly Json[]): Json {
  const flat = items.flatMap(item => (Array.isArray(item) && item[0] === kind ? item.slice(1) : [item]))
  return flat.length === 1 ? (flat[0] ?? null) : [kind, ...flat]
}

function equal(name: string, value: Json): Json {
  if (value === null) throw new ServerError()
  return ['=', name, typed(name, value)]
}

/** A field in lower case has a normalizer in the mapping, which the server applies to what is asked. */
function typed(name: string, value: Json): string {
  const text = String(value)
  return name === 'subject' ? text.toLowerCase() : VIEW.get(name) === 'long' ? String(BigInt(text)) : text
}

function pattern(name: string, value: string): Json {
  const pieces = value.match(/\\[\s\S]|\*|[^\\*]+/g) ?? []
  const parts = ['']
  for (const piece of pieces) {
    if (piece === '*') parts.push('')
    else parts[parts.length - 1] += piece.startsWith('\\') ? piece.slice(1) : piece
  }
  const kept = parts.filter((part, i) => part !== '' || i === 0 || i === parts.length - 1)
  return kept.join('') === '' ? ['exists', name] : ['*', name, ...kept.map(part => typed(name, part))]
}

function plainString({ fields, query }: Record<string, Json>): Json {
  if (fields) throw new ServerError()
  const text = String(query)
  if (/^\*+$/.test(text)) return 'all'
  // Split at white space by the server, which is why we refuse such a value.
  return /\s/.test(text) ? ['split', text] : group('or', FREE.map(name => pattern(name, text))) // biome-ignore format: short
}

function plainRange(body: Record<string, Json>): Json {
  const [name = '', bounds = {}] = Object.entries(body)[0] ?? []
  const all = Object.entries(bounds as Record<string, Json>).filter(([key]) => key !== 'time_zone')
  const items = all.map(([key, value]): Json => {
    if (value === null) return ['exists', name]
    if (name !== 'start') return [key, name, typed(name, value)]
    const interval = parseTime(String(value), NOW)
    if (!interval) throw new ServerError()
    const isFrom = key === 'gte' || key === 'lt'
    return [key.startsWith('g') ? '>=' : '<', name, String(isFrom ? interval.from : interval.to)]
  })
  return group('and', items)
}

// ── Properties ──────────────────────────────────────────────────────────────────────────────────────────────

const WORDS = [
  'a', 'subject', 'status', 'start', 'secure', 'foo', 'B c', 'cannot', 'not', 'and', 'or', 'NOT', 'And', 'null', 'true', '401',
  '2026-07-01', 'now/M', '"2026-07-01T10:00Z"', 'x*y',
] // biome-ignore format: a table
const SIGNS = [
  ' ', '  ', '\t', '\u00a0', '\u3000', ':', '(', ')', '"', '*', '\\', '<', '>=', '-', '=', '?', '{', '}', '\\*', '\\"', '\\not ',
  '\\and', '\\u0041', '\\u0020', '\\n', '\\\\', ' and ', ' or ', 'not ', 'a:', 'subject:', 'status >= 4', 'start < ', 'a:*', 'a:(',
] // biome-ignore format: a table

const texts = fc
  .array(fc.oneof(fc.constantFrom(...WORDS), fc.constantFrom(...SIGNS)), { maxLength: 10 })
  .map(pieces => pieces.join(''))

/** @returns what was thrown in its place */
function attempt<T>(read: () => T): T | Error {
  try {
    return read()
  } catch (error) {
    return error as Error
  }
}

const bind = (text: string) => bindFilter(parseFilter(text), FIELDS, NOW)
const kibana = (text: string): Json => plain(kibanaQuery(text, VIEW, 'UTC') as Node)

test('a text that both we and Kibana read means the same to both', () => {
  let agreed = 0
  fc.assert(
    fc.property(texts, text => {
      const bound = attempt(() => bind(text))
      const theirs = attempt(() => kibana(text))
      if (bound instanceof Error || theirs instanceof Error) return
      agreed++
      expect(plain(toQuery(bound) as unknown as Node)).toEqual(theirs)
    }),
    { numRuns: 6000 },
  )
  expect(agreed).toBeGreaterThan(500)
}, 120_000)

test('Kibana reads every canonical text, and means the same', () => {
  fc.assert(
    fc.property(texts, text => {
      const bound = attempt(() => bind(text))
      if (bound instanceof Error) return
      expect(kibana(canonicalBound(bound))).toEqual(plain(toQuery(bound) as unknown as Node))
    }),
    { numRuns: 2000 },
  )
}, 120_000)
