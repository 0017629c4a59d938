import { expect, test } from 'vitest'
import { aggregationOf } from './aggregation.ts'
import { rowsOf } from './answer.ts'
import type { AskingPanel } from './description.ts'
import { metricValues, questionOf } from './question.ts'

const PANEL = {
  name: 'p',
  title: 'P',
  description: 'Asks.',
  criteria: [],
  grid: { x: 0, y: 0, w: 1, h: 1 },
  dataset: 'requests',
} as const
const NOW = new Date('2026-03-02T00:00:00Z')

test('a table of values within values asks level by level, for what is ranked on each and for the rest inside', () => {
  const panel: AskingPanel = {
    ...PANEL,
    type: 'table',
    where: 'status >= 400',
    rows: [
      { kind: 'values', field: 'application', label: 'Application', size: 3 },
      { kind: 'values', field: 'decided_detail', label: 'Detail', size: 2, missing: true },
    ],
    metrics: [
      { kind: 'sum', label: 'Lines', field: 'app_hops' },
      { kind: 'share', label: 'Joined', of: 'state:joined' },
    ],
  }
  const order = [{ m1: 'desc' }, { _key: 'asc' }]
  const m1 = { sum: { field: 'throughline.app.hops' } }
  expect(aggregationOf(panel, { now: NOW, period: { fromUs: 0, toUs: 1_500_000 } })).toEqual({
    size: 0,
    track_total_hits: true,
    query: {
      bool: {
        filter: [
          { range: { status: { gte: 400 } } },
          { range: { '@timestamp': { gte: '1970-01-01T00:00:00.000Z', lt: '1970-01-01T00:00:01.500Z' } } },
        ],
      },
    },
    aggs: {
      b1: {
        terms: { field: 'throughline.application', size: 3, shard_size: 1000, order },
        aggs: {
          m1,
          b2: {
            terms: { field: 'event.reason', size: 2, shard_size: 1000, order, missing: '(missing)' },
            aggs: { m1, m2: { filter: { term: { state: { value: 'joined' } } } } },
          },
        },
      },
    },
  })
})

test('rows come out of buckets in lists and under names; a share of nothing is none', () => {
  const panel: AskingPanel = {
    ...PANEL,
    type: 'series',
    shape: 'bar_stacked',
    x: { kind: 'time', field: '@timestamp', label: 'Time', every: '5m' },
    split: {
      kind: 'filters',
      filters: [
        { label: 'yes', where: 'status:401' },
        { label: 'no', where: 'not status:401' },
      ],
    },
    metrics: [{ kind: 'share', label: 'Share', of: 'state:joined', among: 'status:*' }],
  }
  const hour = (key: number, joined: number, all: number): object => ({
    key,
    key_as_string: new Date(key).toISOString(),
    doc_count: all,
    m1: { doc_count: joined },
    m2: { doc_count: all },
  })
  const rows = rowsOf(panel, {
    hits: { total: { value: 8 } },
    aggregations: {
      b1: {
        buckets: {
          yes: { doc_count: 4, b2: { buckets: [hour(0, 1, 4)] } },
          no: { doc_count: 4, b2: { buckets: [hour(300_000, 0, 0), hour(600_000, 4, 4)] } },
        },
      },
    },
  })
  expect(rows).toEqual([
    { keys: ['yes', '0'], measures: [1, 4] },
    { keys: ['no', '300000'], measures: [0, 0] },
    { keys: ['no', '600000'], measures: [4, 4] },
  ])
  expect(rows.map(row => metricValues(questionOf(panel), row))).toEqual([[0.25], [null], [1]])
})
