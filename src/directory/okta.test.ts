import { describe, expect, test } from 'vitest'
import { readDirectory } from './read.ts'

const read = (text: string, domain?: string) => readDirectory(Buffer.from(text), { domain })

/** In the shape of GET /api/v1/users, with values of the documentation's kind. */
const OKTA = [
  {
    id: '00u118oQYT4TBGuay0g4',
    status: 'ACTIVE',
    created: '2022-04-04T15:56:05.000Z',
    activated: null,
    statusChanged: null,
    profile: { firstName: 'Ann', mobilePhone: null, secondEmail: null, login: 'ann@corp.example', email: 'a.meyer@corp.example', sAMAccountName: 'ann' },
    credentials: { password: { value: 'hunter2' }, recovery_question: { question: 'Pet?', answer: 'Rex' }, provider: { type: 'OKTA', name: 'OKTA' } },
  },
  {
    id: '00u1uu9qihPYNJeXZ0g4',
    status: 'DEPROVISIONED',
    created: '2022-04-04T15:56:05.000Z',
    statusChanged: '2023-06-30T22:00:00.000Z',
    profile: { login: 'bob@corp.example', email: 'bob@corp.example', secondEmail: 'bob@home.example' },
  },
] // biome-ignore format: as the API answers

describe('Okta', () => {
  const entries = [
    { subject: 'ann@corp.example', names: ['a.meyer@corp.example', '00u118oQYT4TBGuay0g4', 'CORP\\ann'], from: '2022-04-04' },
    { subject: 'bob@corp.example', names: ['bob@home.example', '00u1uu9qihPYNJeXZ0g4'], from: '2022-04-04', to: '2023-07-01' },
  ] // biome-ignore format: a table
  test.each([
    { name: 'an array', text: JSON.stringify(OKTA) },
    { name: 'an array over many lines', text: JSON.stringify(OKTA, null, 2) },
    { name: 'one object a line', text: OKTA.map(user => JSON.stringify(user)).join('\n') },
    { name: 'objects over many lines', text: OKTA.map(user => JSON.stringify(user, null, 2)).join('\n') },
  ])('$name', ({ text }) => {
    expect(read(text, 'CORP')).toEqual({ format: 'okta-json', entries, problems: [], records: 2, skipped: 0 })
  })

  test('bad users are told with their line, and the others are read', () => {
    const good = '{"id":"1x","profile":{"login":"ann@corp.example","email":"a}\\"{@corp.example"}}'
    expect(read(`${good}\n{"id":\n\n[1]\n{"id":"2x"}\n{"profile":{"login":"-"}}\n${good}`)).toEqual({
      format: 'okta-json',
      entries: [
        { subject: 'ann@corp.example', names: ['a}"{@corp.example', '1x'] },
        { subject: 'ann@corp.example', names: ['a}"{@corp.example', '1x'] },
      ],
      problems: [
        { line: 2, reason: 'not JSON' },
        { line: 4, reason: 'no user: an object with a profile is expected' },
        { line: 5, reason: 'no user: an object with a profile is expected' },
        { line: 6, reason: 'no name that can be its subject' },
      ],
      records: 6,
      skipped: 0,
    })
    expect(read(`[\n{"id":x},\n${good},\n{"open":`)).toMatchObject({
      entries: [{ subject: 'ann@corp.example' }],
      problems: [
        { line: 2, reason: 'not JSON' },
        { line: 4, reason: 'not JSON' },
      ],
    })
    expect(read('[]')).toMatchObject({ format: 'okta-json', records: 0 })
  })
})

test('no secret of a file is copied', () => {
  const found = JSON.stringify(read(JSON.stringify(OKTA), 'CORP'))
  for (const secret of ['hunter2', 'Rex', 'Pet?']) expect(found).not.toContain(secret)
})
