import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { AliasRule } from './alias-rules.ts'
import { type AliasEntry, compileAliases } from './aliases.ts'
import type { Subject } from './subject.ts'
import { isSame, parseSubjectText, subjectText } from './subject-text.ts'

const read = (text: string): Subject => {
  const subject = parseSubjectText(text)
  if (!subject) throw new Error(`no subject: ${text}`)
  return subject
}

const ANN: AliasEntry = {
  subject: 'ann.meyer@corp.example',
  names: ['CORP\\ann', 'ann@corp.example', 'client:Ann1'],
}
const RULES: AliasRule[] = [
  { match: 'CORP\\*', as: '*@corp.example' },
  { match: '*@old.example', as: '*@corp.example' },
  { match: 'CORP\\*', as: '*@never.example' },
]

/** What a name means on a day, as text. */
function meaning(entries: AliasEntry[], rules: AliasRule[], name: string, day = '2026-03-01'): string {
  const { table, problems } = compileAliases(entries, rules)
  expect(problems).toEqual([])
  return subjectText(table.resolve(read(name), day))
}

describe('what a name means', () => {
  const chain: AliasEntry = { subject: 'a.meyer@corp.example', names: ['ann.meyer@corp.example'] }
  const machine: AliasEntry = { subject: 'host:web01.corp.example', names: ['CORP\\WEB01$'] }
  const blank: AliasEntry = { subject: 'ann meyer', names: ['CORP\\Ann Lee'] }
  test.each([
    { why: 'any form of a name is known', entries: [ANN], rules: [], name: 'corp/Ann', want: 'ann.meyer@corp.example' },
    { why: 'a client id keeps its case', entries: [ANN], rules: [], name: 'client:Ann1', want: 'ann.meyer@corp.example' },
    { why: 'and in another case is another', entries: [ANN], rules: [], name: 'client:ann1', want: 'client:ann1' },
    { why: 'nothing said: itself', entries: [ANN], rules: [], name: 'CORP\\bob', want: 'corp\\bob' },
    { why: 'a chain leads to its end', entries: [ANN, chain], rules: [], name: 'CORP\\ann', want: 'a.meyer@corp.example' },
    { why: 'an entry goes before a rule', entries: [ANN], rules: RULES, name: 'CORP\\ann', want: 'ann.meyer@corp.example' },
    { why: 'the first rule wins', entries: [], rules: RULES, name: 'CORP\\bob', want: 'bob@corp.example' },
    { why: 'what a rule gives is looked up', entries: [ANN], rules: RULES, name: 'ann@old.example', want: 'ann.meyer@corp.example' },
    { why: 'no rule changes the subject of an entry', entries: [{ subject: 'CORP\\eve', names: ['eve@x.example'] }], rules: RULES, name: 'eve@x.example', want: 'corp\\eve' },
    { why: 'a star is one part of a name', entries: [], rules: [{ match: '*', as: '*@corp.example' }], name: 'bob@x.example', want: 'bob@x.example' },
    { why: 'and not nothing', entries: [], rules: [{ match: 'x*', as: '*@corp.example' }], name: 'x', want: 'x' },
    { why: 'rules are for one kind', entries: [], rules: RULES, name: 'CORP\\WEB07$', want: 'corp\\web07$' },
    { why: 'also for machines', entries: [], rules: [{ match: 'host:CORP\\*$', as: 'host:*.corp.example' }], name: 'CORP\\WEB07$', want: 'host:web07.corp.example' },
    { why: 'in certificates', entries: [], rules: [{ match: 'CN=*,OU=Staff,O=y', as: '*@corp.example' }], name: '/O=y/OU=Staff/CN=Bob', want: 'bob@corp.example' },
    { why: 'with an issuer', entries: [], rules: [{ match: 'https://idp.example/|*', as: 'CORP\\*' }], name: 'https://idp.example/#bob', want: 'corp\\bob' },
    { why: 'a machine', entries: [machine], rules: [], name: 'corp\\web01$', want: 'host:web01.corp.example' },
    { why: 'a blank is a plus in IIS logs', entries: [blank], rules: [], name: 'user:["corp","ann+lee"]', want: 'ann meyer' },
    { why: 'also in the subject', entries: [blank], rules: [], name: 'ann+meyer', want: 'ann meyer' },
  ])('$why', ({ entries, rules, name, want }) => expect(meaning(entries, rules, name)).toBe(want)) // biome-ignore format: a table

  // The account of Ann, who left, was given to Bob.
  const periods: AliasEntry[] = [
    { subject: 'ann@corp.example', names: ['CORP\\intern'], from: '2026-01-01', to: '2026-02-01' },
    { subject: 'bob@corp.example', names: ['CORP\\intern'], from: '2026-03-01' },
  ]
  test.each([
    { day: '2025-12-31', want: 'corp\\intern' },
    { day: '2026-01-01', want: 'ann@corp.example' },
    { day: '2026-01-31', want: 'ann@corp.example' },
    { day: '2026-02-01', want: 'corp\\intern' },
    { day: '2026-02-28', want: 'corp\\intern' },
    { day: '2026-03-01', want: 'bob@corp.example' },
    { day: '2030-01-01', want: 'bob@corp.example' },
  ])('periods are half-open: $day', ({ day, want }) => {
    expect(meaning(periods, [], 'CORP\\intern', day)).toBe(want)
  })
})

describe('what is wrong is told, and the rest still works', () => {
  const messages = (entries: AliasEntry[], rules: AliasRule[] = []) =>
    compileAliases(entries, rules).problems.map(({ kind, at, message }) => `${kind} ${at}: ${message}`)
  const one = (subject: string, name: string, from?: string, to?: string): AliasEntry => ({
    subject,
    names: [name],
    from,
    to,
  })

  test.each([
    { why: 'two names of each other', entries: [one('b', 'a'), one('a', 'b')], want: ['cycle : a means b means a: names lead back to themselves'] },
    { why: 'a longer circle', entries: [one('b', 'a', '2026-01-01'), one('c', 'b'), one('a', 'c')], want: ['cycle : a means b means c means a from 2026-01-01: names lead back to themselves'] },
    { why: 'not at the same time', entries: [one('b', 'a', '2026-01-01'), one('a', 'b', undefined, '2026-01-01')], want: [] },
    { why: 'one name for two', entries: [one('b', 'a'), one('c', 'a', undefined, '2026-01-01')], want: ['conflict : a is a name of b and of c until before 2026-01-01; one name can mean one subject on a day'] },
    { why: 'one after the other', entries: [one('b', 'a', '2026-01-01'), one('c', 'a', undefined, '2026-01-01')], want: [] },
    { why: 'the same twice', entries: [one('b', 'CORP\\a'), one('B', 'corp/A')], want: [] },
    { why: 'two that are one', entries: [one('b', 'a'), one('c', 'a'), one('c', 'b')], want: [] },
    { why: 'a name of itself', entries: [one('a', 'A')], want: [] },
    { why: 'nobody', entries: [one('Anonymous', 'a'), one('b', '-')], want: ['unreadable aliases.0.subject: got "Anonymous", which is nobody; expected a name such as CORP\\ann', 'unreadable aliases.1.names.0: got "-", which is nobody; expected a name such as CORP\\ann'] },
    { why: 'no such day', entries: [one('b', 'a', '2026-02-30')], want: ['period aliases.0.from: got "2026-02-30", expected an existing day as YYYY-MM-DD'] },
    { why: 'an empty period', entries: [one('b', 'a', '2026-01-01', '2026-01-01')], want: ['period aliases.0.to: got 2026-01-01, expected a day after from (2026-01-01)'] },
  ])('$why', ({ entries, want }) => expect(messages(entries)).toEqual(want)) // biome-ignore format: a table

  test.each([
    { rules: [{ match: 'CORP\\ann', as: '*' }], want: ['rule rules.0.match: got "CORP\\\\ann", expected a name with one * in it, such as CORP\\*'] },
    { rules: [{ match: '*\\*', as: '*' }], want: ['rule rules.0.match: got "*\\\\*", expected a name with one * in it, such as CORP\\*'] },
    { rules: [{ match: 'x*', as: 'y' }], want: ['rule rules.0.as: got "y", expected a name with one * in it, such as CORP\\*'] },
    { rules: [{ match: '*@a', as: '*@b' }, { match: '*@b', as: '*@a' }], want: ['cycle rules.0: rules lead back to themselves: *@a as *@b, then *@b as *@a; no rule is used until one of them goes'] },
    { rules: [{ match: 'x*', as: 'xx*' }], want: ['cycle rules.0: rules lead back to themselves: x* as xx*; no rule is used until one of them goes'] },
    { rules: [{ match: '*', as: '*@corp.example' }, { match: 'a*', as: 'b*@corp.example' }], want: [] },
  ])('rules: $rules', ({ rules, want }) => expect(messages([], rules)).toEqual(want)) // biome-ignore format: a table

  test('a chain of more than 100 names is taken for a mistake', () => {
    const row = (length: number) =>
      Array.from({ length }, (_, place) => one(`n${1000 + place + 1}`, `n${1000 + place}`))
    expect(messages(row(100))).toEqual([])
    expect(messages(row(101))).toEqual([
      'cycle : n1000 means n1001 means n1002 means ... means n1100: more than 100 names in a row',
    ])
    expect(messages([...row(10_000), one('n1000', 'n11000')]).length).toBeGreaterThan(0)
  })

  test('names in conflict or in a circle stay themselves; a name of such a name ends there', () => {
    const entries = [one('b', 'a'), one('c', 'a'), one('a', 'x'), one('q', 'p'), one('p', 'q'), one('p', 'y')]
    const { table } = compileAliases(entries, [{ match: '*', as: '*@corp.example' }])
    const means = (name: string) => table.resolve(read(name), '2026-03-01').name
    expect(['a', 'x', 'p', 'q', 'y', 'b'].map(means)).toEqual(['a', 'a', 'p', 'q', 'p', 'b'])
  })
})

describe('rows for a join', () => {
  const entries: AliasEntry[] = [
    { subject: 'ann@corp.example', names: ['CORP\\ann lee'], from: '2026-01-01' },
    { subject: 'ann.lee@corp.example', names: ['ann@corp.example'], to: '2026-02-01' },
  ]
  const row = (issuer: string, name: string, fromDay: string | null, toDay: string | null, means: string) =>
    ({ kind: 'user', issuer, name, fromDay, toDay, subject_kind: 'user', subject_issuer: '', subject_name: means }) // biome-ignore format: one row

  test('of the entries: chains resolved, in both spellings of a blank', () => {
    expect(compileAliases(entries).table.flatten()).toEqual([
      row('', 'ann@corp.example', null, '2026-02-01', 'ann.lee@corp.example'),
      row('corp', 'ann lee', '2026-01-01', '2026-02-01', 'ann.lee@corp.example'),
      row('corp', 'ann lee', '2026-02-01', null, 'ann@corp.example'),
      // Where nothing is said about it, a name still has one spelling.
      { ...row('corp', 'ann+lee', null, '2026-01-01', 'ann lee'), subject_issuer: 'corp' },
      row('corp', 'ann+lee', '2026-01-01', '2026-02-01', 'ann.lee@corp.example'),
      row('corp', 'ann+lee', '2026-02-01', null, 'ann@corp.example'),
    ])
  })

  test('of the subjects in the data: by rules too, and none for those that stay', () => {
    const { table } = compileAliases(entries, RULES)
    const found = [read('CORP\\ann lee'), read('CORP\\bob'), read('carl@corp.example')]
    expect(table.resolveAll(found)).toEqual([
      row('corp', 'ann lee', null, '2026-01-01', 'ann+lee@corp.example'),
      row('corp', 'ann lee', '2026-01-01', '2026-02-01', 'ann.lee@corp.example'),
      row('corp', 'ann lee', '2026-02-01', null, 'ann@corp.example'),
      row('corp', 'bob', null, null, 'bob@corp.example'),
    ])
  })
})

const NAMES = ['a', 'b', 'c', 'CORP\\a', 'CORP\\b c', 'a@corp.example', 'a@old.example', 'client:A', 'host:a']
const DAYS = ['2026-01-01', '2026-01-02', '2026-01-03', '2026-01-04']
const name = fc.constantFrom(...NAMES)
const entry: fc.Arbitrary<AliasEntry> = fc.record({
  subject: name,
  names: fc.array(name, { maxLength: 3 }),
  from: fc.option(fc.constantFrom('2026-01-02', '2026-01-03'), { nil: undefined }),
  to: fc.option(fc.constantFrom('2026-01-03', '2026-01-04'), { nil: undefined }),
})
const tables = fc.record({
  entries: fc.array(entry, { maxLength: 8 }),
  rules: fc.shuffledSubarray([...RULES, { match: '*', as: 'CORP\\*' }, { match: 'client:*', as: '*' }]),
})

describe('properties', () => {
  test('resolving twice is resolving once', () => {
    fc.assert(
      fc.property(tables, name, fc.constantFrom(...DAYS), ({ entries, rules }, text, day) => {
        const { table } = compileAliases(entries, rules)
        const once = table.resolve(read(text), day)
        expect(table.resolve(once, day)).toEqual(once)
      }),
      { numRuns: 3000 },
    )
  })

  test('the order of entries and of their names does not matter', () => {
    const shuffled = tables.chain(({ entries, rules }) =>
      fc.record({
        rules: fc.constant(rules),
        entries: fc.constant(entries),
        other: fc.shuffledSubarray(entries, { minLength: entries.length }),
      }),
    )
    fc.assert(
      fc.property(shuffled, ({ entries, other, rules }) => {
        const [left, right] = [compileAliases(entries, rules), compileAliases(other, rules)]
        const clashes = (from: typeof left) => from.problems.filter(({ at }) => at === '')
        expect(right.table.flatten()).toEqual(left.table.flatten())
        expect(clashes(right)).toEqual(clashes(left))
      }),
      { numRuns: 2000 },
    )
  })

  test('rows say on every day what resolving says', () => {
    fc.assert(
      fc.property(tables, name, fc.constantFrom(...DAYS), ({ entries, rules }, text, day) => {
        const { table } = compileAliases(entries, rules)
        const subject = read(text)
        const rows = table
          .resolveAll([subject])
          .filter(({ fromDay, toDay }) => (fromDay ?? '') <= day && (toDay === null || day < toDay))
        expect(rows.length).toBeLessThanOrEqual(1)
        const { subject_kind: kind, subject_issuer: issuer, subject_name: named } = rows[0] ?? {}
        const want = table.resolve(subject, day)
        if (kind) expect({ kind, issuer, name: named }).toEqual(want)
        else expect(isSame(want, subject)).toBe(true)
      }),
      { numRuns: 3000 },
    )
  })

  test('a table without problems follows plain steps', () => {
    fc.assert(
      fc.property(fc.array(entry, { maxLength: 6 }), name, fc.constantFrom(...DAYS), (entries, text, day) => {
        const { table, problems } = compileAliases(entries)
        fc.pre(problems.every(({ kind }) => kind === 'period'))
        let at = read(text)
        for (let steps = 0; steps < 20; steps++) {
          const next = entries.find(
            ({ subject, names, from = '', to = '~' }) =>
              from < to &&
              from <= day &&
              day < to &&
              names.some(n => isSame(read(n), at)) &&
              !isSame(read(subject), at),
          )
          if (next) at = read(next.subject)
        }
        expect(isSame(table.resolve(read(text), day), at)).toBe(true)
      }),
      { numRuns: 3000 },
    )
  })
})
