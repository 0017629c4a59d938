import fc from 'fast-check'
import { expect, test } from 'vitest'
import { inFolder } from '../../../test/support/folder.ts'
import { withStore } from '../../../test/support/store.ts'
import { nthId } from '../../store/shipped.ts'
import { Numbering } from './numbering.ts'

const IDS = [
  '0123456789abcdef0123456789abcdef',
  'ffffffffffffffffffffffffffffffff',
  '00000000000000000000000000000001',
]
const SECOND_US = 1_000_000

test('equal lines get the ids that the store gives by their ordinal, however they are cut', () =>
  inFolder(folder =>
    withStore(`${folder}/store`, async ({ db }) => {
      const ids = fc.array(fc.constantFrom(...IDS), { minLength: 1, maxLength: 12 })
      await fc.assert(
        fc.asyncProperty(ids, fc.nat(12), async (lines, cut) => {
          const list = lines.map((id, n) => `(${n}, '${id}'::UUID)`).join(', ')
          const rows = await db.rows<{ id: string }>(
            `SELECT replace((${nthId('id', 'ordinal')})::VARCHAR, '-', '') AS id
             FROM (SELECT n, id, row_number() OVER (PARTITION BY id ORDER BY n) - 1 AS ordinal FROM (VALUES ${list}) AS l(n, id))
             ORDER BY n`,
          )
          const first = new Numbering(false)
          const found = lines.slice(0, cut).map((id, n) => first.idOf(id, n * SECOND_US))
          const second = new Numbering(false)
          second.enter(lines.slice(0, cut).map(hopId => ({ hopId, log: null })))
          found.push(...lines.slice(cut).map((id, n) => second.idOf(id, (cut + n) * SECOND_US)))
          expect(found).toEqual(rows.map(r => r.id))
        }),
        { numRuns: 100 },
      )
    }),
  ))

test('lines are forgotten once the log is far behind them, and records of exports never', () => {
  const [id = ''] = IDS
  const lines = new Numbering(false)
  const records = new Numbering(true)
  expect([lines.idOf(id, 0), records.idOf(id, 0)]).toEqual([id, id])
  const hour = 3_600 * SECOND_US
  expect([lines.idOf(IDS[1] ?? '', hour), records.idOf(IDS[1] ?? '', hour)]).toEqual([IDS[1], IDS[1]])
  expect(lines.idOf(id, hour)).toBe(id)
  expect(records.idOf(id, hour)).not.toBe(id)
})

test('equal lines of two logs of one shipper are told apart by their log', () => {
  const [id = ''] = IDS
  const numbering = new Numbering(false)
  expect([numbering.idOf(id, 0, 'a'), numbering.idOf(id, 0, 'b')]).toEqual([id, id])
  expect(numbering.idOf(id, 0, 'a')).not.toBe(id)
})
