import type { ChunkLayout } from '../chunk.ts'
import type { ReaderContext } from '../format.ts'
import { pickFields } from '../pick-fields.ts'
import { gatewayLayout, type KnownColumn, OBFUSCATED, STAMPS } from './columns.ts'
import { isCandidate } from './extras.ts'
import type { ColumnRole, ExtraRole } from './roles.ts'

/** A custom column: its place in a row and its role. */
export interface PlainExtra {
  readonly index: number
  readonly role: ExtraRole
}

/** What a header means for rows that are read from their bytes. Indexes are column positions, -1 where absent. */
export interface PlainBinding {
  readonly count: number
  readonly layout: ChunkLayout
  /** Runs of columns that stand in the facts as they are: from, up to. */
  readonly runs: readonly { readonly from: number; readonly to: number }[]
  readonly numeric: readonly { readonly index: number; readonly digits: number }[]
  /** Columns that analytics obfuscation may have hashed. */
  readonly obfuscated: readonly number[]
  /** Columns whose values never reach the store as they are. */
  readonly secret: readonly number[]
  /** Place of each stamp, in the order of STAMPS. */
  readonly stamps: readonly number[]
  readonly proxy: number
  /** By name. */
  readonly extras: readonly PlainExtra[]
  readonly ids: readonly PlainExtra[]
  readonly subjects: readonly number[]
  readonly traceparents: readonly number[]
  readonly organization: number
  readonly environment: number
  readonly flow: number
  readonly code: number
  readonly cache: number
  readonly fault: number
  readonly clients: readonly number[]
}

/** @returns undefined where two columns have one name: of those the last with a value counts */
export function bindPlain(
  names: readonly string[],
  roles: readonly ColumnRole[],
  context: ReaderContext,
): PlainBinding | undefined {
  if (new Set(roles).size < roles.length || new Set(names).size < names.length) return undefined
  const known = roles.flatMap((role, index) => (role.to === 'known' ? [{ index, role }] : []))
  const extras = roles.flatMap((role, index) =>
    role.to === 'extra' ? [{ index, role, name: role.name }] : [],
  )
  const candidates = extras.filter(e => isCandidate(e.name))
  const place = (name: KnownColumn): number => known.find(k => k.role.name === name)?.index ?? -1
  const { correlation, subject } = context.gatewayFields
  return {
    count: names.length,
    layout: gatewayLayout(known.map(k => k.role.index)),
    runs: runsOf(known.map(k => k.index)),
    numeric: known.flatMap(({ index, role: { digits } }) => (digits > 0 ? [{ index, digits }] : [])),
    obfuscated: roles.flatMap((role, index) => (OBFUSCATED.has(role.name) ? [index] : [])),
    secret: roles.flatMap((role, index) => (isSecret(role) ? [index] : [])),
    stamps: STAMPS.map(name => roles.findIndex(role => role.to === 'stamp' && role.name === name)),
    proxy: place('apiproxy'),
    extras: [...extras].sort((a, b) => (a.name < b.name ? -1 : 1)),
    ids: pickFields(correlation, candidates),
    subjects: pickFields(subject, candidates).map(c => c.index),
    traceparents: candidates.filter(c => c.name.endsWith('traceparent')).map(c => c.index),
    organization: place('organization'),
    environment: place('environment'),
    flow: place('gateway_flow_id'),
    code: place('target_response_code'),
    cache: place('cache_hit'),
    fault: place('ax_edge_execution_fault_code'),
    clients: [place('client_id'), place('developer_email')].filter(index => index >= 0),
  }
}

function isSecret(role: ColumnRole): boolean {
  return role.to === 'token' || (role.to === 'extra' && (role.secret || role.identitySecret))
}

function runsOf(indexes: readonly number[]): { from: number; to: number }[] {
  const runs: { from: number; to: number }[] = []
  for (const index of indexes) {
    const last = runs.at(-1)
    if (last?.to === index) last.to++
    else runs.push({ from: index, to: index + 1 })
  }
  return runs
}
