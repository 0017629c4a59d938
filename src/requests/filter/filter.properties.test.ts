import { type DuckDBConnection, DuckDBInstance } from '@duckdb/node-api'
import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { FilterNode, FilterValue, RangeOperator } from './ast.ts'
import { bindFilter } from './bind.ts'
import { canonicalBound, canonicalFilter } from './canonical.ts'
import { ANYTHING, AT, field, filterTrees, literal, match, operators, range } from './filters.fixture.ts'
import { parseFilter } from './parse.ts'
import { toSql } from './sql.ts'

const NOW = new Date('2026-07-15T10:20:30Z')

const FIELDS = [
  field('subject', 'keyword', { caseInsensitive: true, freeText: true }),
  field('path', 'path', { freeText: true }),
  field('status', 'integer'),
  field('confidence', 'decimal'),
  field('secure', 'boolean'),
  field('start', 'timestamp'),
  field('day', 'date'),
  field('roles', 'keyword', { list: true }),
]

// ── Random filters ────────────────────────────────────────────────────────────────────────────────────────────

/** Few and short, so that they often equal or contain each other. */
const TEXTS = [
  '',
  'a',
  'A',
  'ab',
  'b',
  '/a',
  '/a/b',
  'a%',
  'a_b',
  'a_',
  'axb',
  'cannot',
  'ab\\',
  '渡',
  '🦊a',
  '\uffee',
  'and',
  'now',
  "'",
]
const text = fc.constantFrom(...TEXTS)

/** What each time covers, worked out by hand: [from, to). */
const TIMES: Readonly<Record<string, readonly [string, string]>> = {
  '2026-07-01': ['2026-07-01T00:00:00Z', '2026-07-02T00:00:00Z'],
  '2026-07-01T12': ['2026-07-01T12:00:00Z', '2026-07-01T13:00:00Z'],
  '2026-07-01T12:00:01Z': ['2026-07-01T12:00:01Z', '2026-07-01T12:00:02Z'],
  '2026-06-30T23:59:59Z': ['2026-06-30T23:59:59Z', '2026-07-01T00:00:00Z'],
  'now-14d/d': ['2026-07-01T00:00:00Z', '2026-07-02T00:00:00Z'],
  'now/M': ['2026-07-01T00:00:00Z', '2026-08-01T00:00:00Z'],
}
/** A day equals only what reaches over a midnight. */
const WHOLE_DAYS = ['2026-07-01', 'now-14d/d', 'now/M']

const wildcard: fc.Arbitrary<FilterValue> = fc
  .tuple(
    text,
    fc.array(
      text.filter(part => part !== ''),
      { maxLength: 2 },
    ),
    text,
  )
  .map(([first, middle, last]) => ({ kind: 'wildcard', parts: [first, ...middle, last], at: AT }))
const anything = fc.constant(ANYTHING)
const textValue = fc.oneof(text.map(literal), wildcard)
const isAnything = (value: FilterValue): boolean => value.kind === 'wildcard' && value.parts.join('') === ''

const VALUES: Readonly<Record<string, readonly string[]>> = {
  subject: TEXTS,
  path: TEXTS,
  roles: TEXTS,
  status: ['200', '401', '-1'],
  confidence: ['0', '0.5', '1e3'],
  secure: ['true', 'false'],
  start: Object.keys(TIMES),
  day: WHOLE_DAYS,
}
const anyField = fc.constantFrom(...Object.keys(VALUES))
const rangeField = anyField.filter(name => name !== 'secure')

const leaf: fc.Arbitrary<FilterNode> = fc.oneof(
  anyField.chain(name => fc.constantFrom(...(VALUES[name] ?? [])).map(value => match(name, literal(value)))),
  fc.tuple(anyField, anything).map(([name, value]) => match(name, value)),
  fc.tuple(fc.constantFrom('subject', 'path', 'roles'), wildcard).map(([name, value]) => match(name, value)),
  fc.tuple(rangeField, operators, fc.nat(99)).map(([name, operator, pick]): FilterNode => {
    const values = name === 'day' ? Object.keys(TIMES) : (VALUES[name] ?? [])
    return range(name, operator, literal(values[pick % values.length] ?? ''))
  }),
  textValue.filter(value => !isAnything(value)).map((value): FilterNode => ({ kind: 'text', value, at: AT })),
  fc.constant<FilterNode>({ kind: 'all', at: AT }),
)

const filters = filterTrees(leaf)

// ── A slow second implementation of the meaning ───────────────────────────────────────────────────────────────

interface Row {
  readonly subject: string | null
  readonly path: string | null
  readonly status: number | null
  readonly confidence: number | null
  readonly secure: boolean | null
  readonly start: string | null
  readonly day: string | null
  readonly roles: readonly (string | null)[] | null
}

const optional = <T>(of: fc.Arbitrary<T>): fc.Arbitrary<T | null> => fc.option(of, { freq: 3 })

const rows: fc.Arbitrary<Row> = fc.record({
  subject: optional(text.map(of => of.toLowerCase())),
  path: optional(text),
  status: optional(fc.constantFrom(200, 401, -1, 402)),
  confidence: optional(fc.constantFrom(0, 0.5, 1000, 0.25)),
  secure: optional(fc.boolean()),
  start: optional(
    fc.constantFrom(
      '2026-06-30T23:59:59.999999Z',
      '2026-07-01T00:00:00Z',
      '2026-07-01T12:00:01.5Z',
      '2026-07-01T13:00:00Z',
      '2026-07-02T00:00:00Z',
      '2026-08-01T00:00:00Z',
    ),
  ),
  day: optional(fc.constantFrom('2026-06-30', '2026-07-01', '2026-07-02', '2026-08-01')),
  roles: optional(fc.array(optional(text), { maxLength: 3 })),
})

type Plain = string | number | boolean

/** What a row holds for a field: nothing, one value or several. Times compare as text of equal length. */
function held(row: Row, name: string): Plain[] {
  const value = row[name as keyof Row]
  const several = Array.isArray(value) ? value : [value]
  const present = several.filter(of => of !== null)
  return name === 'start' || name === 'day' ? present.map(fixedTime) : present
}

function fixedTime(of: string): string {
  const [, seconds = '', fraction = ''] = /^([^.Z]*)\.?(\d*)Z?$/.exec(of) ?? []
  return `${seconds.length === 10 ? `${seconds}T00:00:00` : seconds}.${fraction.padEnd(6, '0')}`
}

const order = (a: Plain, b: Plain): number =>
  typeof a === 'string' && typeof b === 'string'
    ? Buffer.compare(Buffer.from(a), Buffer.from(b))
    : Number(a) - Number(b)

function holds(node: FilterNode, row: Row): boolean {
  switch (node.kind) {
    case 'all':
      return true
    case 'and':
      return node.items.every(item => holds(item, row))
    case 'or':
      return node.items.some(item => holds(item, row))
    case 'not':
      return !holds(node.item, row)
    case 'text':
      return ['subject', 'path'].some(name => holds(match(name, node.value), row))
    case 'match':
      return held(row, node.field.name).some(of => matches(node.field.name, node.value, of))
    case 'range':
      return held(row, node.field.name).some(of =>
        inRange(node.field.name, node.operator, node.value.text, of),
      )
  }
}

function matches(name: string, value: FilterValue, of: Plain): boolean {
  const lower = (typed: string): string => (name === 'subject' ? typed.toLowerCase() : typed)
  if (value.kind === 'wildcard') {
    const pattern = value.parts.map(part => lower(part).replace(/[\\^$.*+?()[\]{}|/]/g, '\\$&')).join('.*')
    return new RegExp(`^${pattern}$`, 'su').test(String(of))
  }
  const time = TIMES[value.text]
  if ((name === 'start' || name === 'day') && time !== undefined) {
    return fixedTime(time[0]) <= String(of) && String(of) < fixedTime(time[1])
  }
  if (typeof of === 'string') return of === lower(value.text)
  return typeof of === 'boolean' ? String(of) === value.text : of === Number(value.text)
}

function inRange(name: string, operator: RangeOperator, typed: string, of: Plain): boolean {
  const time = TIMES[typed]
  if ((name === 'start' || name === 'day') && time !== undefined) {
    const [from, to] = [fixedTime(time[0]), fixedTime(time[1])]
    return { '<': of < from, '<=': of < to, '>': of >= to, '>=': of >= from }[operator]
  }
  const value = typeof of === 'number' ? Number(typed) : name === 'subject' ? typed.toLowerCase() : typed
  const sign = order(of, value)
  return { '<': sign < 0, '<=': sign <= 0, '>': sign > 0, '>=': sign >= 0 }[operator]
}

// ── Properties ────────────────────────────────────────────────────────────────────────────────────────────────

const withoutPlaces = (node: FilterNode): unknown =>
  JSON.parse(JSON.stringify(node, (key, value: unknown) => (key === 'at' ? undefined : value)))

describe('canonical text', () => {
  test('reads back as an equal tree', () => {
    fc.assert(
      fc.property(filters, node => {
        const canonical = canonicalFilter(node)
        const parsed = parseFilter(canonical)
        expect(withoutPlaces(parsed)).toEqual(withoutPlaces(node))
        expect(canonicalFilter(parsed)).toBe(canonical)
      }),
      { numRuns: 500 },
    )
  }, 60_000)

  test('any value reads back', () => {
    const characters = fc.constantFrom(
      ...' \t\n\u00a0\\"*():<>{}=!&|.-/aAé渡🦊\u2028',
      'and',
      'OR',
      '\u0007',
      'u0041',
    )
    const value = fc.array(characters, { maxLength: 8 }).map(parts => parts.join(''))
    fc.assert(
      fc.property(value, value, fc.constantFrom('subject', 'path'), (first, last, name) => {
        const literalNode = match(name, literal(first))
        // White space at the edge of a value without quotes is refused.
        const parts = [first.trimStart(), last.trimEnd()]
        const wildcardNode = match(name, { kind: 'wildcard', parts, at: AT })
        for (const node of [literalNode, wildcardNode]) {
          expect(withoutPlaces(parseFilter(canonicalFilter(node)))).toEqual(withoutPlaces(node))
        }
        const free: FilterNode = { kind: 'text', value: literal(first), at: AT }
        const bound = bindFilter(parseFilter(canonicalFilter(free)), FIELDS, NOW)
        expect(bound).toEqual(bindFilter(free, FIELDS, NOW))
      }),
      { numRuns: 2000 },
    )
  }, 60_000)

  test('of a bound filter binds to an equal tree at any time', () => {
    fc.assert(
      fc.property(filters, node => {
        const bound = bindFilter(node, FIELDS, NOW)
        const again = bindFilter(parseFilter(canonicalBound(bound)), FIELDS, new Date(0))
        expect(again).toEqual(bound)
      }),
      { numRuns: 500 },
    )
  }, 60_000)
})

describe('DuckDB selects what the language means', () => {
  const sample = fc.sample(rows, { numRuns: 300, seed: 20260701 })
  let db: DuckDBInstance
  let connection: DuckDBConnection

  beforeAll(async () => {
    db = await DuckDBInstance.create(':memory:')
    connection = await db.connect()
    await connection.run("SET TimeZone = 'Pacific/Auckland'")
    await connection.run(
      `CREATE TABLE requests AS SELECT unnest(from_json($json::JSON, '[{"n":"INTEGER","subject":"VARCHAR",
      "path":"VARCHAR","status":"SMALLINT","confidence":"DECIMAL(9,3)","secure":"BOOLEAN","start":"TIMESTAMP","day":"DATE",
      "roles":["VARCHAR"]}]'), recursive := true)`,
      { json: JSON.stringify(sample.map((row, n) => ({ n, ...row }))) },
    )
  })
  afterAll(() => {
    connection.closeSync()
    db.closeSync()
  })

  test('the rows arrived as they are', async () => {
    const result = await connection.runAndReadAll(
      'SELECT subject, path, status, secure, start::VARCHAR, roles FROM requests ORDER BY n',
    )
    expect(result.getRowsJson().map(row => row.slice(0, 4))).toEqual(
      sample.map(row => [row.subject, row.path, row.status, row.secure]),
    )
    expect(result.getRowsJson().map(row => row[4])).toEqual(
      sample.map(row => row.start?.replace('T', ' ').replace('Z', '') ?? null),
    )
    expect(result.getRowsJson().map(row => row[5])).toEqual(sample.map(row => row.roles))
  })

  test('for any filter', async () => {
    await fc.assert(
      fc.asyncProperty(filters, async node => {
        const quoteIdentifier = (name: string): string => `"${name}"`
        const { where, params } = toSql(bindFilter(node, FIELDS, NOW), { quoteIdentifier })
        const sql = `SELECT n FROM requests WHERE ${where} ORDER BY n`
        const selected = (await connection.runAndReadAll(sql, { ...params })).getRows().flat()
        expect(selected).toEqual(sample.flatMap((row, n) => (holds(node, row) ? [n] : [])))
      }),
      { numRuns: 500 },
    )
  }, 60_000)
})
