/** One attribute of a distinguished name. */
export interface NameAttribute {
  /** Lower case, one word for each meaning: `cn`, `e`, `upn`, `uid`, `ou`, `o`, ..., or a dotted OID. */
  readonly type: string
  readonly value: string
}

/**
 * Type names with the same meaning. RFC 4514 section 3 and RFC 4519 name the LDAP ones, OpenSSL writes
 * `emailAddress`, Windows (CertNameToStr, which IIS logs) writes `E`, `S`, `G`, `T` and `OID.1.2.3`.
 */
const SAME_TYPE: Readonly<Record<string, string>> = {
  commonname: 'cn', '2.5.4.3': 'cn',
  emailaddress: 'e', email: 'e', mail: 'e', rfc822mailbox: 'e', '1.2.840.113549.1.9.1': 'e',
  '0.9.2342.19200300.100.1.3': 'e',
  userprincipalname: 'upn', '1.3.6.1.4.1.311.20.2.3': 'upn',
  userid: 'uid', '0.9.2342.19200300.100.1.1': 'uid',
  s: 'st', stateorprovincename: 'st', g: 'gn', givenname: 'gn', t: 'title',
  organizationname: 'o', organizationalunitname: 'ou', countryname: 'c', localityname: 'l', domaincomponent: 'dc',
  surname: 'sn', streetaddress: 'street',
} // biome-ignore format: a table

/** Types a distinguished name can begin with; another first word is no distinguished name (`user=ann`). */
const TYPES = new Set([
  'c', 'cn', 'dc', 'e', 'gn', 'initials', 'l', 'o', 'ou', 'pseudonym', 'serialnumber', 'sn', 'st', 'street', 'title',
  'uid', 'upn',
]) // biome-ignore format: a table

/** A type name and its `=`. IIS writes blanks as `+`, OpenSSL puts blanks around the sign. Bounded, so cheap to try. */
const TYPE = /[\s+]{0,3}(?:oid\.)?([a-z][a-z0-9-]{0,39}|\d{1,9}(?:\.\d{1,9}){1,19})[\s+]{0,3}=[\s+]{0,3}/iy
const SLASH_TYPE = /\/(?=(?:oid\.)?(?:[a-z][a-z0-9-]{0,39}|\d{1,9}(?:\.\d{1,9}){1,19})=)/i
const QUOTED = /"((?:[^"\\]|\\.|"")*)"[\s+]{0,3}/y
const LEAVES = new Set(['cn', 'e', 'uid', 'upn'])

/**
 * Reads a distinguished name, most specific attribute first:
 * RFC 4514 `CN=ann,OU=x,O=y`; OpenSSL `/C=DE/O=y/CN=ann` and `C = DE, O = y, CN = ann`; Windows
 * `C=DE, O="Corp, Inc.", CN=ann`, in an IIS log with `+` for the blanks.
 *
 * @returns undefined where the text is not one
 */
export function parseDistinguishedName(text: string): NameAttribute[] | undefined {
  const attributes = text.startsWith('/') ? readSlashes(text) : readCommas(text)
  const first = attributes?.[0]
  const last = attributes?.at(-1)
  if (!attributes || !first || !last) return undefined
  if (!TYPES.has(first.type) && !/^\d/.test(first.type)) return undefined
  // RFC 4514 begins with the leaf; OpenSSL and Windows begin with the root and end with the leaf.
  return LEAVES.has(last.type) && !LEAVES.has(first.type) ? attributes.reverse() : attributes
}

/** As RFC 4514 writes it, types in lower case. */
export function distinguishedNameText(attributes: readonly NameAttribute[]): string {
  return attributes.map(({ type, value }) => `${type}=${escapeValue(value)}`).join(',')
}

/** RFC 4514 section 2.4. */
function escapeValue(value: string): string {
  return value.replace(/[,+"\\<>;=]/g, '\\$&').replace(/^[ #]|(?<!^) $/g, '\\$&')
}

function readSlashes(text: string): NameAttribute[] | undefined {
  const attributes: NameAttribute[] = []
  for (const part of text.split(SLASH_TYPE).slice(1)) {
    const cut = part.indexOf('=')
    const value = unescapeValue(part.slice(cut + 1).replaceAll('+', ' ')).trim()
    attributes.push({ type: typeOf(part.slice(0, cut)), value })
  }
  return attributes.length > 0 && SLASH_TYPE.exec(text)?.index === 0 ? attributes : undefined
}

function readCommas(text: string): NameAttribute[] | undefined {
  const attributes: NameAttribute[] = []
  for (let at = 0; ; ) {
    TYPE.lastIndex = at
    const type = TYPE.exec(text)?.[1]
    if (type === undefined) return undefined
    const found = readValue(text, TYPE.lastIndex)
    if (!found) return undefined
    attributes.push({ type: typeOf(type), value: found.value })
    if (found.end >= text.length) return attributes
    at = found.end + 1
  }
}

function readValue(text: string, from: number): { value: string; end: number } | undefined {
  QUOTED.lastIndex = from
  const quoted = QUOTED.exec(text)
  if (quoted) {
    const end = QUOTED.lastIndex
    if (end < text.length && !isEnd(text, end)) return undefined
    return { value: unescapeValue((quoted[1] ?? '').replaceAll('""', '"')), end }
  }
  let end = from
  while (end < text.length && !isEnd(text, end)) end += text[end] === '\\' ? 2 : 1
  // A plus that separates nothing can only be a blank as IIS logs it: RFC 4514 escapes a plus in a value.
  const raw = text.slice(from, end).replace(/\\.|\+/g, found => (found === '+' ? ' ' : found))
  return { value: unescapeValue(raw).trim(), end }
}

function isEnd(text: string, at: number): boolean {
  const char = text[at]
  if (char === ',' || char === ';') return true
  if (char !== '+') return false
  TYPE.lastIndex = at + 1
  return TYPE.test(text)
}

/** RFC 4514 section 3: `\,` is the character, `\C3\BC` are bytes of UTF-8. */
function unescapeValue(raw: string): string {
  return raw.replace(
    /((?:\\[0-9a-f]{2})+)|\\(.)/gi,
    (_, hex: string | undefined, char: string | undefined) =>
      hex === undefined ? (char ?? '') : Buffer.from(hex.replaceAll('\\', ''), 'hex').toString('utf8'),
  )
}

function typeOf(text: string): string {
  const type = text
    .trim()
    .toLowerCase()
    .replace(/^oid\./, '')
  return SAME_TYPE[type] ?? type
}
