import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { ThroughlineError } from '../errors.ts'
import type { Subject } from '../model/subject.ts'
import { parseSubjectText, subjectText } from '../model/subject-text.ts'
import { parseConfig } from './load.ts'
import { validateAliases } from './subjects.ts'

test('no aliases is the default', () => {
  expect(parseConfig('', 'c.yaml').subjects).toEqual({ aliases: [], rules: [] })
})

test('aliases and rules of a file resolve names', () => {
  const { subjects } = parseConfig(
    String.raw`
subjects:
  aliases:
    - subject: ann.meyer@corp.example
      names: ['CORP\ann', "client:4711"]
      from: 2026-01-01
  rules:
    - match: 'CORP\*'
      as: '*@corp.example'
`,
    'c.yaml',
  )
  const table = validateAliases(subjects, 'c.yaml')
  const ann = { kind: 'user', issuer: 'corp', name: 'ann' } as const
  expect(table.resolve(ann, '2026-01-01').name).toBe('ann.meyer@corp.example')
  expect(table.resolve(ann, '2025-12-31').name).toBe('ann@corp.example')
})

test.each([
  { text: 'aliases: [{ subject: b, names: [a], from: 2026-02-30 }]', words: 'subjects.aliases.0.from: got "2026-02-30"; expected an existing day as YYYY-MM-DD' },
  { text: 'aliases: [{ subject: b, names: [] }]', words: 'subjects.aliases.0.names: got []; ' },
  { text: 'aliases: [{ subject: b, name: a }]', words: 'subjects.aliases.0.name: unknown key' },
  { text: 'rule: []', words: 'subjects.rule: unknown key; did you mean rules?' },
])('the shape is checked with the file: $text', ({ text, words }) => {
  expect(() => parseConfig(`subjects: { ${text} }`, 'c.yaml')).toThrow(words)
}) // biome-ignore format: a table

test.each([
  { text: 'aliases: [{ subject: b, names: [a] }, { subject: a, names: [b] }]', words: 'config c.yaml: subjects.aliases: a means b means a: names lead back to themselves' },
  { text: 'aliases: [{ subject: b, names: [a] }, { subject: c, names: [a] }]', words: 'config c.yaml: subjects.aliases: a is a name of b and of c; one name can mean one subject on a day' },
  { text: 'aliases: [{ subject: b, names: [Anonymous] }]', words: 'config c.yaml: subjects.aliases.0.names.0: got "Anonymous", which is nobody' },
  { text: 'rules: [{ match: ann, as: "*" }]', words: 'config c.yaml: subjects.rules.0.match: got "ann", expected a name with one * in it' },
])('what does not fit together is CONFIG_INVALID: $text', ({ text, words }) => {
  const validate = () => parseConfig(`subjects: { ${text} }`, 'c.yaml')
  expect(validate).toThrow(words)
  expect(validate).toThrow(expect.objectContaining({ code: 'CONFIG_INVALID' }))
  expect(validate).toThrow(ThroughlineError)
}) // biome-ignore format: a table

test('the example of docs/subjects.md is right', () => {
  const page = readFileSync(new URL('../../docs/subjects.md', import.meta.url), 'utf8')
  const { subjects } = parseConfig(/```yaml\n([\s\S]*?)```/.exec(page)?.[1] ?? '', 'docs/subjects.md')
  const table = validateAliases(subjects, 'docs/subjects.md')
  const meaning = (text: string, day: string) => subjectText(table.resolve(read(text), day))
  expect(meaning('CORP\\intern', '2026-01-31')).toBe('bob@corp.example')
  expect(meaning('CORP\\intern', '2026-02-01')).toBe('intern@corp.example')
  expect(meaning('https://idp.example/|00u1', '2026-02-01')).toBe('ann.meyer@corp.example')
  expect(meaning('corp\\web01$', '2026-02-01')).toBe('host:web01.corp.example')
})

function read(text: string): Subject {
  const subject = parseSubjectText(text)
  if (!subject) throw new Error(`no subject: ${text}`)
  return subject
}
