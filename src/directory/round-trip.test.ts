import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { AliasEntry } from '../model/aliases.ts'
import { readDirectory } from './read.ts'
import type { DirectoryImport } from './result.ts'
import { countAliases, summarizeImport } from './summary.ts'

const letters = [...'abcdeföß01-_']
const word = fc
  .array(fc.constantFrom(...letters), { minLength: 1, maxLength: 70 })
  .map(chars => `n${chars.join('')}`)
const day = fc
  .integer({ min: 0, max: 8000 })
  .map(days => new Date(946_684_800_000 + days * 86_400_000).toISOString().slice(0, 10))

/** An account as directories have it: all of its names differ from those of the others. */
interface Known {
  readonly entry: AliasEntry
  readonly account: string
  readonly mail: string
  readonly others: readonly string[]
}

const accounts = fc
  .uniqueArray(fc.record({ account: word, others: fc.uniqueArray(word, { maxLength: 3 }), from: day }), { selector: ({ account }) => account, maxLength: 6 })
  .map(all =>
    all.map(({ account, others, from }, place): Known => {
      const mail = `${place}.${account}@mail.example`
      const more = others.map(other => `${place}.${other}@more.example`)
      const entry = { subject: `${account}@corp.example`, names: [`CORP\\${account}`, mail, ...more], from }
      return { entry, account, mail, others: more }
    }),
  ) // biome-ignore format: short lines

const quoted = (fields: readonly string[], sign: string) =>
  fields.map(f => `"${f.replaceAll('"', '""')}"`).join(sign)
const file = (lines: readonly string[], end: string) => Buffer.from(lines.map(line => line + end).join(''))
const whole = (entries: readonly AliasEntry[]): Partial<DirectoryImport> => ({
  entries,
  problems: [],
  skipped: 0,
})

/** RFC 2849, note 2: any line may be folded, anywhere but before its first character. */
function fold(line: string, width: number): string[] {
  const parts: string[] = [line.slice(0, width)]
  for (let at = width; at < line.length; at += width) parts.push(` ${line.slice(at, at + width)}`)
  return parts
}

describe('an export written from entries is read as these entries', () => {
  const sign = fc.constantFrom(',', ';', '\t', '|')
  const end = fc.constantFrom('\n', '\r\n')

  test('a plain list', () => {
    const name = fc.string({ minLength: 1 }).map(text => `n${text.replace(/[^ -~\n]/g, '')}x`)
    const entry = fc.record({
      subject: name,
      names: fc.array(name, { minLength: 1, maxLength: 3 }),
      from: fc.constantFrom('2026-01-01', '2026-01-02'),
    })
    const entries = fc.uniqueArray(entry, { selector: ({ subject, from }) => subject + from, maxLength: 6 })
    fc.assert(
      fc.property(entries, sign, end, (all, by, eol) => {
        const rows = all.flatMap(({ subject, names, from }) => names.map(n => quoted([subject, n, from], by)))
        expect(readDirectory(file([['subject', 'name', 'from'].join(by), ...rows], eol))).toMatchObject(
          whole(all),
        )
      }),
      { numRuns: 300 },
    )
  })

  test('Active Directory as CSV', () => {
    fc.assert(
      fc.property(accounts, sign, end, (all, by, eol) => {
        const rows = all.map(({ entry, account, mail, others }) =>
          quoted(
            [account, entry.subject, mail, others.map(o => `smtp:${o}`).join(';'), `${entry.from}T12:00:00Z`],
            by,
          ),
        )
        const header = quoted(
          ['SamAccountName', 'UserPrincipalName', 'mail', 'proxyAddresses', 'whenCreated'],
          by,
        )
        const found = readDirectory(file(['#TYPE x', header, ...rows], eol), { domain: 'CORP' })
        expect(found).toMatchObject(whole(all.map(({ entry }) => entry)))
      }),
      { numRuns: 300 },
    )
  })

  test('LDIF, whatever is folded and whatever is base64', () => {
    fc.assert(
      fc.property(
        accounts,
        end,
        fc.integer({ min: 1, max: 90 }),
        fc.boolean(),
        (all, eol, width, isBase64) => {
          const value = (type: string, text: string) =>
            fold(isBase64 ? `${type}:: ${Buffer.from(text).toString('base64')}` : `${type}: ${text}`, width)
          const lines = all.flatMap(({ entry, account, mail, others }) => [
            ...value('dn', `OU=${account},DC=corp`),
            ...value('msDS-PrincipalName', `CORP\\${account}`),
            ...value('userPrincipalName', entry.subject),
            ...value('mail', mail),
            ...others.flatMap(other => value('proxyAddresses', `smtp:${other}`)),
            ...value('whenCreated', `${entry.from?.replaceAll('-', '')}120000.0Z`),
            '',
          ])
          // A unit is no name of a person, so the DN above is read as one plain name and goes last.
          const want = all.map(({ entry, account }) => ({
            ...entry,
            names: [...entry.names, `OU=${account},DC=corp`],
          }))
          expect(readDirectory(file(['version: 1', '', ...lines], eol))).toMatchObject(whole(want))
        },
      ),
      { numRuns: 300 },
    )
  })

  test('users of Okta', () => {
    fc.assert(
      fc.property(accounts, fc.constantFrom(undefined, 2), fc.boolean(), (all, indent, isArray) => {
        const users = all.map(({ entry, account, mail, others }) => ({
          id: others[0] ?? null,
          created: `${entry.from}T00:00:00.000Z`,
          profile: { login: entry.subject, email: mail, samAccountName: account },
        }))
        const text = isArray
          ? JSON.stringify(users, null, indent)
          : `${users.map(user => JSON.stringify(user, null, indent)).join('\n')}\n`
        fc.pre(isArray || users.length > 0)
        const want = all.map(({ entry, account, mail, others }) => ({ ...entry, names: [mail, ...others.slice(0, 1), `CORP\\${account}`] }))
        expect(readDirectory(Buffer.from(text), { domain: 'CORP' })).toMatchObject(whole(want))
      }),
      { numRuns: 300 },
    ) // biome-ignore format: short lines
  })
})

test('any bytes are read without an exception, and every record is accounted for', () => {
  const heads = ['', '#TYPE x\n', 'subject,name\n', 'SamAccountName,mail\n', 'dn: CN=a\n', 'version: 1\n\n', '[{', '{"id":1}\n', '\ufeff']
  const piece = fc.oneof(fc.string(), fc.constantFrom('"', '\n', ',', '\n\n', 'dn: x\n', 'mail:: ', '{', '}', '[', '"profile":{', '\\', 'a@b'))
  fc.assert(
    fc.property(fc.constantFrom(...heads), fc.array(piece, { maxLength: 12 }), (head, pieces) => {
      const { format, entries, records, skipped } = readDirectory(Buffer.from(head + pieces.join('')))
      if (format !== 'plain-csv') expect(entries.length + skipped).toBeLessThanOrEqual(records)
    }),
    { numRuns: 3000 },
  )
  fc.assert(fc.property(fc.uint8Array({ maxLength: 200 }), bytes => void readDirectory(bytes)), { numRuns: 1000 })
}) // biome-ignore format: long lists

describe('what a command can tell', () => {
  const entries: AliasEntry[] = [
    { subject: 'ann@corp.example', names: ['CORP\\ann', 'client:7'] },
    { subject: 'Ann@corp.example', names: ['CORP\\a'] },
  ]

  test('counts of a table', () => {
    expect(countAliases(entries, [{ match: 'x', as: 'y' }])).toMatchObject({
      entries: 2, subjects: 1, names: 3, conflicts: 0, cycles: 0, unreadable: 2,
    }) // biome-ignore format: counts
  })

  test('an import beside what was there before', () => {
    const found = readDirectory(Buffer.from('subject,name\nbob@corp.example,CORP\\ann\n-,x\n'))
    const summary = summarizeImport(found, entries)
    expect(summary).toMatchObject({
      format: 'plain-csv',
      records: 2,
      skipped: 0,
      imported: { entries: 1, subjects: 1, names: 1, conflicts: 0 },
      together: { entries: 3, subjects: 2, names: 4, conflicts: 1 },
      problems: [{ line: 3, reason: 'subject "-" is nobody' }],
    })
    expect(summary.together.problems[0]?.message).toBe(
      'corp\\ann is a name of ann@corp.example and of bob@corp.example; one name can mean one subject on a day',
    )
  })
})
