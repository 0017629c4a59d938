/** What replaces a secret. It has no space, quote, comma or tab, so it fits every format's grammar. */
export const SCRUBBED = '[scrubbed]'

/**
 * Parameter and cookie names whose values never reach a store, lower case, `*` matches any run.
 * This list belongs to identity version 1: line digests blank these names whatever the configuration adds,
 * so it may only change together with `IDENTITY_VERSION`.
 */
export const SECRET_NAMES: readonly string[] = [
  'access_token', 'accesstoken', 'id_token', 'id_token_hint', 'refresh_token', 'token', '*_token', 'oauth_token',
  'auth_token', 'authtoken', 'bearer', 'jwt', 'assertion', 'client_assertion', 'saml*', 'wresult', 'code',
  'code_verifier', 'client_secret', 'secret', '*_secret', 'password', 'passwd', 'pwd', 'pass', 'passphrase',
  'api_key', 'apikey', 'api-key', 'x-api-key', 'subscription-key', 'ocp-apim-subscription-key', 'key', 'sig',
  'signature', 'x-amz-signature', 'x-amz-security-token', 'x-goog-signature', 'authorization', 'auth', 'otp',
  'pin', 'session', 'sessionid', 'session_id', 'sessiontoken', 'sid', 'jsessionid', 'phpsessid',
  'asp.net_sessionid', 'aspsessionid*', '.aspxauth', '.aspnet*', '.aspnetcore*', 'fedauth*', 'outlooksession',
  'cadata*', 'xsrf-token', 'csrf*', '__requestverificationtoken*', 'ticket',
] // biome-ignore format: a table

const PAIR = /([A-Za-z0-9_.\-%$~[\]]*[A-Za-z0-9_\]])(=|%3D|%253D|\\u003[dD])/gi
const JWT = /eyJ[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]{4,}(?:\.[A-Za-z0-9_-]*)*/g
const CREDENTIALS = /\b(Bearer|Basic|Negotiate|NTLM)((?:\+|%20|\s)+)([A-Za-z0-9._~+/=-]{8,})/gi

/** Where a secret's value ends, by how deeply its `=` is encoded. Each matches from the value's first character. */
const VALUE_PLAIN = /(?:(?!;\+|; |\\u0026|\\["nrt])[^&\s"])*/y
const VALUE_QUOTED = /"[^"&]*"?/y
const VALUE_ENCODED = /(?:(?!%26|%2526|\\u0026)[^&\s"])*/iy

export interface Scrubbed {
  readonly text: string
  /** How many values were replaced. */
  readonly count: number
}

export interface Scrubber {
  /** Replaces the values of secret parameters and cookies, JWTs and `Authorization` credentials. */
  readonly scrub: (text: string) => Scrubbed
  /** Whether a column or parameter of this name is a secret as a whole. */
  readonly isSecretName: (name: string) => boolean
}

/**
 * @param names extra secret names, globs with `*`, any case
 * @param exempt names that are no secret here though the built-in list has them
 */
export function createScrubber(names: readonly string[] = [], exempt: readonly string[] = []): Scrubber {
  const patterns = [...SECRET_NAMES, ...names].map(globToRegExp)
  const exempted = exempt.map(globToRegExp)
  const known = new Map<string, boolean>()
  const isSecretName = (name: string): boolean => {
    const folded = name.toLowerCase()
    let secret = known.get(folded)
    if (secret === undefined) {
      secret = patterns.some(p => p.test(folded)) && !exempted.some(p => p.test(folded))
      if (known.size < 50_000) known.set(folded, secret)
    }
    return secret
  }
  return { isSecretName, scrub: text => scrubText(text, isSecretName) }
}

function globToRegExp(glob: string): RegExp {
  const parts = glob.toLowerCase().split('*')
  return new RegExp(`^${parts.map(p => p.replace(/[.+?^${}()|[\]\\]/g, '\\$&')).join('.*')}$`)
}

function scrubText(text: string, isSecretName: (name: string) => boolean): Scrubbed {
  let count = 0
  let out = ''
  let copied = 0
  PAIR.lastIndex = 0
  for (let match = PAIR.exec(text); match; match = PAIR.exec(text)) {
    const from = match.index + match[0].length
    if (!isSecretName(parameterName(match[1] ?? ''))) continue
    const to = valueEnd(text, from, match[2] ?? '=')
    if (to > from && text.slice(from, to) !== SCRUBBED && text.slice(from, to) !== '-') {
      out += text.slice(copied, from) + SCRUBBED
      copied = to
      count++
    }
    PAIR.lastIndex = Math.max(to, from)
  }
  out += text.slice(copied)
  const replaced = (text: string): string => {
    count++
    return text
  }
  if (out.includes('eyJ')) out = out.replace(JWT, () => replaced(SCRUBBED))
  if (/bearer|basic|negotiate|ntlm/i.test(out)) {
    out = out.replace(CREDENTIALS, (_, scheme: string, gap: string) => replaced(`${scheme}${gap}${SCRUBBED}`))
  }
  return { text: out, count }
}

function valueEnd(text: string, from: number, equals: string): number {
  const pattern =
    equals !== '=' && !equals.startsWith('\\')
      ? VALUE_ENCODED
      : text[from] === '"'
        ? VALUE_QUOTED
        : VALUE_PLAIN
  pattern.lastIndex = from
  return from + (pattern.exec(text)?.[0].length ?? 0)
}

/** The parameter's own name: nested and encoded URLs leave their head in front of it. */
function parameterName(matched: string): string {
  let name = matched
  for (let round = 0; round < 2 && name.includes('%'); round++) {
    try {
      name = decodeURIComponent(name)
    } catch {
      break
    }
  }
  return name.slice(name.search(/[^?&/;,:=\s]*$/))
}
