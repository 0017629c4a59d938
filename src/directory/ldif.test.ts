import { describe, expect, test } from 'vitest'
import { readDirectory } from './read.ts'

const read = (text: string, domain?: string) => readDirectory(Buffer.from(text), { domain })

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

test('no secret of a file is copied', () => {
  const found = JSON.stringify(read(LDIF, 'CORP'))
  for (const secret of ['c2VjcmV0', 'secret', '/etc/passwd']) expect(found).not.toContain(secret)
})
