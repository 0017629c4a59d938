/**
 * Parameter, cookie, header and member names whose values never reach a store: lower case, `-` written `_`, `*` matches
 * any run. Besides the whole name its last part counts: `user[password]`, `ctl00$main$password`, `login.pwd`.
 * This list belongs to identity version 1: line digests blank these names whatever the configuration adds,
 * so it may only change together with `IDENTITY_VERSION`.
 */
export const SECRET_NAMES: readonly string[] = [
  'token', '*_token', '*token', 'id_token_hint', 'bearer', 'jwt', 'assertion', '*_assertion', 'saml*', 'wresult', 'code',
  'code_verifier', 'auth_code', 'authcode', 'authorization_code', 'verification_code', 'mfa_code', 'secret', '*_secret',
  '*secret', '*password', '*passwd', '*pwd', 'pass', 'passphrase', 'api_key', 'apikey', 'x_api_key', 'x_apikey',
  'subscription_key', '*_subscription_key', 'key', 'access_key', 'accesskey', 'private_key', 'sig', 'signature',
  'x_amz_signature', 'x_goog_signature', '*authorization', 'auth', 'otp', 'totp', 'pin', 'session', 'sessionid',
  '*session_id', '*sessionid', 'sid', 'jsessionid', 'phpsessid', 'aspsessionid*', '.aspxauth', '.aspnet*',
  '.aspnetcore*', 'fedauth*', 'outlooksession', 'cadata*', 'xsrf*', 'csrf*', 'x_xsrf*', 'x_csrf*',
  '__requestverificationtoken*', 'ticket', 'credential', 'credentials',
] // biome-ignore format: a table

/** Names that end in `token` and are places in a list, not secrets. */
const HARMLESS: readonly string[] = ['*page_token', '*pagetoken', '*continuation_token', '*continuationtoken']

/** What may stand in front of a name that was cut out of an encoded or nested address. */
const HEAD = /[?&/;,:=\s#{}()+"'@|!<>\\]/
const ENCODED = /%([0-9a-f]{2})/gi
/** How often a name may be percent-encoded. */
const MOST_ROUNDS = 4
const MEMO_NAME_LENGTH = 64
const MEMO_LIMIT = 50_000

/**
 * A test whether a name is that of a secret.
 *
 * @param names extra secret names, globs with `*`, any case
 * @param exempt names that are no secret here though the built-in list has them
 */
export function secretNameTest(
  names: readonly string[],
  exempt: readonly string[],
): (name: string) => boolean {
  const secret = matcher([...SECRET_NAMES, ...names])
  const harmless = matcher([...HARMLESS, ...exempt])
  const known = new Map<string, boolean>()
  return name => {
    const memo = known.get(name)
    if (memo !== undefined) return memo
    const forms = formsOf(name)
    const is = forms.some(secret) && !forms.some(harmless)
    if (name.length <= MEMO_NAME_LENGTH && known.size < MEMO_LIMIT) known.set(name, is)
    return is
  }
}

function matcher(globs: readonly string[]): (name: string) => boolean {
  const exact = new Set(globs.filter(glob => !glob.includes('*')).map(fold))
  const patterns = globs.filter(glob => glob.includes('*')).map(globToRegExp)
  return name => exact.has(name) || patterns.some(pattern => pattern.test(name))
}

/** The folded name, decoded and without what stood in front of it, and its last part. */
function formsOf(name: string): string[] {
  let decoded = name
  for (let round = 0; round < MOST_ROUNDS && decoded.includes('%'); round++) decoded = decodeOnce(decoded)
  const own = fold(decoded).split(HEAD).at(-1) ?? ''
  const last = own.split(/[.$[\]]+/).filter(part => part !== '' && !/^\d+$/.test(part)).at(-1) ?? '' // biome-ignore format: one step
  return last === own ? [own] : [own, last]
}

/** Escapes resolved byte by byte: one that is no UTF-8 must not keep the others from being read. */
function decodeOnce(text: string): string {
  return text.replace(ENCODED, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)))
}

function fold(name: string): string {
  return name.toLowerCase().replaceAll('-', '_')
}

function globToRegExp(glob: string): RegExp {
  const parts = fold(glob).split('*')
  return new RegExp(`^${parts.map(p => p.replace(/[.+?^${}()|[\]\\]/g, '\\$&')).join('.*')}$`)
}
