import { expect, test } from 'vitest'
import { parseSubjectText } from '../model/subject-text.ts'
import { judgePairs, type SubjectPair, shapeOf } from './subjects.ts'

const NONE = { aliases: [], rules: [] }

const pair = (gateway: string, app: string, pairs = 1): SubjectPair => ({
  gateway: parseSubjectText(gateway) ?? { kind: 'user', issuer: '', name: '' },
  app: parseSubjectText(app) ?? { kind: 'user', issuer: '', name: '' },
  day: '2026-07-01',
  pairs,
})
const people = (n: number, from = 0): SubjectPair[] =>
  Array.from({ length: n }, (_, i) => pair(`ann${from + i}@corp.example`, `CORP\\ann${from + i}`))

const proposed = (pairs: readonly SubjectPair[]) =>
  judgePairs(pairs, NONE).rules.map(({ match, as }) => `${match} as ${as}`)

test.each([
  { name: 'twenty pairs bear a rule out', pairs: people(20), want: ['CORP\\* as *@corp.example'] },
  { name: 'nineteen do not', pairs: people(19), want: [] },
  { name: '95 % agree', pairs: [...people(19), pair('eve@corp.example', 'CORP\\mallory')], want: ['CORP\\* as *@corp.example'] },
  { name: 'less than 95 % agree', pairs: [...people(18), pair('eve@corp.example', 'CORP\\mallory', 2)], want: [] },
  { name: 'one account of all calls', pairs: people(30).map(p => ({ ...p, app: pair('x', 'CORP\\svc').app })), want: [] },
  { name: 'short names at the gateway', pairs: people(20).map(({ gateway, app, ...p }) => ({ gateway: app, app: gateway, ...p })), want: ['CORP\\* as *@corp.example'] },
  { name: 'accounts of services in another way', pairs: [...people(20), pair('svc-a', 'CORP\\svc-a', 20)], want: ['CORP\\svc-* as svc-*', 'CORP\\* as *@corp.example'] },
  { name: 'clients are no people', pairs: people(20).map(p => ({ ...p, gateway: { kind: 'client' as const, issuer: '', name: 'app' } })), want: [] },
  { name: 'names that agree need no rule', pairs: [pair('ann@corp.example', 'ann@corp.example', 50)], want: [] },
])('$name', ({ pairs, want }) => {
  expect(proposed(pairs)).toEqual(want)
}) // biome-ignore format: a table

test('rules in force count', () => {
  const rules = [{ match: 'CORP\\*', as: '*@corp.example' }]
  expect(judgePairs(people(20), { aliases: [], rules })).toEqual({ pairs: 20, agreeing: 20, rules: [] })
  expect(judgePairs(people(20), NONE)).toMatchObject({ pairs: 20, agreeing: 0 })
})

test('the shape of a name', () => {
  const shape = (text: string) => shapeOf(parseSubjectText(text) ?? { issuer: '', name: '' })
  expect(['CORP\\ann', 'ann@corp.example', 'ann', 'https://idp.example|4711'].map(shape)).toEqual(['CORP\\*', '*@corp.example', '*', 'https://idp.example|*']) // biome-ignore format: pairs
})
