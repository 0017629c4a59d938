import fc from 'fast-check'
import { expect, test } from 'vitest'
import { counted } from '../../test/support/counted.ts'
import { runs } from '../../test/support/runs.ts'
import type { SourceRecord } from '../ledger/entry.ts'
import { type Accounting, emptyAccounting } from '../model/source.ts'
import { countCommit, lineChanges } from './count-lines.ts'

const few = fc.integer({ min: 0, max: 3 })
/** The accounting of a source at some commit; the next may say less of a part, as a last line was read again. */
const accountings: fc.Arbitrary<Accounting> = fc
  .record({ decoded: few, directives: few, truncated: few, short: few })
  .map(({ decoded, directives, truncated, short }) => ({
    ...emptyAccounting(),
    lines: decoded + directives + truncated + short,
    decoded,
    directives,
    rejected: truncated + short,
    rejectedBy: {
      ...(truncated > 0 ? { truncated } : {}),
      ...(short > 0 ? { 'too-few-columns': short } : {}),
    },
  }))
const commits = fc.array(fc.record({ id: fc.integer({ min: 1, max: 2 }), accounting: accountings }), {
  maxLength: 6,
})

const sourceOf = (id: number, accounting: Accounting) => ({ id, accounting }) as SourceRecord

test('counters only grow; less what was taken back they are the accounting, and lines always add up', async () => {
  await fc.assert(
    fc.asyncProperty(commits, async list => {
      await counted(sums => {
        const state = new Map<number, SourceRecord>()
        const of = (name: string): number => sums.get(`throughline.lines.${name}`) ?? 0
        for (const { id, accounting } of list) {
          const sources = [sourceOf(id, accounting)]
          countCommit(0, lineChanges(sources, state), 0)
          state.set(id, sourceOf(id, accounting))
          expect(of('read')).toBe(of('decoded') + of('directives') + of('rejected'))
        }
        const final = [...state.values()].map(s => s.accounting)
        const sum = (pick: (a: Accounting) => number): number => final.reduce((n, a) => n + pick(a), 0)
        expect(of('decoded') - of('taken_back decoded')).toBe(sum(a => a.decoded))
        expect(of('directives') - of('taken_back directive')).toBe(sum(a => a.directives))
        expect(of('rejected') - of('taken_back rejected')).toBe(sum(a => a.rejected))
        expect(of('read') - of('taken_back')).toBe(sum(a => a.lines))
      })
    }),
    runs(300),
  )
})

test('a reject that became another one is taken back and counted by its new reason', async () => {
  await counted(sums => {
    const before = { ...emptyAccounting(), lines: 1, rejected: 1, rejectedBy: { truncated: 1 } }
    const after = { ...emptyAccounting(), lines: 1, rejected: 1, rejectedBy: { truncated: 0, 'bad-date': 1 } }
    countCommit(0, lineChanges([sourceOf(1, before)], new Map()), 0)
    countCommit(0, lineChanges([sourceOf(1, after)], new Map([[1, sourceOf(1, before)]])), 0)
    expect(Object.fromEntries(sums)).toMatchObject({
      'throughline.lines.read': 2,
      'throughline.lines.rejected truncated': 1,
      'throughline.lines.rejected bad-date': 1,
      'throughline.lines.taken_back rejected': 1,
    })
  })
})

test('nothing is compared while telemetry is off', () => {
  expect(lineChanges([sourceOf(1, emptyAccounting())], new Map())).toEqual([])
})
