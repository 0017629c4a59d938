import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { parseDistinguishedName } from './distinguished-name.ts'
import { parseSubject, type Subject } from './subject.ts'
import { parseSubjectText, subjectText } from './subject-text.ts'

const user = (issuer: string, name: string): Subject => ({ kind: 'user', issuer, name })
const host = (issuer: string, name: string): Subject => ({ kind: 'host', issuer, name })

describe('Windows names, as IIS logs them', () => {
  test.each([
    { raw: 'WIN-CDD1\\Administrator', want: user('win-cdd1', 'administrator') },
    { raw: 'corp.example\\ann', want: user('corp.example', 'ann') },
    { raw: 'CORP\\Ann+Meyer', want: user('corp', 'ann meyer') },
    { raw: 'CORP\\\\ann', want: user('corp', 'ann') },
    { raw: 'AzureAD\\AnnMeyer', want: user('azuread', 'annmeyer') },
    { raw: 'MicrosoftAccount\\ann@mail.example', want: user('microsoftaccount', 'ann@mail.example') },
    { raw: '.\\ann', want: user('', 'ann') },
    { raw: 'domain.user', want: user('', 'domain.user') },
    { raw: 'WEB01$', want: host('', 'web01$') },
    { raw: 'web01$@CORP.EXAMPLE', want: host('', 'web01$@corp.example') },
    { raw: 'IIS+APPPOOL\\DefaultAppPool', want: host('iis apppool', 'defaultapppool') },
    { raw: 'NT AUTHORITY\\NETWORK SERVICE', want: host('nt authority', 'network service') },
    { raw: 'NT-AUTORITÄT\\SYSTEM', want: host('nt-autorität', 'system') },
    // Kerberos service names, paths and the like: no domain is read into them.
    { raw: 'HTTP/web01.corp.example@CORP.EXAMPLE', want: user('', 'http/web01.corp.example@corp.example') },
    { raw: 'users/7/ann', want: user('', 'users/7/ann') },
    { raw: 'S-1-5-21-1004336348-1177238915-682003330-512', want: user('', 's-1-5-21-1004336348-1177238915-682003330-512') },
  ])('$raw', ({ raw, want }) => expect(parseSubject(raw)).toEqual(want)) // biome-ignore format: a table
})

test.each([
  '', '-', '0', 'Not set', '(not+set)', 'Anonymous', 'ANONYMOUS+LOGON', 'NT AUTHORITY\\ANONYMOUS LOGON',
  'NT-AUTORITÄT\\ANONYMOUS-ANMELDUNG', 'NT+AUTHORITY\\IUSR', 'IUSR', 'IUSR_WEB01', 'WEB01\\IUSR_WEB01', 'S-1-5-7',
  'S-1-5-17', 'https://idp.example/|-', 'urn:oasis:names:tc:SAML:2.0:nameid-format:persistent|idp|',
])('%j is nobody', raw => expect(parseSubject(raw)).toBeUndefined()) // biome-ignore format: a table

describe('tokens: OpenID Connect Core 1.0 section 2, the pair of iss and sub', () => {
  test.each([
    { raw: 'https://idp.example/|00u1ABC', want: user('https://idp.example/', '00u1abc') },
    { raw: 'https://idp.example#ann', want: user('https://idp.example', 'ann') },
    { raw: 'ann@https://idp.example/realms/corp', want: user('https://idp.example/realms/corp', 'ann') },
    {
      raw: 'https://corp.auth0.example/|auth0|5f7c',
      want: user('https://corp.auth0.example/', 'auth0|5f7c'),
    },
    // Auth0's own sub has a connection before the bar, no issuer.
    { raw: 'auth0|5f7c8ec7', want: user('', 'auth0|5f7c8ec7') },
    { raw: 'ann@idp.example/realms/corp', want: user('', 'ann@idp.example/realms/corp') },
    { raw: '248289761001', want: user('', '248289761001') },
  ])('$raw', ({ raw, want }) => expect(parseSubject(raw)).toEqual(want))
})

const SAML2 = 'urn:oasis:names:tc:SAML:2.0:nameid-format:'
const SAML1 = 'urn:oasis:names:tc:SAML:1.1:nameid-format:'

describe('SAML 2.0 Core section 8.3, and claims of SharePoint', () => {
  test.each([
    { raw: `${SAML2}persistent|https://idp.example|A7F`, want: user('https://idp.example', 'a7f') },
    { raw: `${SAML2}persistent|https://idp|https://sp|A7F`, want: user('https://idp!https://sp', 'a7f') },
    { raw: `${SAML2}transient|https://idp.example|_ce3d2948`, want: user('https://idp.example', '_ce3d2948') },
    { raw: `${SAML2}transient|_ce3d2948`, want: user('', '_ce3d2948') },
    { raw: `${SAML1}emailAddress|https://idp.example|Ann@Corp.example`, want: user('', 'ann@corp.example') },
    { raw: `${SAML1}WindowsDomainQualifiedName||CORP\\ann`, want: user('corp', 'ann') },
    { raw: `${SAML1}X509SubjectName||CN=ann,O=y`, want: user('o=y', 'ann') },
    { raw: `${SAML2}kerberos||ann@CORP.EXAMPLE`, want: user('', 'ann@corp.example') },
    { raw: `${SAML1}unspecified||ann`, want: user('', 'ann') },
    { raw: 'https://idp/shibboleth!https://sp/shibboleth!84e4', want: user('https://idp/shibboleth!https://sp/shibboleth', '84e4') },
    { raw: 'hello!big!world', want: user('', 'hello!big!world') },
    // https://social.technet.microsoft.com/wiki/contents/articles/13921.aspx
    { raw: 'i:0#.w|contoso\\chris', want: user('contoso', 'chris') },
    { raw: '0#.w|contoso\\chris', want: user('contoso', 'chris') },
    { raw: 'i:05.t|adfs|chris@contoso.example', want: user('', 'chris@contoso.example') },
    { raw: 'i:0#.f|mymembershipprovider|chris', want: user('mymembershipprovider', 'chris') },
  ])('$raw', ({ raw, want }) => expect(parseSubject(raw)).toEqual(want)) // biome-ignore format: a table
})

describe('subjects of certificates', () => {
  test.each([
    { raw: 'CN=alice,OU=x,O=y', want: user('ou=x,o=y', 'alice') },
    { raw: '/C=DE/O=y/CN=alice', want: user('o=y,c=de', 'alice') },
    { raw: 'C = DE, O = y, CN = alice', want: user('o=y,c=de', 'alice') },
    { raw: 'C=DE,+O=y,+CN=Alice+Meyer', want: user('o=y,c=de', 'alice meyer') },
    { raw: 'CN="Meyer, Alice", O="Corp, Inc."', want: user('o=corp\\, inc.', 'meyer, alice') },
    // RFC 4514 section 4: escapes, two attributes in one part, an OID for a type.
    { raw: 'CN=James \\"Jim\\" Smith\\, III,DC=example,DC=net', want: user('dc=example,dc=net', 'james "jim" smith, iii') },
    { raw: 'OU=Sales+CN=J.  Smith,DC=example,DC=net', want: user('ou=sales,dc=example,dc=net', 'j.  smith') },
    { raw: 'CN=Lu\\C4\\8Di\\C4\\87', want: user('', 'lučić') },
    { raw: '2.5.4.3=alice,O=y', want: user('o=y', 'alice') },
    { raw: 'E=Alice@Corp.example, CN=Alice Meyer, O=y', want: user('', 'alice@corp.example') },
    { raw: '/O=y/CN=Alice/emailAddress=alice@corp.example', want: user('', 'alice@corp.example') },
    { raw: 'OID.1.3.6.1.4.1.311.20.2.3=alice@corp.local, E=a.meyer@corp.example, CN=A', want: user('', 'alice@corp.local') },
    { raw: 'uid=alice,ou=people,dc=corp,dc=example', want: user('ou=people,dc=corp,dc=example', 'alice') },
    { raw: 'CN=DOE.JOHN.Q.1234567890,OU=PKI,C=US', want: user('ou=pki,c=us', 'doe.john.q.1234567890') },
    { raw: 'CN=alice.meyer,O=y', want: user('o=y', 'alice.meyer') },
    { raw: 'CN=web01.corp.example,O=y', want: host('', 'web01.corp.example') },
    { raw: '/O=y/CN=*.corp.de', want: host('', '*.corp.de') },
    { raw: 'CN=WEB01$,O=y', want: host('o=y', 'web01$') },
    // No distinguished names: no known type first, or no name in it.
    { raw: 'user=ann', want: user('', 'user=ann') },
    { raw: 'O=y,C=DE', want: user('', 'o=y,c=de') },
    { raw: 'CN=ann,and more', want: user('', 'cn=ann,and more') },
  ])('$raw', ({ raw, want }) => expect(parseSubject(raw)).toEqual(want)) // biome-ignore format: a table

  test('a name without attributes is none', () => {
    expect(parseDistinguishedName('')).toBeUndefined()
    expect(parseDistinguishedName('/')).toBeUndefined()
    expect(parseDistinguishedName('x/CN=a')).toBeUndefined()
  })
})

test('a client id is opaque: its case is kept and no domain is read into it', () => {
  expect(parseSubject(' Ab\\Cd/12@x ', 'client')).toEqual({ kind: 'client', issuer: '', name: 'Ab\\Cd/12@x' })
  expect(parseSubject('(not set)', 'client')).toBeUndefined()
})

test('what is asked for as a host is a host', () => {
  expect(parseSubject('CORP\\web01', 'host')).toEqual(host('corp', 'web01'))
})

describe('the text of a subject', () => {
  test.each([
    { subject: user('corp', 'ann'), text: 'corp\\ann' },
    { subject: user('', 'ann@corp.example'), text: 'ann@corp.example' },
    { subject: user('https://idp.example/', 'ann'), text: 'https://idp.example/|ann' },
    { subject: user('https://idp!https://sp', 'ann'), text: 'https://idp!https://sp|ann' },
    { subject: user('', 'ann/ann'), text: 'user:["","ann/ann"]' },
    { subject: user('ou=x,o=y', 'meyer, ann'), text: 'cn=meyer\\, ann,ou=x,o=y' },
    { subject: user('', 'web01$'), text: 'user:web01$' },
    { subject: host('', 'web01.corp.example'), text: 'host:web01.corp.example' },
    { subject: { kind: 'client', issuer: '', name: 'Ab12' } as Subject, text: 'client:Ab12' },
  ])('$text', ({ subject, text }) => {
    expect(subjectText(subject)).toBe(text)
    expect(parseSubjectText(text)).toEqual(subject)
  })

  const PIECES = ['ann', 'CORP', '\\', '/', '@', '|', '!', '#', 'https://idp.example', 'CN=', 'O=', ',', '+', '=', ' ', '$', '.', ':', '*', '"', `${SAML2}persistent`, 'i:0#.w', 'İ', 'Σ'] // biome-ignore format: a list
  const text = fc.oneof(
    fc.string(),
    fc.array(fc.constantFrom(...PIECES), { maxLength: 8 }).map(parts => parts.join('')),
  )

  test('reading never throws, and the text of what was read reads as the same', () => {
    fc.assert(
      fc.property(text, fc.constantFrom('user', 'client', 'host'), (raw, kind) => {
        const subject = parseSubject(raw, kind)
        if (subject) expect(parseSubjectText(subjectText(subject))).toEqual(subject)
      }),
      { numRuns: 5000 },
    )
  })
})

// Quadratic work on 200,000 characters would run into the time limit of the runner.
test.each([
  'https://x', '|', '!', '+', 'CN=+', '\\', '/CN=', '"', '@http', `${SAML2}persistent|`, 'i:0#.w|',
])('a long hostile name of %j is read', piece => {
  const long = piece.repeat(200_000 / piece.length)
  expect(() => [parseSubject(long), parseSubject(`CN=${long}`), parseSubject(`CORP\\${long}`)]).not.toThrow()
}) // biome-ignore format: a table
