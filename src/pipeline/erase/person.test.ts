import { expect, test } from 'vitest'
import { subjectText } from '../../model/subject-text.ts'
import type { RecordedAliases } from '../../requests/subjects.ts'
import { entriesOf, personOf, readSubject, withoutPerson } from './person.ts'

const ALIASES: RecordedAliases = {
  aliases: [
    { subject: 'ann@corp.example', names: ['CORP\\ann', 'client:4711'] },
    { subject: 'CORP\\ann', names: ['00u1@https://idp.example'] },
    { subject: 'ann@corp.example', names: ['CORP\\intern'], from: '2026-01-01', to: '2026-02-01' },
    { subject: 'bob@corp.example', names: ['CORP\\intern'], from: '2026-02-01' },
  ],
  rules: [{ match: 'HQ\\*', as: '*@corp.example' }],
  imported: [{ file: 'x.csv', entries: [{ subject: 'ann@corp.example', names: ['a.meyer@corp.example'] }] }],
}

test.each([
  'ann@corp.example',
  'CORP\\ann',
  'client:4711',
  'https://idp.example|00u1',
  'HQ\\ann',
  'A.Meyer@corp.example',
])('%s is one person with all her names', text => {
  const person = personOf(ALIASES, readSubject(text, undefined))
  expect(subjectText(person.subject)).toBe('ann@corp.example')
  expect([...person.names].sort()).toEqual(['00u1', '4711', 'a.meyer@corp.example', 'ann', 'ann@corp.example', 'intern'])
  expect(entriesOf(withoutPerson(ALIASES, person))).toEqual([ALIASES.aliases[3]])
}) // biome-ignore format: one expectation a line

test('a name of two people, one after the other, is neither', () => {
  expect(() => personOf(ALIASES, readSubject('CORP\\intern', undefined))).toThrow(
    /it is a name of ann@corp.example from 2026-01-01 until before 2026-02-01, and of bob@corp.example from 2026-02-01/,
  )
})

test.each([
  { text: 'Client7', kind: 'client' as const, want: 'client:Client7' },
  { text: 'CORP\\web01', kind: 'host' as const, want: 'host:corp\\web01' },
  { text: 'stranger', kind: undefined, want: 'stranger' },
])('$text of kind $kind is $want', ({ text, kind, want }) => {
  const { subject } = personOf(ALIASES, readSubject(text, kind))
  expect(subjectText(subject)).toBe(want)
})

test.each(['', '-', 'anonymous'])('"%s" is nobody', text => {
  expect(() => readSubject(text, undefined)).toThrow(/that is nobody/)
})
