import { hash } from 'node:crypto'
import type { FindingsConfig } from '../config/findings.ts'
import type { LedgerState } from '../ledger/state.ts'
import type { NeededSetting } from './header.ts'
import type { ReasonCode } from './reasons.ts'
import { RULES, type Rule } from './registry.ts'

/** What findings are judged by: the section of the configuration, and whose addresses the gateway calls from. */
export interface FindingSettings extends FindingsConfig {
  readonly trustedProxies: readonly string[]
}

export function findingSettings(config: {
  readonly findings: FindingsConfig
  readonly trustedProxies: readonly string[]
}): FindingSettings {
  return { ...config.findings, trustedProxies: config.trustedProxies }
}

const MISSING: Readonly<Record<NeededSetting, (settings: FindingSettings) => ReasonCode | undefined>> = {
  trustedProxies: s => (s.trustedProxies.length > 0 ? undefined : 'no-trusted-proxies'),
  tokenLifetimeMinutes: s => (s.tokenLifetimeMinutes === undefined ? 'no-token-lifetime' : undefined),
  mutualTls: s => (s.mutualTls.length > 0 ? undefined : 'no-mutual-tls'),
}

/** Why a rule can say nothing under these settings; undefined where it can. */
export function whyNotUnder(
  rule: Rule,
  settings: FindingSettings,
  state: LedgerState,
): ReasonCode | undefined {
  const missing = rule.config.map(setting => MISSING[setting](settings)).find(code => code !== undefined)
  if (missing || !rule.config.includes('trustedProxies')) return missing
  // As `config` entries note it.
  const recorded = state.configParts.trustedProxies
  const given = hash('sha256', JSON.stringify(settings.trustedProxies), 'hex')
  return recorded === undefined || recorded === given ? undefined : 'trusted-proxies-changed'
}

/** Digest of what findings of an unchanged day depend on. */
export function findingsDigest(settings: FindingSettings, { declared, pruning }: LedgerState): string {
  const rules = RULES.map(rule => rule.sql)
  return hash('sha256', JSON.stringify({ rules, settings, declared, pruned: pruning?.before }), 'hex').slice(
    0,
    16,
  )
}
