/** What replaces a credential. */
const SCRUBBED = '[scrubbed]'

const SCHEME = /\b(bearer|basic|negotiate|ntlm)((?:\+|%(?:25)*20|[ \t])+)/gi
const SCHEME_IN_LINE = /\b(bearer|basic|negotiate|ntlm)((?:\+|%(?:25)*20)+)/gi
// No \s here: in a byte string it would match the byte A0, which is half of a character.
const CREDENTIAL = /[^ \t\r\n&"',;]+/y
const BASE64 = /^[A-Za-z0-9+/_-]{8,}={0,2}$/
/** `//user:password@` of an address. */
const USERINFO = /(:\/\/[^ \t\r\n/:@?#]{1,128}:)([^ \t\r\n/@?#]{1,256})(?=@)/g

/**
 * Replaces what is a credential by its own look: JWTs, values of `Authorization` headers, passwords in addresses.
 *
 * @param isLine whether a space ends a column, so that a scheme and the next column do not belong together
 */
export function scrubCredentials(text: string, isLine: boolean): { text: string; count: number } {
  let out = text
  let count = 0
  if (out.includes('eyJ')) ({ text: out, count } = scrubTokens(out))
  if (/bearer|basic|negotiate|ntlm/i.test(out)) {
    const headers = scrubHeaders(out, isLine ? SCHEME_IN_LINE : SCHEME)
    out = headers.text
    count += headers.count
  }
  if (out.includes('@') && out.includes('://')) {
    out = out.replace(USERINFO, (whole, head: string, password: string) => {
      if (password === SCRUBBED) return whole
      count++
      return head + SCRUBBED
    })
  }
  return { text: out, count }
}

/** How the header of a token begins: an object with a member. Any other `eyJ` is three letters of a random id. */
const HEADER = /^\{"[\w#$.-]{1,40}" *:/

/** JSON Web Tokens (RFC 7519 section 3): base64url parts joined by dots, the first of which is a JSON object. */
function scrubTokens(text: string): { text: string; count: number } {
  let out = ''
  let count = 0
  let copied = 0
  for (let at = text.indexOf('eyJ'); at !== -1; ) {
    let end = at
    while (isTokenCharacter(text.charCodeAt(end))) end++
    const [header = '', payload = ''] = text.slice(at, end).split('.', 2)
    if (
      payload.length >= 4 &&
      HEADER.test(Buffer.from(header.slice(0, 64), 'base64url').toString('latin1'))
    ) {
      out += text.slice(copied, at) + SCRUBBED
      copied = end
      count++
    }
    at = text.indexOf('eyJ', end)
  }
  return { text: out + text.slice(copied), count }
}

function isTokenCharacter(c: number): boolean {
  return (
    (c >= 97 && c <= 122) || (c >= 65 && c <= 90) || (c >= 48 && c <= 57) || c === 45 || c === 46 || c === 95
  )
}

/** Values behind an authentication scheme (RFC 9110 section 11.4). */
function scrubHeaders(text: string, scheme: RegExp): { text: string; count: number } {
  let out = ''
  let count = 0
  let copied = 0
  scheme.lastIndex = 0
  for (let match = scheme.exec(text); match; match = scheme.exec(text)) {
    const from = match.index + match[0].length
    CREDENTIAL.lastIndex = from
    const value = CREDENTIAL.exec(text)?.[0] ?? ''
    if (value === '' || value.startsWith(SCRUBBED) || !isCredential(match[1] ?? '', value)) continue
    out += text.slice(copied, from) + SCRUBBED
    copied = from + value.length
    scheme.lastIndex = copied
    count++
  }
  return { text: out + text.slice(copied), count }
}

/** "Basic" and "Negotiate" are words too: what follows must look like their credential. A bearer token may be anything. */
function isCredential(scheme: string, value: string): boolean {
  const folded = scheme.toLowerCase()
  if (folded === 'bearer') return true
  if (folded !== 'basic') return BASE64.test(value)
  return Buffer.from(value, 'base64').includes(58)
}
