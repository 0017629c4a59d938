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
