import { type AppSide, type GatewaySide, ID } from './sides.ts'

/** How far outside its second an end may lie: clocks are read and lines are written a little late. */
export const END_SLACK_US = 300_000
/** time-taken may exceed the gateway's wait by so much: HTTP.sys waits for the last acknowledgement. */
const LONGER_US = 1_000_000
/** Candidates of one app hop that are kept. */
const MOST_CANDIDATES = 24
/** Of a crowd that nothing tells apart fewer are kept: the answer is that nobody knows. */
const CROWD = 150
const MOST_OF_CROWD = 8
/** Gateway hops that are looked at for one app hop, around its place in its second. */
const MOST_LOOKED_AT = 400

/** Pairs that could belong together. */
export interface Candidates {
  /** Pairs of app hop i are `from[i]` to `from[i + 1]`. */
  readonly from: Int32Array
  readonly gateway: Int32Array
  /** Expected end of the app hop by the gateway's stamps, µs. */
  readonly atUs: Float64Array
  /** Wait less time-taken, ms; NaN where one of them is not known. */
  readonly slackMs: Float64Array
  /** Feasible pairs of each app hop that were not kept. */
  readonly dropped: Int32Array
}

/**
 * When the app hop of a gateway hop should have ended. The answer's last byte tells it; where time-taken is longer than
 * the gateway's wait, the start and time-taken do.
 */
function expectedEndUs(gateway: GatewaySide, j: number, tookUs: number, isKernel: boolean): number {
  // HTTP.sys logs the moment at which it answered or gave up, and no duration.
  if (isKernel) return gateway.atUs[j] ?? 0
  const byStart = (gateway.sentUs[j] ?? 0) + (Number.isNaN(tookUs) ? 0 : tookUs)
  return Number.isNaN(gateway.tookUs[j] ?? Number.NaN) ? byStart : Math.max(gateway.atUs[j] ?? 0, byStart)
}

/** What candidates are chosen by. */
export interface Choice {
  /** How well a pair fits. */
  readonly score: (i: number, slackMs: number, atUs: number) => number
  /** About when the app hop ended. */
  readonly aboutUs: (i: number) => number
}

/** Finds the pairs that could belong together: for each app hop the best few of those that are feasible. */
export function findCandidates(gateway: GatewaySide, app: AppSide, choice: Choice): Candidates {
  const pools = new Pools(gateway, app)
  const from = new Int32Array(app.count + 1)
  const dropped = new Int32Array(app.count)
  const pairs = { gateway: [] as number[], atUs: [] as number[], slackMs: [] as number[] }
  const best: Scored[] = []
  for (let i = 0; i < app.count; i++) {
    from[i] = pairs.gateway.length
    if (!app.open[i]) continue
    best.length = 0
    let feasible = 0
    for (const key of [app.key[i] ?? -1, app.looseKey[i] ?? -1]) {
      for (const hops of pools.of(i, key)) {
        const looked = around(hops, gateway.atUs, choice.aboutUs(i))
        const found = collect(gateway, app, i, looked, choice, best)
        feasible += looked.length > 0 ? Math.round((found * hops.length) / looked.length) : 0
      }
    }
    const kept = best.slice(0, feasible > CROWD ? MOST_OF_CROWD : MOST_CANDIDATES)
    dropped[i] = Math.max(0, feasible - kept.length)
    for (const pair of kept) {
      pairs.gateway.push(pair.j)
      pairs.atUs.push(pair.atUs)
      pairs.slackMs.push(pair.slackMs)
    }
  }
  from[app.count] = pairs.gateway.length
  return {
    from,
    dropped,
    gateway: Int32Array.from(pairs.gateway),
    atUs: Float64Array.from(pairs.atUs),
    slackMs: Float64Array.from(pairs.slackMs),
  }
}

/** Gateway hops that a line may belong to by its key and its time. */
class Pools {
  readonly #gateway: GatewaySide
  readonly #app: AppSide
  readonly #answered: ReadonlyMap<number, Int32Array>
  /** By when the call began, as time-taken tells the end from there. */
  readonly #unanswered: ReadonlyMap<number, Int32Array>
  /** The same calls by when the gateway gave up. */
  readonly #givenUp: ReadonlyMap<number, Int32Array>

  constructor(gateway: GatewaySide, app: AppSide) {
    this.#gateway = gateway
    this.#app = app
    const isAnswered = (j: number): boolean => !Number.isNaN(gateway.tookUs[j] ?? Number.NaN)
    this.#answered = groupByKey(gateway, gateway.atUs, isAnswered)
    this.#unanswered = groupByKey(gateway, gateway.sentUs, j => !isAnswered(j))
    const hasKernel = app.kernel.includes(1)
    this.#givenUp = groupByKey(gateway, gateway.atUs, j => hasKernel && !isAnswered(j))
  }

  of(i: number, key: number): Int32Array[] {
    const [gateway, app] = [this.#gateway, this.#app]
    const [earliest, latest] = [(app.fromUs[i] ?? 0) - END_SLACK_US, (app.toUs[i] ?? 0) + END_SLACK_US]
    if (app.kernel[i]) {
      // What HTTP.sys answered, the gateway has a status of; what it dropped, the gateway has none of.
      const pool = app.status[i] === -1 ? this.#givenUp : this.#answered
      return [within(pool.get(key), gateway.atUs, earliest, latest)]
    }
    const took = app.tookUs[i] ?? 0
    return [
      within(this.#answered.get(key), gateway.atUs, earliest - LONGER_US, latest),
      within(this.#unanswered.get(key), gateway.sentUs, earliest - took, latest - took),
    ]
  }
}

interface Scored {
  readonly j: number
  readonly atUs: number
  readonly slackMs: number
  readonly score: number
}

/** Puts a pair among the best, best first, if it is one of them. Of equal ones the earlier gateway hop goes first. */
function keep(best: Scored[], pair: Scored): void {
  const last = best[best.length - 1]
  if (best.length >= MOST_CANDIDATES && last && pair.score <= last.score) return
  let at = best.length
  while (at > 0 && (best[at - 1]?.score ?? 0) < pair.score) at--
  best.splice(at, 0, pair)
  if (best.length > MOST_CANDIDATES) best.pop()
}

/** The part of a list that is looked at: all of it, or what is nearest to a moment. */
function around(hops: Int32Array, times: Float64Array, aboutUs: number): Int32Array {
  if (hops.length <= MOST_LOOKED_AT) return hops
  const middle = lowerBound(hops, times, aboutUs)
  const start = Math.min(Math.max(0, middle - MOST_LOOKED_AT / 2), hops.length - MOST_LOOKED_AT)
  return hops.subarray(start, start + MOST_LOOKED_AT)
}

function collect(
  gateway: GatewaySide,
  app: AppSide,
  i: number,
  hops: Int32Array,
  choice: Choice,
  best: Scored[],
): number {
  const tookUs = app.tookUs[i] ?? Number.NaN
  const earliest = (app.fromUs[i] ?? 0) - END_SLACK_US
  const latest = (app.toUs[i] ?? 0) + END_SLACK_US
  let found = 0
  for (const j of hops) {
    if (!gateway.open[j] || (app.ids[i] === ID.own && gateway.hasId[j])) continue
    if (!agrees(app.status[i], gateway.status[j]) || !agrees(app.subject[i], gateway.subject[j])) continue
    const atUs = expectedEndUs(gateway, j, tookUs, app.kernel[i] === 1)
    if (atUs < earliest || atUs > latest) continue
    const waitedUs = gateway.tookUs[j] ?? Number.NaN
    if (waitedUs - tookUs < -LONGER_US) continue
    const slackMs = (waitedUs - tookUs) / 1000
    found++
    keep(best, { j, atUs, slackMs, score: choice.score(i, slackMs, atUs) })
  }
  return found
}

/** Equal, or not known on one side. */
export function agrees(a: number | undefined, b: number | undefined): boolean {
  return a === b || a === -1 || b === -1
}

/** Gateway hops by key, each list by the given time. */
export function groupByKey(
  gateway: GatewaySide,
  times: Float64Array,
  isWanted: (j: number) => boolean,
): Map<number, Int32Array> {
  const lists = new Map<number, number[]>()
  for (let j = 0; j < gateway.count; j++) {
    if (!isWanted(j)) continue
    for (const key of [gateway.key[j] ?? -1, gateway.sharedKey[j] ?? -1]) {
      if (key < 0) continue
      const list = lists.get(key)
      if (list) list.push(j)
      else lists.set(key, [j])
    }
  }
  return new Map(
    [...lists].map(([key, list]) => [
      key,
      Int32Array.from(list.sort((a, b) => (times[a] ?? 0) - (times[b] ?? 0) || a - b)),
    ]),
  )
}

const NONE = new Int32Array(0)

/** The part of a list whose times lie in [from, to]. */
export function within(
  hops: Int32Array | undefined,
  times: Float64Array,
  fromUs: number,
  toUs: number,
): Int32Array {
  if (!hops) return NONE
  const start = lowerBound(hops, times, fromUs)
  let end = start
  while (end < hops.length && (times[hops[end] ?? 0] ?? 0) <= toUs) end++
  return hops.subarray(start, end)
}

/** First place in `hops` whose time is not before `us`. */
function lowerBound(hops: Int32Array, times: Float64Array, us: number): number {
  let low = 0
  let high = hops.length
  while (low < high) {
    const middle = (low + high) >> 1
    if ((times[hops[middle] ?? 0] ?? 0) < us) low = middle + 1
    else high = middle
  }
  return low
}
