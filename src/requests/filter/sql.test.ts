import { DuckDBInstance } from '@duckdb/node-api'
import { describe, expect, test } from 'vitest'
import { bindFilter } from './bind.ts'
import type { FilterField } from './fields.ts'
import { parseFilter } from './parse.ts'
import { type FilterSql, toSql } from './sql.ts'
import { lowerCase } from './values.ts'

const field = (name: string, type: FilterField['type'], more: Partial<FilterField> = {}): FilterField => ({
  name,
  aliases: [],
  type,
  column: name,
  description: '',
  ...more,
})

const FIELDS = [
  field('subject', 'keyword', { column: 'subject_name', caseInsensitive: true, freeText: true }),
  field('path', 'path', { freeText: true }),
  field('status', 'integer'),
  field('confidence', 'decimal'),
  field('secure', 'boolean'),
  field('start', 'timestamp', { column: 'start_ts' }),
  field('day', 'date'),
  field('roles', 'keyword', { list: true }),
]

const quoteIdentifier = (name: string): string => `"${name.replaceAll('"', '""')}"`

const compile = (text: string): FilterSql =>
  toSql(bindFilter(parseFilter(text), FIELDS, new Date('2026-07-15T10:20:30Z')), { quoteIdentifier })

describe('the condition', () => {
  test.each([
    { text: '', where: 'TRUE', params: {} },
    { text: 'subject:Alice', where: '"subject_name" = $f1', params: { f1: 'alice' } },
    {
      text: 'status >= 400 and not status:404',
      where: '("status" >= $f1::BIGINT AND NOT coalesce("status" = $f2::BIGINT, FALSE))',
      params: { f1: 400n, f2: 404n },
    },
    {
      text: 'path:/a*',
      where: '("path" >= $f1 AND "path" < $f2 AND starts_with("path", $f3))',
      params: { f1: '/a', f2: '/b', f3: '/a' },
    },
    {
      text: 'path:*_%\\\\*x',
      where: `("path" LIKE $f1 ESCAPE '\\')`,
      params: { f1: '%\\_\\%\\\\%x' },
    },
    { text: 'path:*', where: '"path" IS NOT NULL', params: {} },
    {
      text: 'start < 2026-07-01',
      where: '"start_ts" < make_timestamp($f1::BIGINT)',
      params: { f1: 1_782_864_000_000_000n },
    },
    { text: 'day > 2026-07-01', where: '"day" >= $f1::DATE', params: { f1: '2026-07-02' } },
    {
      text: 'confidence < 1 or secure:false',
      where: '("confidence" < $f1::DOUBLE OR "secure" = $f2::BOOLEAN)',
      params: { f1: 1, f2: false },
    },
    {
      text: 'roles:admin',
      where: 'len(list_filter("roles", lambda element: element = $f1)) > 0',
      params: { f1: 'admin' },
    },
  ])('$text', ({ text, where, params }) => expect(compile(text)).toEqual({ where, params }))

  test('the prefix names the parameters', () => {
    const bound = bindFilter(parseFilter('status:1'), FIELDS, new Date(0))
    expect(toSql(bound, { quoteIdentifier, prefix: 'filter_' })).toEqual({
      where: '"status" = $filter_1::BIGINT',
      params: { filter_1: 1n },
    })
  })

  test.each([
    { name: 'the last code point moves on', prefix: 'az', end: 'a{' },
    { name: 'surrogates are passed over', prefix: '\ud7ff', end: '\ue000' },
    { name: 'the highest code point carries', prefix: 'a\u{10ffff}', end: 'b' },
    { name: 'there may be none', prefix: '\u{10ffff}', end: undefined },
  ])('prefix bound: $name', ({ prefix, end }) => {
    const { params } = compile(`path:${prefix}*`)
    expect(Object.values(params)).toEqual(end === undefined ? [prefix, prefix] : [prefix, end, prefix])
  })
})

const HOSTILE = [
  `'; DROP TABLE requests; --`,
  `" OR 1=1 --`,
  '%',
  '_',
  '\\',
  `\\'`,
  '$f1',
  '100%_\\%',
  'Robert\u2019); DELETE',
  '\u202eevil',
  '渡辺🦊',
  `\${x}`,
  '--',
  '/*',
]

const quoted = (value: string): string => `"${value.replace(/["\\]/g, '\\$&')}"`
const escaped = (value: string): string => value.replace(/[\\():<>"*{}]/g, '\\$&').replaceAll(' ', '\\u0020')

test.each(HOSTILE)('%j never reaches the SQL, and matches itself only', async value => {
  const db = await DuckDBInstance.create(':memory:')
  const connection = await db.connect()
  try {
    await connection.run('CREATE TABLE requests (path VARCHAR)')
    const [other, wrapped] = ['other', `x${value}y`]
    await connection.run('INSERT INTO requests VALUES ($value), ($other), ($wrapped)', {
      value,
      other,
      wrapped,
    })
    const cases: readonly [(value: string) => string, readonly string[]][] = [
      [v => `path:${quoted(v)}`, [value]],
      [v => `not path:${quoted(v)}`, [other, wrapped]],
      [v => `path:x${escaped(v)}*`, [wrapped]],
      [v => `path:*${escaped(v)}y`, [wrapped]],
    ]
    for (const [toText, paths] of cases) {
      const { where, params } = compile(toText(value))
      expect(where).toBe(compile(toText('harmless')).where)
      const sql = `SELECT path FROM requests WHERE ${where} ORDER BY rowid`
      expect((await connection.runAndReadAll(sql, { ...params })).getRows().flat()).toEqual(paths)
    }
  } finally {
    connection.closeSync()
    db.closeSync()
  }
})

test('values are lowered as DuckDB lowers columns', async () => {
  const db = await DuckDBInstance.create(':memory:')
  const connection = await db.connect()
  try {
    // Up to here both know the same version of Unicode; JavaScript has letters of later ones.
    const sql =
      'SELECT chr(i), lower(chr(i)) FROM (SELECT unnest(range(1, 42944))::INTEGER AS i) WHERE i <> 7305'
    const rows = (await connection.runAndReadAll(sql)).getRows()
    const different = rows.filter(([text, lowered]) => lowerCase(String(text)) !== lowered)
    expect(different.map(([text]) => String(text).codePointAt(0)?.toString(16))).toEqual([])
  } finally {
    connection.closeSync()
    db.closeSync()
  }
})
