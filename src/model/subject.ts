import { isSentinel } from './ids.ts'

/** Who: a person, a client application, or a machine. */
export interface Subject {
  readonly kind: 'user' | 'client' | 'host'
  /** Who vouches for the name: a Windows domain or a token issuer; empty where the log does not tell. */
  readonly issuer: string
  /** Lower case. */
  readonly name: string
}

/** Names that servers write for "not logged on". */
const NOBODY = new Set(['anonymous', 'anonymous logon', 'anonymous+logon', 'unknown', 'guest'])

/**
 * Reads a user name as IIS, a token claim or an identity header writes it: `DOMAIN\user`, `domain/user`,
 * `user@domain`, `HOST$`, plain. Case varies between the rows of one person, so names are folded.
 *
 * @returns undefined for nobody: absent, a sentinel, or anonymous
 */
export function parseSubject(raw: string, kind: Subject['kind'] = 'user'): Subject | undefined {
  const text = raw.trim().normalize('NFC')
  if (isSentinel(text) || NOBODY.has(text.toLowerCase())) return undefined
  const folded = text.toLowerCase()
  const cut = folded.includes('://') ? null : /^([^\\/@]+)[\\/](.+)$/.exec(folded)
  const issuer = cut?.[1] ?? ''
  const name = cut?.[2] ?? folded
  if (kind === 'user' && name.endsWith('$')) return { kind: 'host', issuer, name }
  return { kind, issuer, name }
}
