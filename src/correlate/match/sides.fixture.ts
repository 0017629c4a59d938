import type { Candidates } from './candidates.ts'
import { type AppSide, type GatewaySide, ID } from './sides.ts'

/** A line of a log, written out as far as a test looks at it. */
export interface Line {
  /** The second it logs begins here, µs; it is a second long unless `toUs` says otherwise. */
  readonly fromUs: number
  readonly toUs?: number
  readonly tookUs?: number
  readonly stream?: number
  readonly key?: number
  readonly ids?: number
  readonly status?: number
  readonly subject?: number
  readonly client?: number
  readonly agent?: number
  readonly query?: number
  readonly peer?: number
  readonly bytes?: number
  readonly open?: boolean
  readonly anchorUs?: number
  readonly partner?: number
  readonly handshake?: boolean
  readonly kernel?: boolean
  readonly server?: number
}

export function appSide(lines: readonly Line[]): AppSide {
  const floats = (of: (line: Line) => number | undefined): Float64Array =>
    Float64Array.from(lines, line => of(line) ?? Number.NaN)
  const codes = (of: (line: Line) => number | undefined, absent = -1): Int32Array =>
    Int32Array.from(lines, line => of(line) ?? absent)
  return {
    count: lines.length,
    fromUs: floats(l => l.fromUs),
    toUs: floats(l => l.toUs ?? l.fromUs + 1_000_000),
    tookUs: floats(l => l.tookUs),
    stream: codes(l => l.stream, 0),
    key: codes(l => l.key, 0),
    looseKey: codes(() => 99),
    ids: Uint8Array.from(lines, l => l.ids ?? ID.none),
    status: codes(l => l.status, 200),
    subject: codes(l => l.subject),
    client: codes(l => l.client),
    agent: codes(l => l.agent),
    query: codes(l => l.query),
    peer: codes(l => l.peer),
    bytes: floats(l => l.bytes),
    open: Uint8Array.from(lines, l => ((l.open ?? true) ? 1 : 0)),
    anchorUs: floats(l => l.anchorUs),
    partner: codes(l => l.partner),
    handshake: Uint8Array.from(lines, l => (l.handshake ? 1 : 0)),
    kernel: Uint8Array.from(lines, l => (l.kernel ? 1 : 0)),
    server: codes(l => l.server),
  }
}

/** A gateway hop, written out as far as a test looks at it. */
export interface Hop {
  readonly startUs: number
  readonly sentUs: number
  /** When the target had answered. */
  readonly atUs: number
  readonly isAnswered?: boolean
  readonly key?: number
  readonly hasId?: boolean
  readonly status?: number
  readonly subject?: number
  readonly client?: number
  readonly agent?: number
  readonly query?: number
  readonly bytes?: number
  readonly open?: boolean
  readonly server?: number
}

export function gatewaySide(hops: readonly Hop[]): GatewaySide {
  const codes = (of: (hop: Hop) => number | undefined, absent = -1): Int32Array =>
    Int32Array.from(hops, hop => of(hop) ?? absent)
  return {
    count: hops.length,
    startUs: Float64Array.from(hops, h => h.startUs),
    sentUs: Float64Array.from(hops, h => h.sentUs),
    atUs: Float64Array.from(hops, h => h.atUs),
    tookUs: Float64Array.from(hops, h => ((h.isAnswered ?? true) ? h.atUs - h.sentUs : Number.NaN)),
    key: codes(h => h.key, 0),
    sharedKey: codes(() => -1),
    hasId: Uint8Array.from(hops, h => (h.hasId ? 1 : 0)),
    status: codes(h => h.status, 200),
    subject: codes(h => h.subject),
    client: codes(h => h.client),
    agent: codes(h => h.agent),
    query: codes(h => h.query),
    bytes: Float64Array.from(hops, h => h.bytes ?? Number.NaN),
    open: Uint8Array.from(hops, h => ((h.open ?? true) ? 1 : 0)),
    server: codes(h => h.server),
  }
}

/** Candidates of each line in turn: gateway hop and expected end. */
export function candidatesOf(
  lists: readonly (readonly { readonly hop: number; readonly atUs: number }[])[],
): Candidates {
  const all = lists.flat()
  const from = new Int32Array(lists.length + 1)
  lists.forEach((list, i) => {
    from[i + 1] = (from[i] ?? 0) + list.length
  })
  return {
    from,
    gateway: Int32Array.from(all, c => c.hop),
    atUs: Float64Array.from(all, c => c.atUs),
    slackMs: new Float64Array(all.length).fill(Number.NaN),
    dropped: new Int32Array(lists.length),
  }
}
