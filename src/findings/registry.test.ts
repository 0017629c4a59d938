import { readdirSync } from 'node:fs'
import { expect, test } from 'vitest'
import { parseHeader } from './header.ts'
import { REASONS } from './reasons.ts'
import { RULES } from './registry.ts'

test('every file of rules/ is a rule of the registry, and the other way round', () => {
  const files = readdirSync(new URL('./rules', import.meta.url)).map(name => name.replace(/\.sql$/, ''))
  expect(RULES.map(rule => rule.id).sort()).toEqual(files.sort())
})

test.each(RULES.map(rule => ({ rule })))('$rule.id says what it needs', ({ rule }) => {
  const { sql, coverage, config, about } = rule
  // What a header says is in the statement: coverage of a side, and each part of what it is about.
  if (coverage === 'gateway' || coverage === 'app') expect(sql).toContain(`'${coverage}-not-covered'`)
  else expect(sql).not.toContain('-not-covered')
  const told = /json_object\(([\s\S]*?)\) AS about/.exec(sql)?.[1] ?? ''
  for (const part of about) expect(told).toContain(`'${part}',`)
  expect(config.includes('trustedProxies')).toBe(
    /\btrusted\b/.test(sql) && !['ghost', 'kernel-refused'].includes(rule.id),
  )
  expect(sql).toMatch(/\bwhy_not\b/)
  const coded = Object.keys(REASONS).filter(code => sql.replace(/^--.*$/gm, '').includes(`'${code}'`))
  const undecided =
    /(?:THEN |^ +)c\.undecided\b/m.test(sql) || sql.includes('c.undecided AS why_not')
      ? ['link-ambiguous', 'partner-pruned']
      : []
  const erased = rule.erased === undefined ? [] : ['subject-erased']
  // Where it asks for ambiguous requests only, the other reason does not come.
  const none = sql.includes("c.state = 'ambiguous'") ? ['partner-pruned'] : []
  expect([...rule['not-evaluated']].sort()).toEqual(
    [...coded, ...undecided, ...erased].filter(it => !none.includes(it)).sort(),
  )
})

test.each([
  { name: 'an unknown key', sql: '-- a-rule: Title\n-- colour: red\nSELECT 1', want: /colour/ },
  { name: 'a criterion that is none', sql: '-- a-rule: Title\n-- meaning: m\n-- criteria: CC99.1\nSELECT 1', want: /criteria/ },
  { name: 'a line without a key', sql: '-- a-rule: Title\n-- words\nSELECT 1', want: /expected "-- key: value"/ },
])('$name is a mistake that names itself', ({ sql, want }) => {
  expect(() => parseHeader(sql)).toThrow(want)
}) // biome-ignore format: a table
