import { setImmediate } from 'node:timers/promises'
import { MINUTE_US, SECOND_US } from '../model/time.ts'
import type { Database } from '../store/query.ts'
import { type AppSide, type GatewaySide, ID } from './match/sides.ts'

/** Gateway hops are matched in slices on a fixed grid, with hops of both sides around them. */
export const SLICE_US = 10 * MINUTE_US
const MARGIN_US = MINUTE_US
const MOST_MARGIN_US = 10 * MINUTE_US

/** A slice as columns, and which rows of the tables `calls` and `line_rows` they are. */
export interface Slice {
  readonly gateway: GatewaySide
  readonly app: AppSide
  readonly gatewayRows: Float64Array
  readonly appRows: Float64Array
  /** 1 where the gateway hop is the slice's own: of its day and within its time. */
  readonly own: Float64Array
}

const CALL_COLUMNS = [
  'rowid', 'start_us', 'sent_us', 'at_us', 'took_us', 'key', 'status', 'subject', 'client', 'agent', 'query', 'bytes',
  'shared_id', 'has_id', 'open', 'in_day', 'server',
] as const // biome-ignore format: a table
const LINE_COLUMNS = [
  'rowid', 'from_us', 'to_us', 'took_us', 'stream', 'key', 'loose_key', 'status', 'subject', 'client', 'agent', 'query',
  'peer', 'bytes', 'shared_id', 'has_id', 'open', 'handshake', 'anchor_us', 'partner', 'kernel', 'server',
] as const // biome-ignore format: a table

/**
 * @param clockUs widest interval of a clock that is read: hops may be misplaced by so much
 * @param lengthUs less than a slice where only a part is wanted to learn from
 */
export async function loadSlice(
  db: Database,
  startUs: number,
  clockUs: number,
  lengthUs = SLICE_US,
): Promise<Slice> {
  const block = await loadBlock(db, startUs, startUs + lengthUs, clockUs)
  return sliceOf(block.calls, block.lines, startUs)
}

/** Slices that are loaded with one statement a side. */
const BLOCK_SLICES = 6

/** The slices that start at these times (µs), in order; the next few are loaded while the ones before are worked on. */
export async function* loadSlices(
  db: Database,
  starts: readonly number[],
  clockUs: number,
): AsyncGenerator<Slice> {
  const groups = blocksOf(starts)
  const load = (place: number): Promise<Block> | undefined => {
    const group = groups[place]
    if (!group) return undefined
    const block = loadBlock(db, group[0] ?? 0, (group.at(-1) ?? 0) + SLICE_US, clockUs)
    // A failure shows when it is waited for; until then it must not count as unhandled.
    block.catch(() => undefined)
    return block
  }
  let next = load(0)
  for (const [place, group] of groups.entries()) {
    const block = await next
    next = load(place + 1)
    if (!block) return
    for (const start of group) {
      yield cut(block, start, marginOf(clockUs))
      // Lets what is loaded meanwhile come in, and signals be heard.
      await setImmediate()
    }
  }
}

/** Starts of slices by blocks of neighbours. */
function blocksOf(starts: readonly number[]): number[][] {
  const groups: number[][] = []
  for (const start of starts) {
    const last = groups.at(-1)
    if (last && start < (last[0] ?? 0) + BLOCK_SLICES * SLICE_US) last.push(start)
    else groups.push([start])
  }
  return groups
}

/** Hops of both sides over some time, with those around. */
interface Block {
  readonly calls: Columns<typeof CALL_COLUMNS>
  readonly lines: Columns<typeof LINE_COLUMNS>
}

function marginOf(clockUs: number): number {
  return Math.min(MOST_MARGIN_US, Math.max(MARGIN_US, clockUs))
}

async function loadBlock(db: Database, fromUs: number, toUs: number, clockUs: number): Promise<Block> {
  const margin = marginOf(clockUs)
  const range = { from: Math.floor(fromUs - margin), to: Math.floor(toUs + margin) }
  const calls = await db.numbers(
    `SELECT ${CALL_COLUMNS.map(c => `${c}::DOUBLE AS ${c}`).join(', ')} FROM calls
     WHERE at_us >= $from::BIGINT AND at_us < $to::BIGINT ORDER BY at_us, hop_id`,
    CALL_COLUMNS,
    { from: BigInt(range.from), to: BigInt(range.to) },
  )
  const lines = await db.numbers(
    `SELECT ${LINE_COLUMNS.map(c => `${c}::DOUBLE AS ${c}`).join(', ')} FROM line_rows
     WHERE from_us >= $from::BIGINT AND from_us < $to::BIGINT ORDER BY stream, end_us, piece, line_no, hop_id`,
    LINE_COLUMNS,
    { from: BigInt(range.from - SECOND_US), to: BigInt(range.to) },
  )
  return { calls, lines }
}

/** One slice of a block. */
function cut({ calls, lines }: Block, startUs: number, margin: number): Slice {
  const range = { from: Math.floor(startUs - margin), to: Math.floor(startUs + SLICE_US + margin) }
  return sliceOf(
    within(calls, CALL_COLUMNS, calls.at_us, range.from, range.to),
    within(lines, LINE_COLUMNS, lines.from_us, range.from - SECOND_US, range.to),
    startUs,
  )
}

/** The rows whose time lies in [from, to), in their order. */
function within<Name extends string>(
  columns: Readonly<Record<Name, Float64Array>>,
  names: readonly Name[],
  times: Float64Array,
  from: number,
  to: number,
): Record<Name, Float64Array> {
  const rows = new Int32Array(times.length)
  let count = 0
  for (let i = 0; i < times.length; i++) {
    const us = times[i] ?? Number.NaN
    if (us >= from && us < to) rows[count++] = i
  }
  const chosen = rows.subarray(0, count)
  const pick = (column: Float64Array): Float64Array => {
    const values = new Float64Array(count)
    for (let i = 0; i < count; i++) values[i] = column[chosen[i] ?? 0] ?? Number.NaN
    return values
  }
  return Object.fromEntries(names.map(name => [name, pick(columns[name])])) as Record<Name, Float64Array>
}

type Columns<Names extends readonly string[]> = Readonly<Record<Names[number], Float64Array>>

function sliceOf(
  calls: Columns<typeof CALL_COLUMNS>,
  lines: Columns<typeof LINE_COLUMNS>,
  startUs: number,
): Slice {
  const codes = new Codes()
  const place = new Map<number, number>()
  calls.rowid.forEach((n, j) => {
    place.set(n, j)
  })
  const gateway: GatewaySide = {
    count: calls.rowid.length,
    startUs: calls.start_us,
    sentUs: calls.sent_us,
    atUs: calls.at_us,
    tookUs: calls.took_us,
    key: codes.of('key', calls.key),
    sharedKey: codes.ofPairs(calls.shared_id, calls.key),
    hasId: Uint8Array.from(calls.has_id),
    status: Int32Array.from(calls.status),
    subject: codes.of('subject', calls.subject),
    client: codes.of('client', calls.client),
    agent: codes.of('agent', calls.agent),
    query: codes.of('query', calls.query),
    bytes: calls.bytes,
    open: Uint8Array.from(calls.open),
    server: codes.of('server', calls.server),
  }
  const shared = codes.ofPairs(lines.shared_id, lines.key)
  const sharedLoose = codes.ofPairs(lines.shared_id, lines.loose_key)
  const key = codes.of('key', lines.key)
  const looseKey = codes.of('key', lines.loose_key)
  const isShared = (i: number): boolean => (lines.shared_id[i] ?? -1) >= 0
  const app: AppSide = {
    count: lines.rowid.length,
    fromUs: lines.from_us,
    toUs: lines.to_us,
    tookUs: lines.took_us,
    stream: Int32Array.from(lines.stream),
    key: key.map((code, i) => (isShared(i) ? (shared[i] ?? -1) : code)),
    looseKey: looseKey.map((code, i) => (isShared(i) ? (sharedLoose[i] ?? -1) : code)),
    ids: Uint8Array.from(lines.has_id.map((has, i) => (isShared(i) ? ID.shared : has ? ID.own : ID.none))),
    status: Int32Array.from(lines.status),
    subject: codes.of('subject', lines.subject),
    client: codes.of('client', lines.client),
    agent: codes.of('agent', lines.agent),
    query: codes.of('query', lines.query),
    peer: codes.of('peer', lines.peer),
    bytes: lines.bytes,
    open: Uint8Array.from(lines.open),
    handshake: Uint8Array.from(lines.handshake),
    kernel: Uint8Array.from(lines.kernel),
    server: codes.of('server', lines.server),
    anchorUs: lines.anchor_us,
    partner: Int32Array.from(lines.partner.map(n => (n < 0 ? -1 : (place.get(n) ?? -1)))),
  }
  const own = calls.at_us.map((at, j) =>
    calls.in_day[j] && at >= startUs && at < startUs + SLICE_US ? 1 : 0,
  )
  return { gateway, app, gatewayRows: calls.rowid, appRows: lines.rowid, own }
}

/** Small numbers for large ones: equal value, equal code. */
class Codes {
  readonly #kinds = new Map<string, Map<number, number>>()
  readonly #pairs = new Map<string, number>()

  of(kind: string, values: Float64Array): Int32Array {
    let known = this.#kinds.get(kind)
    if (!known) {
      known = new Map()
      this.#kinds.set(kind, known)
    }
    const result = new Int32Array(values.length)
    for (let i = 0; i < values.length; i++) {
      const value = values[i] ?? -1
      result[i] = value >= 0 ? codeOf(known, value) : -1
    }
    return result
  }

  /** Codes of key inside a shared id, apart from those of keys; -1 without a shared id. */
  ofPairs(shared: Float64Array, key: Float64Array): Int32Array {
    const result = new Int32Array(shared.length)
    for (let i = 0; i < shared.length; i++) {
      const id = shared[i] ?? -1
      result[i] = id < 0 ? -1 : 1_000_000_000 + codeOf(this.#pairs, `${id} ${key[i]}`)
    }
    return result
  }
}

function codeOf<Value>(known: Map<Value, number>, value: Value): number {
  let code = known.get(value)
  if (code === undefined) {
    code = known.size
    known.set(value, code)
  }
  return code
}
