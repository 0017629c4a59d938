import { distinguishedNameText, parseDistinguishedName } from './distinguished-name.ts'
import { isSentinel } from './sentinel.ts'

/** Who: a person, a client application, or a machine. */
export interface Subject {
  readonly kind: 'user' | 'client' | 'host'
  /**
   * Who vouches for the name: a Windows domain, a token issuer, the qualifier of a SAML name, the rest of a
   * distinguished name; empty where the log does not tell, or where the name says it itself (`ann@corp.example`).
   */
  readonly issuer: string
  /** Lower case; as logged for clients, whose ids are opaque. */
  readonly name: string
}

/** What a form of name was read as: `nobody` is somebody who did not log on. */
type Reading = Subject | 'nobody' | undefined

/**
 * Names that servers write for "not logged on", and their SIDs (anonymous logon, IUSR;
 * https://learn.microsoft.com/windows-server/identity/ad-ds/manage/understand-security-identifiers).
 */
const NOBODY = new Set([
  'anonymous', 'anonymous logon', 'anonymous+logon', 'unknown', 'guest', 's-1-5-7', 's-1-5-17',
]) // biome-ignore format: a table

/** The account IIS uses for anonymous requests: `IUSR`, before IIS 7 `IUSR_MACHINE`. */
const ANONYMOUS_ACCOUNT = /^(?:iusr(?:_.*)?|anonymous(?: logon|-anmeldung)?)$/

/** Domains of accounts that belong to a machine: services, app pools, the system. English, German and French Windows. */
const MACHINE_DOMAINS = new Set([
  'nt authority', 'nt-autorität', 'autorite nt', 'nt service', 'iis apppool', 'window manager', 'font driver host',
]) // biome-ignore format: a table

/**
 * Reads a name as IIS, a token claim or an identity header writes it. Case varies between the rows of one person, so
 * names are folded. A form that is not clearly one of these stays a plain name without an issuer:
 *
 * - `DOMAIN\user`, `domain/user`, `.\user`; `HOST$` is a machine, as are app pools and services
 * - `user@corp.example`, whose domain stays part of the name
 * - `issuer|sub`, `issuer#sub`, `sub@issuer`, where the issuer is a URL
 * - SAML: `format|qualifier|name`, `idp!sp!name`; SharePoint: `i:0#.w|domain\user`
 * - subjects of certificates: `CN=ann,OU=x,O=y`, `/O=y/CN=ann`
 *
 * @param kind client: opaque, kept as it is; host: the result is a machine, whatever the name looks like
 * @returns undefined for nobody: absent, a sentinel, or anonymous
 */
export function parseSubject(raw: string, kind: Subject['kind'] = 'user'): Subject | undefined {
  const text = raw.trim().normalize('NFC')
  if (isSentinel(text) || NOBODY.has(text.toLowerCase())) return undefined
  if (kind === 'client') return { kind, issuer: '', name: text }
  const found = readName(text.toLowerCase().normalize('NFC'))
  if (found === 'nobody' || found === undefined) return undefined
  return kind === 'host' ? { ...found, kind } : found
}

function readName(text: string): Reading {
  return (
    readSaml(text) ?? readClaim(text) ?? readToken(text) ?? readCertificate(text) ?? readWindows(text) ?? named('', text)
  ) // biome-ignore format: one chain
}

/** A name in the form that its own text shows: only SAML and SharePoint wrap names of other forms. */
function readWrapped(text: string): Reading {
  if (text === '' || isSentinel(text) || NOBODY.has(text)) return 'nobody'
  return readCertificate(text) ?? readWindows(text) ?? named('', text)
}

/** Machine accounts end with `$`; in Kerberos form the realm follows. */
function named(issuer: string, name: string): Reading {
  if (ANONYMOUS_ACCOUNT.test(name)) return 'nobody'
  return { kind: /\$(?:$|@)/.test(name) ? 'host' : 'user', issuer, name }
}

/**
 * A NetBIOS or DNS domain (no `\ / : * ? " < > |` in it, KB 909264) and an account. Account names hold no `+`
 * (https://learn.microsoft.com/windows/win32/adschema/a-samaccountname), so a plus is a blank as IIS logs it.
 */
function readWindows(text: string): Reading {
  const match = /^([^\\/:?"<>|@=]{1,255})(?:\\+([^\\].*)|\/([^\\/@|]+))$/s.exec(text)
  const domain = match?.[1]?.replaceAll('+', ' ').trim()
  const name = (match?.[2] ?? match?.[3])?.replaceAll('+', ' ').trim()
  if (!domain || !name) return undefined
  // `.` is "this machine", and the name does not say which.
  if (domain === '.') return named('', name)
  if (!MACHINE_DOMAINS.has(domain)) return /^iusr(?:_|$)/.test(name) ? 'nobody' : named(domain, name)
  return ANONYMOUS_ACCOUNT.test(name) ? 'nobody' : { kind: 'host', issuer: domain, name }
}

/**
 * A subject with its token issuer. An issuer is a URL without query or fragment (OpenID Connect Core 1.0, section 2),
 * so the first `|` or `#` ends it. Kubernetes makes `issuer#sub` (`--oidc-username-prefix`), some gateways
 * `issuer|sub`, Apache modules `sub@issuer`. Without its scheme the last is a mail address and stays one.
 */
function readToken(text: string): Reading {
  const before = /^(https?:\/\/[^\s|#@]+)[|#](.+)$/s.exec(text)
  if (before) return opaque(before[1] ?? '', before[2] ?? '')
  const at = text.indexOf('@http')
  const issuer = text.slice(at + 1)
  if (at <= 0 || !/^https?:\/\/[^\s|#@]+$/.test(issuer)) return undefined
  return opaque(issuer, text.slice(0, at))
}

/** A name that only its issuer can read. */
function opaque(issuer: string, name: string): Reading {
  return name === '' || isSentinel(name) || NOBODY.has(name) ? 'nobody' : { kind: 'user', issuer, name }
}

/** SAML name formats whose names carry their own scope (SAML 2.0 Core, 8.3.2 to 8.3.5). */
const SELF_SCOPED = new Set(['emailaddress', 'x509subjectname', 'windowsdomainqualifiedname', 'kerberos'])

/**
 * A SAML NameID as `format|qualifier|name` or `format|qualifier|sp qualifier|name`, or as Shibboleth and SimpleSAMLphp
 * write persistent ones: `idp!sp!name`. A persistent name is one pair's (SAML 2.0 Core, 8.3.7), so both qualifiers are
 * its issuer. A transient name is another one in every session: it is kept, and no alias can know it.
 */
function readSaml(text: string): Reading {
  const match = /^urn:oasis:names:tc:saml:[12]\.[01]:nameid-format:([a-z0-9]+)\|(.*)$/s.exec(text)
  if (match) {
    const parts = (match[2] ?? '').split('|')
    const name = parts.pop() ?? ''
    if (SELF_SCOPED.has(match[1] ?? '')) return readWrapped(name)
    if (parts.length > 2) return undefined
    return opaque(parts.filter(part => part !== '').join('!'), name)
  }
  const [idp = '', sp = '', name = '', ...more] = text.split('!')
  if (!/^(?:https?:\/\/|urn:)/.test(idp) || sp === '' || name === '' || more.length > 0) return undefined
  return /[\s|]/.test(idp + sp) ? undefined : opaque(`${idp}!${sp}`, name)
}

/**
 * An identity claim as SharePoint encodes it (MS-SPSTWS 2.2.5; examples in
 * https://social.technet.microsoft.com/wiki/contents/articles/13921.aspx): `i:0#.w|contoso\chris`,
 * `i:05.t|adfs|chris@contoso.com`, `i:0#.f|mymembershipprovider|chris`. IIS logs it with and without `i:`.
 */
function readClaim(text: string): Reading {
  const match = /^(?:i:)?0[^|\s][.+]([wtfm])\|(?:([^|]+)\|)?([^|]+)$/.exec(text)
  if (!match) return undefined
  const [, mode, provider = '', name = ''] = match
  const found = readWrapped(name)
  if (mode === 'w' || typeof found !== 'object' || found.issuer !== '' || name.includes('@')) return found
  return { ...found, issuer: provider }
}

/**
 * The subject of a certificate. A machine's has a DNS name as its CN and is a host. A person is known by the UPN or
 * mail address in it, else by the CN, for which the rest of the distinguished name vouches: two `CN=Ann Meyer` of
 * different organisations are two people.
 */
function readCertificate(text: string): Reading {
  if (!text.includes('=')) return undefined
  const attributes = parseDistinguishedName(text)
  if (!attributes) return undefined
  const of = (type: string) => attributes.find(a => a.type === type && a.value !== '')
  const leaf = of('cn') ?? of('uid')
  if (leaf && isDnsName(leaf.value)) return { kind: 'host', issuer: '', name: leaf.value }
  const address = [of('upn'), of('e'), leaf].find(a => a && /^[^@\s]+@[^@\s]+$/.test(a.value))
  if (address) return named('', address.value)
  return leaf && named(distinguishedNameText(attributes.filter(a => a !== leaf)), leaf.value)
}

/** Ends of names that are machines even with two labels; RFC 2606, RFC 6762 appendix G, and the usual generic ones. */
const DNS_ENDS = new Set([
  'app', 'arpa', 'biz', 'cloud', 'com', 'corp', 'dev', 'edu', 'example', 'gov', 'home', 'info', 'int', 'internal',
  'intranet', 'invalid', 'lan', 'local', 'mil', 'net', 'org', 'private', 'test',
]) // biome-ignore format: a table

/** People have dots in their names too (`ann.meyer`, `doe.john.1234567890`), so the last label has to be a known end. */
function isDnsName(name: string): boolean {
  const labels = name.split('.')
  if (labels.length < 2 || name.length > 253) return false
  const isLabel = (label: string, index: number) =>
    /^[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9])?$/.test(label) || (index === 0 && label === '*')
  const last = labels.at(-1) ?? ''
  return labels.every(isLabel) && (DNS_ENDS.has(last) || (labels.length > 2 && /^[a-z]{2}$/.test(last)))
}
