import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { createScrubber, mayHoldSecret, SCRUBBED, type TextShape } from './scrub.ts'

const { scrub, isSecretName } = createScrubber()
const JWT = 'eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJhbm4ifQ.c2lnbmF0dXJl'

interface Row {
  readonly name: string
  readonly text: string
  readonly want: string
  readonly shape?: TextShape
}

describe('what stands behind a secret name goes', () => {
  test.each<Row>([
    { name: 'a query parameter', text: 'a=1&token=hunter2&b=2', want: 'a=1&token=[scrubbed]&b=2' },
    { name: 'any case', text: 'PASSWORD=hunter2', want: 'PASSWORD=[scrubbed]' },
    { name: 'a short value', text: 'pin=1', want: 'pin=[scrubbed]' },
    { name: 'dashes for underscores', text: 'access-token=hunter2', want: 'access-token=[scrubbed]' },
    { name: 'a value with = in it', text: 'token=ab==&x=1', want: 'token=[scrubbed]&x=1' },
    { name: 'a value with a quote in it', text: 'token=hun"ter2&x=1', want: 'token=[scrubbed]&x=1' },
    { name: 'a value with ; in it', text: 'password=a;b&x=1', want: 'password=[scrubbed]&x=1' },
    { name: 'a value with ;+ in it where no cookie follows', text: 'password=a;+b&x=1', want: 'password=[scrubbed]&x=1' },
    { name: 'a value with bytes of à in it', text: 'pwd=p\xc3\xa0ss&x=\xc3\xa0', want: 'pwd=[scrubbed]&x=\xc3\xa0' },
    { name: 'a cookie as IIS writes it', text: 'lang=en;+sid=hunter2;+theme=dark', want: 'lang=en;+sid=[scrubbed];+theme=dark' },
    { name: 'a cookie of a header', text: 'lang=en; ASP.NET_SessionId=hunter2; theme=dark', want: 'lang=en; ASP.NET_SessionId=[scrubbed]; theme=dark' },
    { name: 'an encoded name', text: '%61ccess%5Ftoken=hunter2&x=1', want: '%61ccess%5Ftoken=[scrubbed]&x=1' },
    { name: 'a name in brackets', text: 'user[password]=hunter2&user[name]=ann', want: 'user[password]=[scrubbed]&user[name]=ann' },
    { name: 'a name of a form control', text: 'ctl00$main$Password=hunter2', want: 'ctl00$main$Password=[scrubbed]' },
    { name: 'a dotted name', text: 'login.pwd=hunter2', want: 'login.pwd=[scrubbed]' },
    { name: 'a fragment', text: 'https://x/cb#access_token=hunter2&state=1', want: 'https://x/cb#access_token=[scrubbed]&state=1' },
    { name: 'a path parameter', text: '/shop;jsessionid=hunter2?x=1&y=2', want: '/shop;jsessionid=[scrubbed]&y=2' },
    {
      name: 'an encoded address',
      text: 'back=https%3A%2F%2Fx%2Fcb%3Ftoken%3Dhunter2%26y%3D1&z=2',
      want: 'back=https%3A%2F%2Fx%2Fcb%3Ftoken%3D[scrubbed]%26y%3D1&z=2',
    },
    {
      name: 'an encoded address with escapes that are not UTF-8',
      text: 'back=https%3A%2F%2Fx%2F%E9t%E9%3Ftoken%3Dhunter2%26y%3D1',
      want: 'back=https%3A%2F%2Fx%2F%E9t%E9%3Ftoken%3D[scrubbed]%26y%3D1',
    },
    {
      name: 'an address encoded twice',
      text: 'back=%252Fcb%253Ftoken%253Dhunter2%2526y%253D1&z=2',
      want: 'back=%252Fcb%253Ftoken%253D[scrubbed]%2526y%253D1&z=2',
    },
    {
      name: 'a value that holds an & of its own, encoded once more',
      text: 'back=%3Ftoken%3Dhunter%2526two%26y%3D1',
      want: 'back=%3Ftoken%3D[scrubbed]%26y%3D1',
    },
    { name: 'JSON escapes for = and &', text: 'token\\u003dhunter2\\u0026x\\u003d1', want: 'token\\u003d[scrubbed]\\u0026x\\u003d1' },
    { name: 'a JSON member', text: '{"password":"hunter2","user":"ann"}', want: '{"password":"[scrubbed]","user":"ann"}' },
    { name: 'a JSON member with blanks', text: '{"password" : "hunter2"}', want: '{"password" : "[scrubbed]"}', shape: 'value' },
    { name: 'a JSON number', text: '{"pin":1234,"n":5}', want: '{"pin":[scrubbed],"n":5}' },
    { name: 'a JSON string with an escaped quote', text: '{"password":"hun\\"ter2","n":5}', want: '{"password":"[scrubbed]","n":5}' },
    { name: 'JSON in a JSON string', text: '"{\\"token\\":\\"hunter2\\",\\"n\\":5}"', want: '"{\\"token\\":\\"[scrubbed]\\",\\"n\\":5}"' },
    { name: 'JSON in a query', text: 'q=%7B%22token%22%3A%22hunter2%22%2C%22n%22%3A5%7D', want: 'q=%7B%22token%22%3A%22[scrubbed]%22%2C%22n%22%3A5%7D' },
    { name: 'an address in a JSON string', text: '{"u":"/x?token=hunter2","n":"ann"}', want: '{"u":"/x?token=[scrubbed]","n":"ann"}', shape: 'value' },
    { name: 'a list behind a secret name, with all that follows', text: '{"token":["hunter2","b"],"n":5}', want: '{"token":[scrubbed]', shape: 'value' },
    { name: 'a value with blanks', text: 'password=correct horse&x=1', want: 'password=[scrubbed]&x=1', shape: 'value' },
    { name: 'a header in a torn line', text: 'X-Api-Key: hunter2, x', want: 'X-Api-Key:[scrubbed], x', shape: 'torn' },
    { name: 'a JWT anywhere', text: `/x/${JWT}/y`, want: '/x/[scrubbed]/y' },
    { name: 'a JWT cut in its second part', text: 'id;eyJhbGciOiJIUzI1NiJ9.eyJz', want: 'id;[scrubbed]' },
    { name: 'a bearer token as IIS writes it', text: 'Bearer+hunter2', want: 'Bearer+[scrubbed]' },
    { name: 'a bearer token, percent-encoded', text: 'h=bearer%20hunter2', want: 'h=bearer%20[scrubbed]' },
    { name: 'a bearer token in a value', text: 'BEARER hunter2', want: 'BEARER [scrubbed]', shape: 'value' },
    { name: 'basic credentials', text: 'Basic+YW5uOmh1bnRlcjI=', want: 'Basic+[scrubbed]' },
    { name: 'an NTLM message', text: 'NTLM+TlRMTVNTUAABAAAA', want: 'NTLM+[scrubbed]' },
    { name: 'a password in an address', text: 'https://ann:hunter2@host/x', want: 'https://ann:[scrubbed]@host/x' },
  ])('$name', ({ text, want, shape }) => {
    expect(scrub(text, shape)).toEqual({ text: want, count: 1 })
    expect(mayHoldSecret(text) || shape === 'torn').toBe(true)
  }) // biome-ignore format: a table
})

describe('what is no secret stays', () => {
  test.each([
    { name: 'other parameters', text: 'page=2&sort=name&pageToken=abc&status_code=200' },
    { name: 'a secret name without a value', text: 'token=&password=-' },
    { name: 'what was scrubbed before', text: `a=1&token=${SCRUBBED}&b=2` },
    { name: 'a user agent that says Basic', text: 'Mozilla/5.0+(Basic+Browser+1.0;+like+Gecko)' },
    { name: 'a column behind one that ends in a scheme', text: 'NTLM TlRMTVNTUAABAAAA' },
    { name: 'a host that is called token', text: 'GET /x - 443 - 10.0.0.1 token:8443' },
    { name: 'a JSON null', text: '{"password":null,"n":5}' },
    { name: 'a name that only contains a secret one', text: 'passenger=ann&keyboard=us&monkey=1' },
  ])('$name', ({ text }) => expect(scrub(text)).toEqual({ text, count: 0 }))
})

test('configured names are added, exempt ones taken away', () => {
  const own = createScrubber(['badge*'], ['code'])
  expect(own.scrub('badgeNo=1&code=2&token=3').text).toBe('badgeNo=[scrubbed]&code=2&token=[scrubbed]')
  expect([own.isSecretName('BADGE'), own.isSecretName('Code'), own.isSecretName('X-Auth-Token')]).toEqual([
    true,
    false,
    true,
  ])
})

test('an Authorization column is a secret as a whole', () => {
  expect(['Authorization', 'Proxy-Authorization', 'X-Api-Key', 'User-Agent'].map(isSecretName)).toEqual([
    true,
    true,
    true,
    false,
  ])
})

test('scrubbing twice changes nothing more', () => {
  const pieces = fc.constantFrom(
    'token',
    'a',
    '=',
    '&',
    '"',
    ':',
    '%3D',
    '%26',
    ' ',
    ';+',
    '{',
    ',',
    JWT,
    'Bearer+',
  )
  fc.assert(
    fc.property(
      fc.array(pieces, { maxLength: 12 }),
      fc.constantFrom<TextShape>('line', 'value'),
      (parts, shape) => {
        const once = scrub(parts.join(''), shape).text
        expect(scrub(once, shape).text).toBe(once)
      },
    ),
  )
})

test('the columns of a line stay where they are', () => {
  const pieces = fc.constantFrom(
    'token',
    'a',
    '=',
    '&',
    '"',
    ':',
    '%3D',
    ' ',
    ';+',
    '{',
    ',',
    JWT,
    'Bearer+',
    '@',
    '://',
  )
  fc.assert(
    fc.property(fc.array(pieces, { maxLength: 14 }), parts => {
      const text = parts.join('')
      expect(scrub(text).text.split(' ').length).toBe(text.split(' ').length)
    }),
  )
})

test('a secret never survives, wherever it is planted', () => {
  const secret = fc.string({
    unit: fc.constantFrom(...'abcXYZ0189!*()~.,/?+$@-_é'),
    minLength: 4,
    maxLength: 20,
  })
  const carriers: ((secret: string) => string)[] = [
    s => `x=1&token=${s}&y=2`,
    s => `lang=en;+sid=${s};+x=1`,
    s => `{"password":"${s}","n":1}`,
    s => `back=${encodeURIComponent(`https://h/?code=${encodeURIComponent(s)}&x=1`)}`,
    s => `q=${encodeURIComponent(JSON.stringify({ secret: s, n: 1 }))}`,
    s => `PassWord=${s}`,
    s => `a[key]=${s}&b=1`,
  ]
  fc.assert(
    fc.property(secret, fc.constantFrom(...carriers), fc.constantFrom<TextShape>('line', 'value', 'torn'), (s, carry, shape) => {
      fc.pre(!'x=1&y=2;+lang=en"n":1back'.includes(s))
      expect(scrub(carry(s), shape).text).not.toContain(s)
    }),
  ) // biome-ignore format: one line a carrier
})

test('a megabyte of one character costs no more than its length', () => {
  for (const text of ['a', '=', '%', '%25', ';+', 'eyJ', '"', '\\', 'Bearer+', 'token=', '":', '://a:']) {
    const long = `x=${text.repeat(1_000_000 / text.length)}`
    expect(scrub(long).text.length).toBeGreaterThan(0)
    expect(scrub(long, 'torn').text.length).toBeGreaterThan(0)
  }
})
