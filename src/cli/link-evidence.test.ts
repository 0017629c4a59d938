import { expect, test } from 'vitest'
import type { LinkRow } from '../requests/lookup.ts'
import { factor } from './link-evidence.ts'
import { confidence, evidenceUse, probability } from './link-words.ts'

test.each([
  { log: 0, want: 'x 1.0' },
  { log: Math.log(1.36), want: 'x 1.4' },
  { log: -Math.log(35.4), want: '/ 35' },
  { log: Math.log(214), want: 'x 210' },
  { log: Math.log(9.96), want: 'x 10' },
  { log: -0.001, want: 'x 1.0' },
  { log: 20, want: 'x 490,000,000' },
])('odds of e^$log count as $want', ({ log, want }) => expect(factor(log)).toBe(want))

test.each([
  { p: 1, want: '>0.999999' },
  { p: 0.99995, want: '0.9999' },
  { p: 0.9, want: '0.9000' },
  { p: 0.00009, want: '<0.0001' },
  { p: 0, want: '<0.0001' },
])('a probability of $p is never shown as certain: $want', ({ p, want }) => expect(probability(p)).toBe(want))

const link = (values: Partial<LinkRow>): LinkRow => ({ verdict: 'linked', method: 'subject', posterior: 1, ...values }) as LinkRow // biome-ignore format: one line

test('only an id that nothing contradicts has confidence 1', () => {
  expect(confidence(link({ method: 'id' }))).toBe('1.00')
  expect(confidence(link({}))).toBe('>0.999999')
})

test.each([
  { name: 'from 0.99', row: { posterior: 0.99 }, want: 'yes' },
  { name: 'not below', row: { posterior: 0.989999 }, want: 'no' },
  { name: 'by time alone on request', row: { method: 'time' }, want: 'on-request' },
  { name: 'no candidate', row: { verdict: 'ambiguous' }, want: 'no' },
])('evidence takes a link $name', ({ row, want }) => expect(evidenceUse(link(row))).toBe(want))
