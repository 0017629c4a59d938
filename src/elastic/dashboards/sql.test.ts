import { expect, test } from 'vitest'
import { inFolder } from '../../../test/support/folder.ts'
import { withEngine } from '../../store/store.ts'
import type { AskingPanel, ListPanel } from './description.ts'
import { listSqlOf } from './list.ts'
import { sqlOf } from './sql.ts'

const PANEL = {
  name: 'p',
  title: 'P',
  description: 'Asks.',
  criteria: [],
  grid: { x: 0, y: 0, w: 1, h: 1 },
  dataset: 'requests',
} as const
const NOW = new Date('2026-03-02T00:00:00Z')

/** Minute, application, path, status, duration, subject. */
const REQUESTS = [
  [0, 'a', '/x', 200, 10, 'alice'], [1, 'a', '/x', 401, 30, null], [2, 'a', '/y', 200, 20, 'alice'], [3, 'a', '/z', 401, 40, 'bob'],
  [61, 'b', '/x', 500, 70, 'bob'], [62, 'b', '/x', 200, 30, 'carol'], [63, 'c', '/x', 200, 10, null], [64, 'c', '/y', 404, null, null],
] // biome-ignore format: a table

async function ask(panel: AskingPanel | ListPanel, period?: readonly [number, number]): Promise<unknown[][]> {
  const options = {
    now: NOW,
    ...(period && { period: { fromUs: minute(period[0]), toUs: minute(period[1]) } }),
  }
  const { sql, params } = panel.type === 'list' ? listSqlOf(panel, options) : sqlOf(panel, options)
  return inFolder(folder =>
    withEngine({ path: folder, memoryMiB: 256 }, async db => {
      const columns =
        'start_ts TIMESTAMP, application VARCHAR, path VARCHAR, status INTEGER, duration_us BIGINT, subject VARCHAR'
      await db.run(`CREATE TEMP TABLE requests (${columns})`)
      for (const [at, ...values] of REQUESTS)
      await db.run('INSERT INTO requests VALUES (make_timestamp($us::BIGINT), $a, $p, $s, $d, $u)', {
        us: BigInt(minute(Number(at))), a: values[0] ?? null, p: values[1] ?? null, s: values[2] ?? null, d: values[3] ?? null, u: values[4] ?? null,
      }) // biome-ignore format: one statement
      return (await db.rows<Record<string, unknown>>(sql, params)).map(row => Object.values(row))
    }),
  )
}

/** µs since 1970 of a minute of the second of March 2026. */
const minute = (n: number): number => Date.UTC(2026, 2, 2, 0, n) * 1000
const hour = (n: number): string => String(Date.UTC(2026, 2, 2, n))

test('without breakdowns there is one row', async () => {
  const metric = { kind: 'share', label: 's', of: 'status:401' } as const
  expect(await ask({ ...PANEL, type: 'metric', metric })).toEqual([[2, 8]])
  expect(await ask({ ...PANEL, type: 'metric', metric }, [1, 4])).toEqual([[2, 3]])
})

test('the most frequent values are chosen, inner ones among the outer; equal ones in their order', async () => {
  const panel: AskingPanel = {
    ...PANEL,
    type: 'table',
    rows: [
      { kind: 'values', field: 'application', label: 'a', size: 2 },
      { kind: 'values', field: 'path', label: 'p', size: 1 },
    ],
    metrics: [
      { kind: 'count', label: 'n' },
      { kind: 'average', label: 'd', field: 'duration_us' },
      { kind: 'unique', label: 'u', field: 'subject' },
      { kind: 'max', label: 't', field: '@timestamp' },
    ],
  }
  expect(await ask(panel)).toEqual([
    ['a', '/x', 2, 20, 1, minute(1) / 1000],
    ['b', '/x', 2, 50, 2, minute(62) / 1000],
  ])
})

test('values may be taken in their own order, and none may be a value', async () => {
  const panel: AskingPanel = {
    ...PANEL,
    type: 'heatmap',
    x: { kind: 'values', field: 'status', label: 's', size: 2, order: 'value' },
    y: { kind: 'values', field: 'subject', label: 'u', size: 2, missing: true },
    metric: { kind: 'sum', label: 'd', field: 'duration_us' },
  }
  // bob has 110, none 40, alice and carol 30; of bob there is no 200.
  expect(await ask(panel)).toEqual([
    ['(missing)', '200', 10],
    ['(missing)', '401', 30],
    ['bob', '401', 40],
    ['bob', '500', 70],
  ])
})

test('time is cut into buckets, filters may overlap', async () => {
  const panel: AskingPanel = {
    ...PANEL,
    type: 'series',
    shape: 'bar_stacked',
    x: { kind: 'time', field: '@timestamp', label: 't', every: '1h' },
    split: {
      kind: 'filters',
      filters: [
        { label: 'bad', where: 'status >= 400' },
        { label: '401', where: 'status:401' },
      ],
    },
    metrics: [{ kind: 'count', label: 'n' }],
  }
  expect(await ask(panel)).toEqual([
    ['401', hour(0), 2],
    ['bad', hour(0), 2],
    ['bad', hour(1), 2],
  ])
})

test('a list has the latest first, with the columns that are shown', async () => {
  const panel: ListPanel = {
    ...PANEL,
    type: 'list',
    where: 'application:(b or c)',
    columns: ['path', 'status'],
  }
  expect(await ask(panel, [0, 64])).toEqual([
    ['2026-03-02T01:03:00.000000Z', '/x', '200'],
    ['2026-03-02T01:02:00.000000Z', '/x', '200'],
    ['2026-03-02T01:01:00.000000Z', '/x', '500'],
  ])
})

test('each value of a list counts for itself', async () => {
  const panel: AskingPanel = {
    ...PANEL,
    type: 'table',
    rows: [{ kind: 'values', field: 'finding', label: 'f', size: 5 }],
    metrics: [{ kind: 'count', label: 'n' }],
  }
  const { sql, params } = sqlOf(panel, { now: NOW })
  const rows = await inFolder(folder =>
    withEngine({ path: folder, memoryMiB: 256 }, async db => {
      await db.run(`CREATE TEMP TABLE requests AS SELECT unnest([['a', 'b'], ['b'], NULL, []]) AS rules`)
      return db.rows<Record<string, unknown>>(sql, params)
    }),
  )
  expect(rows.map(row => Object.values(row))).toEqual([['a', 1], ['b', 2]])
}) // biome-ignore format: short lists
