import type { LedgerState } from '../ledger/state.ts'
import { type ColumnInfo, FACT_COLUMNS } from '../model/hop.ts'
import { ALWAYS, emptyRelation, factsOfDays, factsRelation, type Range } from './facts.ts'

/** What server facts have besides the columns of app hops: what only kernel hops say. */
const KERNEL_ONLY = ['reason', 'queue', 'site_id', 'peer_port']
const OWN: readonly { readonly name: string; readonly sql: string }[] = [
  { name: 'kernel', sql: 'BOOLEAN' },
  ...FACT_COLUMNS.kernel.filter(column => KERNEL_ONLY.includes(column.name)),
]
/** Columns that both kinds have. */
const SHARED: readonly ColumnInfo[] = FACT_COLUMNS.kernel.filter(column =>
  FACT_COLUMNS.app.some(own => own.name === column.name),
)

/** Facts of a server, its IIS and its HTTP.sys, as FROM items. */
export interface ServerSide {
  readonly app: string
  /** Undefined: there are none. */
  readonly kernel: string | undefined
}

/** Facts of both kinds in files that a range touches. */
export function serverSide(state: LedgerState, root: string, range: Range = ALWAYS): ServerSide {
  const hasKernel = state.segments.some(
    s => s.kind === 'kernel' && s.firstUs < range.toUs && s.lastUs >= range.fromUs,
  )
  return {
    app: factsRelation(state, root, 'app', range),
    kernel: hasKernel ? factsRelation(state, root, 'kernel', range) : undefined,
  }
}

/** Facts of both kinds of some days. */
export function serverSideOfDays(state: LedgerState, root: string, days: ReadonlySet<string>): ServerSide {
  const hasKernel = state.segments.some(s => s.kind === 'kernel' && days.has(s.day))
  return {
    app: factsOfDays(state, root, 'app', days),
    kernel: hasKernel ? factsOfDays(state, root, 'kernel', days) : undefined,
  }
}

export const NO_SERVER_SIDE: ServerSide = { app: emptyRelation(FACT_COLUMNS.app), kernel: undefined }

/**
 * Hops of a server as one FROM item: the columns of app hops, and of kernel hops kernel (TRUE), reason, queue, site_id and
 * peer_port. A kernel hop has no duration; its start_ts is its end_ts, as of an app hop whose time-taken is not logged.
 */
export function serverRelation({ app, kernel }: ServerSide): string {
  const none = OWN.slice(1).map(({ name, sql }) => `NULL::${sql} AS ${name}`)
  const lines = `SELECT *, FALSE AS kernel, ${none.join(', ')} FROM ${app}`
  if (kernel === undefined) return `(${lines})`
  const columns = [...SHARED.map(column => column.name), ...KERNEL_ONLY]
  return `(${lines} UNION ALL BY NAME SELECT ${columns.join(', ')}, TRUE AS kernel, end_ts AS start_ts FROM ${kernel})`
}
