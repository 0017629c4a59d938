import { describe, expect, test } from 'vitest'
import { readDirectory } from './read.ts'

const read = (text: string, domain?: string) => readDirectory(Buffer.from(text), { domain })

/** Made up, in the shape Export-Csv gives: every field quoted, CRLF, the type on the first line. */
const AD = [
  '#TYPE Selected.Microsoft.ActiveDirectory.Management.ADUser',
  '"DistinguishedName","EmailAddress","Enabled","proxyAddresses","SamAccountName","SID","UserPrincipalName","whenCreated","ObjectClass"',
  '"CN=Meyer\\, Änne,OU=Users,DC=corp,DC=example","anne.meyer@corp.example","True","Microsoft.ActiveDirectory.Management.ADPropertyValueCollection","anne","S-1-5-21-1-2-3-1104","anne@corp.local","3/1/2024 9:00:00 AM","user"',
  '"CN=bob,OU=Users,DC=corp,DC=example","","False","SMTP:bob.b@corp.example;smtp:bob@old.example;X500:/o=corp/cn=bob","bob","S-1-5-21-1-2-3-1105","","2024-03-01T23:30:00-02:00","user"',
  '',
].join('\r\n')

describe('Active Directory as CSV', () => {
  const entries = [
    {
      subject: 'anne@corp.local',
      names: ['CORP\\anne', 'anne.meyer@corp.example', 'CN=Meyer\\, Änne,OU=Users,DC=corp,DC=example', 'S-1-5-21-1-2-3-1104'],
    },
    {
      subject: 'CORP\\bob',
      names: ['bob.b@corp.example', 'bob@old.example', 'CN=bob,OU=Users,DC=corp,DC=example', 'S-1-5-21-1-2-3-1105'],
      from: '2024-03-02',
    },
  ] // biome-ignore format: a table

  test('accounts with their names; a date counts where it reads one way only', () => {
    expect(read(AD, 'CORP')).toEqual({ format: 'ad-csv', entries, problems: [], records: 2, skipped: 0 })
  })

  const utf16 = Buffer.from(`\ufeff${AD}`, 'utf16le')
  test.each([
    { name: 'UTF-8 with a byte order mark', bytes: Buffer.from(`\ufeff${AD}`) },
    { name: 'UTF-16LE, as Windows PowerShell writes Unicode', bytes: utf16 },
    { name: 'UTF-16BE', bytes: Buffer.from(utf16).swap16() },
    { name: 'semicolons, as -UseCulture writes them', bytes: Buffer.from(AD.replaceAll('","', '";"')) },
    { name: 'tabs', bytes: Buffer.from(AD.replaceAll('","', '"\t"')) },
    { name: 'bare line feeds', bytes: Buffer.from(AD.replaceAll('\r', '')) },
    { name: 'without the type', bytes: Buffer.from(AD.slice(AD.indexOf('\n') + 1)) },
    { name: 'LDAP names of columns', bytes: Buffer.from(AD.replace('EmailAddress', 'mail').replace('"SID"', '"objectSid"')) },
  ])('$name', ({ bytes }) => expect(readDirectory(bytes, { domain: 'CORP' }).entries).toEqual(entries)) // biome-ignore format: a table

  test('without the domain an account name is not used, and that is said', () => {
    const { entries: found, problems } = read(AD)
    expect(found.map(({ subject, names }) => [subject, ...names.slice(0, 1)])).toEqual([
      ['anne@corp.local', 'anne.meyer@corp.example'],
      ['bob.b@corp.example', 'bob@old.example'],
    ])
    expect(problems).toEqual([
      { line: 2, reason: 'SamAccountName is no name without its domain, which the file does not tell; give --domain' },
    ]) // biome-ignore format: one row
  })

  test('a bad record is told with its line, and the others are read', () => {
    const text = [
      'SamAccountName,UserPrincipalName,mail',
      'ann,ann@corp.example,a.meyer@corp.example',
      '"two\nlines",x@corp.example,y@corp.example',
      'short,short@corp.example',
      '"bro"ken,b@corp.example,b2@corp.example',
      ',,',
      'j?rg,j?rg@corp.example,joerg@corp.example',
      'M?ller,m?ller@corp.example,',
      'web01$,,',
      'zoe,zoe@corp.example,z@corp.example',
      '"open,o@corp.example,o2@corp.example',
      'last,last@corp.example,l@corp.example',
    ].join('\n')
    const { entries: found, problems, records, skipped } = read(text, 'CORP')
    expect(found.map(({ subject }) => subject)).toEqual([
      'ann@corp.example', 'x@corp.example', 'zoe@corp.example', 'last@corp.example',
    ]) // biome-ignore format: a list
    const ascii =
      'holds "?", as an export in ASCII leaves for other characters; export again with -Encoding UTF8'
    expect(problems).toEqual([
      { line: 5, reason: '2 fields, expected 3 as in the header' },
      { line: 6, reason: 'a quote ends before its field does' },
      { line: 8, reason: `"j?rg@corp.example" ${ascii}` },
      { line: 8, reason: `"CORP\\\\j?rg" ${ascii}` },
      { line: 9, reason: `"m?ller@corp.example" ${ascii}` },
      { line: 9, reason: `"CORP\\\\M?ller" ${ascii}` },
      { line: 9, reason: 'no name that can be its subject' },
      { line: 12, reason: 'a quote is not closed' },
    ])
    // What is left of the second name in ASCII is one address, of the computer one account name: no aliases.
    expect({ records, skipped }).toEqual({ records: 10, skipped: 2 })
  })

  test('computers are hosts, groups are skipped', () => {
    const text = 'SamAccountName,DNSHostName,ObjectClass\nWEB01$,web01.corp.example,computer\nAdmins,,group\n'
    expect(read(text, 'CORP')).toEqual({
      format: 'ad-csv',
      entries: [{ subject: 'host:web01.corp.example', names: ['CORP\\WEB01$'] }],
      problems: [],
      records: 2,
      skipped: 1,
    })
  })
})

/** In the shape of ldapsearch and ldifde; S-1-5-21-1-2-3-1104 in bytes (MS-DTYP 2.4.2.2). */
const LDIF = `# extended LDIF
#
# LDAPv3, a comment that is
  folded
version: 1

dn: OU=Users,DC=corp,DC=example
objectClass: organizationalUnit

dn:: Q049w4RubmUgTWV5ZXIsT1U9VXNlcnMsREM9Y29ycCxEQz1leGFtcGxl
changetype: add
objectClass: user
sAMAccountName: anne
userPrincipalName: anne@corp.lo
 cal
mail: anne.meyer@corp.example
proxyAddresses: SMTP:anne.meyer@corp.example
proxyAddresses: smtp:anne@old.example
objectSid:: AQUAAAAAAAUVAAAAAQAAAAIAAAADAAAAUAQAAA==
msDS-PrincipalName: CORP\\anne
whenCreated: 20240301230000.0Z
userPassword:: c2VjcmV0
jpegPhoto:< file:///etc/passwd

dn: uid=bob,ou=people,dc=corp,dc=example
mail;lang-en: bob@corp.example

# search result
search: 2
result: 0 Success
`

describe('LDIF (RFC 2849)', () => {
  test('accounts of ldifde and ldapsearch', () => {
    expect(read(LDIF)).toEqual({
      format: 'ldif',
      entries: [
        {
          subject: 'anne@corp.local',
          names: ['CORP\\anne', 'anne.meyer@corp.example', 'anne@old.example', 'CN=Änne Meyer,OU=Users,DC=corp,DC=example', 'S-1-5-21-1-2-3-1104'],
          from: '2024-03-01',
        },
        { subject: 'bob@corp.example', names: ['uid=bob,ou=people,dc=corp,dc=example'] },
      ],
      problems: [],
      records: 3,
      skipped: 1,
    })
  }) // biome-ignore format: a table

  test('with CRLF and as UTF-16, as ldifde -u writes it', () => {
    const bytes = Buffer.from(`\ufeff${LDIF.replaceAll('\n', '\r\n')}`, 'utf16le')
    expect(readDirectory(bytes)).toEqual(read(LDIF))
  })

  test('changes and broken records are told with their line, and the others are read', () => {
    const text = `dn: CN=a,DC=x
changetype: modify
replace: mail
mail: a@corp.example
-

dn: CN=b,DC=x
changetype: delete

mail: c@corp.example

dn: CN=d,DC=x
mail:: !!!

dn: CN=e,DC=x
no attribute

dn: CN=f,DC=x
sAMAccountName: f
mail: f@corp.example
`
    const { entries, problems, records } = read(text)
    expect(entries).toEqual([{ subject: 'f@corp.example', names: ['CN=f,DC=x'] }])
    expect(problems).toEqual([
      { line: 1, reason: 'line 5 is no "attribute: value"' },
      { line: 7, reason: 'a change (changetype: delete), not an account; export the accounts themselves' },
      { line: 10, reason: 'does not begin with dn:' },
      { line: 12, reason: 'line 13: mail is not base64' },
      { line: 15, reason: 'line 16 is no "attribute: value"' },
      { line: 18, reason: 'sAMAccountName is no name without its domain, which the record does not tell; give --domain' },
    ]) // biome-ignore format: a table
    expect(records).toBe(6)
  })
})

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

test('no secret of a file is copied', () => {
  const found = JSON.stringify([read(LDIF, 'CORP'), read(JSON.stringify(OKTA), 'CORP')])
  for (const secret of ['hunter2', 'Rex', 'Pet?', 'c2VjcmV0', 'secret', '/etc/passwd'])
    expect(found).not.toContain(secret)
})

test('after many broken records a file is given up, and that is said', () => {
  const text = `subject,name\n${'"a"b,c\n'.repeat(200)}`
  const { problems } = read(text)
  expect(problems).toHaveLength(101)
  expect(problems.at(-1)).toEqual({ line: 102, reason: 'not read from here: 100 records are broken' })
})
