import { expect, test } from 'vitest'
import type { SegmentRecord, SourceRecord } from '../ledger/entry.ts'
import { type DayState, dayKey, emptyState, type LedgerState } from '../ledger/state.ts'
import { splitApplications } from './overlap.ts'
import { folderOfAll, namesOfStores, unite } from './united.ts'

const DAY = '2026-07-01'
const FILE = { path: 'a.parquet', sha256: '0'.repeat(64), bytes: 1, rows: 1 }

/** A state with one source and hops of some applications on one day. */
function stateOf(name: string, days: Readonly<Record<string, Partial<DayState>>>): LedgerState {
  const state = { ...emptyState(), storeId: name, head: 4 }
  state.sources.set(0, { id: 0, path: `${name}.log` } as SourceRecord)
  state.segments.push({ ...FILE, kind: 'app', day: DAY, applications: Object.keys(days), firstUs: 0, lastUs: 1, versions: 0 } as SegmentRecord)
  for (const [application, day] of Object.entries(days)) {
    const link = { file: { ...FILE, path: `links/${application}.parquet` } } as DayState['link']
    state.days.set(dayKey({ application, day: DAY }), {
      application, day: DAY, state: 'closed', reason: 'both sides covered', lastHopAt: '2026-07-03T00:00:00Z', lastHopSeq: 1, changedSeq: 2, link,
      closedWith: 1, earlierLinks: [], ...day,
    })
  }
  return state
} // biome-ignore format: one line each

const united = (...states: readonly LedgerState[]): LedgerState =>
  unite(states.map((state, i) => ({ root: `/fleet/partition-${i}`, state })), '/fleet') // biome-ignore format: one line

test.each([
  { name: 'beside each other', roots: ['/fleet/a', '/fleet/b'], want: '/fleet' },
  { name: 'a name that begins like another', roots: ['/fleet/a', '/fleet-2/a'], want: '/' },
  { name: 'one below another', roots: ['/fleet', '/fleet/a'], want: '/' },
  { name: 'far from each other', roots: ['/data/x/a', '/data/y/z/b'], want: '/data' },
])('the folder of all: $name', ({ roots, want }) => expect(folderOfAll(roots)).toBe(want))

test('stores are called by the last part of their folders, or by all of it where that is the same', () => {
  expect(namesOfStores(['/a/x', '/b/y'])).toEqual(['x', 'y'])
  expect(namesOfStores(['/a/x', '/b/x'])).toEqual(['/a/x', '/b/x'])
})

test('sources are numbered on, and paths count from the common folder', () => {
  const state = united(stateOf('one', { pay: {} }), stateOf('two', { orders: {} }))
  expect([...state.sources.values()].map(it => [it.id, it.path])).toEqual([[0, 'one.log'], [1, 'two.log']])
  expect(state.segments.map(it => it.path)).toEqual(['partition-0/a.parquet', 'partition-1/a.parquet'])
  expect([...state.days.values()].map(it => [it.application, it.link?.file?.path])).toEqual([
    ['orders', 'partition-1/links/orders.parquet'],
    ['pay', 'partition-0/links/pay.parquet'],
  ])
  expect(splitApplications(state)).toEqual([])
}) // biome-ignore format: rows

test('an application that lies in two: links of both count, and its day is closed where it is in both', () => {
  const closed = united(stateOf('one', { pay: {} }), stateOf('two', { pay: {} }))
  const open = united(stateOf('one', { pay: {} }), stateOf('two', { pay: { state: 'open', reason: 'new' } }))
  expect([closed, open].map(state => [...state.days.values()].map(it => it.state))).toEqual([['closed'], ['open']])
  const [day] = closed.days.values()
  expect([day?.link?.file, ...(day?.further ?? [])].map(it => it?.path)).toEqual(['partition-0/links/pay.parquet', 'partition-1/links/pay.parquet'])
  expect(splitApplications(closed)).toEqual([{ application: 'pay', days: [DAY], stores: ['partition-0', 'partition-1'] }])
}) // biome-ignore format: one line each

test('another setting of one of them is a setting of none', () => {
  const states = ['a', 'b'].map((digest, i) => ({ ...stateOf(String(i), {}), configParts: { fields: 'f', trustedProxies: digest } }))
  const { configParts } = united(...states)
  expect(configParts.fields).toBe('f')
  expect(configParts.trustedProxies).toMatch(/^[0-9a-f]{64}$/)
}) // biome-ignore format: one line each

test('of a finding that was decided about in several, the last decision counts', () => {
  const decided = (at: string) => ({
    id: 'inc-1',
    rule: 'ghost',
    until: '2026-08-01',
    reason: at,
    author: 'a',
    at,
  })
  const states = ['2026-07-02', '2026-07-04', '2026-07-03'].map((at, i) => {
    const state = stateOf(String(i), {})
    state.suppressions.set('inc-1', decided(at))
    return state
  })
  expect(united(...states).suppressions.get('inc-1')?.at).toBe('2026-07-04')
})
