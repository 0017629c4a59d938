import { sqlFile } from '../store/query.ts'
import { parseHeader, type RuleHeader } from './header.ts'

/** A rule: what it means, and the statement whose rows are what it found. */
export interface Rule extends RuleHeader {
  readonly sql: string
}

/** Every rule, what matters most first. Each is a file of `rules/`. */
const IDS = [
  'gateway-bypass',
  'identity-header-from-untrusted-proxy',
  'identity-mismatch',
  'id-contradicted',
  'mutual-tls-missing',
  'unauthenticated-access',
  'token-rejected-downstream',
  'shared-credential',
  'stale-credential',
  'unclaimed-app',
  'ghost',
  'kernel-refused',
  'log-gap',
  'status-mismatch',
  'retried-target',
  'missing-correlation-id',
  'header-alias',
  'reused-correlation-id',
  'clock-drift',
] as const

export type RuleId = (typeof IDS)[number]

export const RULES: readonly Rule[] = IDS.map(id => {
  const sql = sqlFile(`./rules/${id}.sql`, import.meta.url)
  return { ...parseHeader(sql), sql }
})
