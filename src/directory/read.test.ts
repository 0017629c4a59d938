import { describe, expect, test } from 'vitest'
import { readDirectory } from './read.ts'

const read = (text: string, domain?: string) => readDirectory(Buffer.from(text), { domain })

describe('a plain list', () => {
  test('rows of one subject and period are one entry', () => {
    const text = `subject,name,from,to
ann@corp.example,CORP\\ann,,
ann@corp.example,client:Ab12,,
ann@corp.example,CORP\\intern,2026-01-01,2026-02-01
Anonymous,CORP\\x,,
ann@corp.example,-,,
ann@corp.example,y,2026-02-30,
ann@corp.example,y,,tomorrow
ann@corp.example,y,2026-02-01,2026-02-01
`
    expect(read(text)).toEqual({
      format: 'plain-csv',
      entries: [
        { subject: 'ann@corp.example', names: ['CORP\\ann', 'client:Ab12'] },
        { subject: 'ann@corp.example', names: ['CORP\\intern'], from: '2026-01-01', to: '2026-02-01' },
      ],
      problems: [
        { line: 5, reason: 'subject "Anonymous" is nobody' },
        { line: 6, reason: 'name "-" is nobody' },
        { line: 7, reason: 'from "2026-02-30" is no day as YYYY-MM-DD' },
        { line: 8, reason: 'to "tomorrow" is no day as YYYY-MM-DD' },
        { line: 9, reason: 'to 2026-02-01 is not after from 2026-02-01' },
      ],
      records: 8,
      skipped: 0,
    })
  })
})

describe('what is no directory', () => {
  const expected =
    'no directory export: expected CSV with SamAccountName or UserPrincipalName, or with subject and name; LDIF; or users of Okta as JSON'
  test.each([
    { name: 'nothing', bytes: Buffer.from(''), line: 1, reason: expected },
    { name: 'a log', bytes: Buffer.from('#Software: Microsoft IIS\n#Fields: date time\n'), line: 1, reason: expected },
    { name: 'another list', bytes: Buffer.from('a,b\n1,2\n'), line: 1, reason: expected },
    { name: 'a code page', bytes: Buffer.from('subject,name\nm\xfcller,x\n', 'latin1'), line: 2, reason: 'not UTF-8 or UTF-16; export again with -Encoding UTF8' },
  ])('$name', ({ bytes, line, reason }) => {
    expect(readDirectory(bytes)).toEqual({ format: undefined, entries: [], problems: [{ line, reason }], records: 0, skipped: 0 })
  }) // biome-ignore format: a table
})

test('after many broken records a file is given up, and that is said', () => {
  const text = `subject,name\n${'"a"b,c\n'.repeat(200)}`
  const { problems } = read(text)
  expect(problems).toHaveLength(101)
  expect(problems.at(-1)).toEqual({ line: 102, reason: 'not read from here: 100 records are broken' })
})
