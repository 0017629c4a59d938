import { HOUR_US, SECOND_US } from '../../model/time.ts'
import { type Database, sqlFile } from '../../store/query.ts'
import type { Clocks } from './clocks.ts'
import { fitClock } from './fit.ts'
import type { Bound, ClockPiece } from './piece.ts'

const RARE = sqlFile('../clock_rare.sql', import.meta.url)
const NEAR = sqlFile('../clock_near.sql', import.meta.url)

/** A clock is first read roughly, for each two hours. */
const CHUNK_US = 2 * HOUR_US
/** How far a clock may have run since the rest of the day before it counts as set anew. */
const DRIFT_SECONDS = 8
/** Pairs that must agree before a rough reading is believed. */
const LEAST_AGREEING = 4
/** Pairs of hops that do not belong together agree by chance; a fine reading needs twice that and a few more. */
const TIMES_CHANCE = 2
const ABOVE_CHANCE = 3
/** Width of the span that a fine reading looks at, and of what one pair allows: clock_near.sql. */
const SPAN_US = 11 * SECOND_US
/** Id pairs of a host from which its clock needs no guess: so many, and this share of its lines. */
const ENOUGH_PAIRS = 20
const ENOUGH_SHARE = 0.02

/**
 * Adds clocks of hosts without id pairs: the offset at which most pairs of hops that are alike agree. First from rare
 * hops over hours, then from hops near that reading. A host for which no offset stands out gets no clock.
 */
export async function guessClocks(
  db: Database,
  range: { readonly fromUs: number; readonly toUs: number },
  known: Clocks,
): Promise<{ clocks: Clocks; warnings: string[] }> {
  const rows = await db.rows<{ clock_host: string; lines: string }>(
    'SELECT clock_host, count(*)::VARCHAR AS lines FROM lines GROUP BY clock_host ORDER BY clock_host',
  )
  const isEnough = (host: string, lines: number): boolean =>
    pairsOf(known.get(host)) >= Math.max(ENOUGH_PAIRS, ENOUGH_SHARE * lines)
  const hosts = rows.filter(r => !isEnough(r.clock_host, Number(r.lines))).map(r => r.clock_host)
  if (hosts.length === 0) return { clocks: known, warnings: [] }
  const rough = await roughReadings(db, new Set(hosts))
  await loadRough(db, rough)
  const near = await readNear(db)
  const fine = hosts.flatMap(host => {
    const bounds = near.get(host)
    return bounds ? [[host, fitClock(bounds, range.fromUs, range.toUs)] as const] : []
  })
  const believed = fine.flatMap(([host, pieces]) => {
    const sure = pieces.filter(isBelieved)
    return sure.length > 0
      ? [[host, pieces.map(p => (isBelieved(p) || p.pairs === 0 ? p : nearestOf(sure, p)))] as const]
      : []
  })
  const clocks = new Map([...known, ...believed])
  const lost = hosts.filter(host => !clocks.has(host))
  return {
    clocks,
    warnings: lost.map(
      host =>
        `host ${host || '(unnamed)'}: its clock cannot be read, as no id pair and no time offset stands out: nothing is linked without an id`,
    ),
  }
}

interface NearPair {
  readonly clock_host: string
  readonly at_us: number
  readonly low_us: number
  readonly high_us: number
  readonly slack_us: number
  readonly line: number
}

/** Bins in which the usual slack is looked for, and what around it is taken for usual. */
const SLACK_BIN_US = 2000
const BELOW_USUAL_US = 6000
const ABOVE_USUAL_US = 10_000

/**
 * Bounds by host, from pairs of which most do not belong together. Those that do have much the same slack, which so
 * stands out; pairs with another are dropped. Each app hop counts once, shared by its gateway hops that are left.
 */
async function readNear(db: Database): Promise<Map<string, Bound[]>> {
  const byHost = new Map<string, NearPair[]>()
  for await (const rows of db.stream<NearPair>(NEAR))
    for (const row of rows) getOr(byHost, row.clock_host, () => []).push(row)
  return new Map([...byHost].map(([host, pairs]) => [host, boundsOf(withUsualSlack(pairs))]))
}

function withUsualSlack(pairs: readonly NearPair[]): readonly NearPair[] {
  const weights = weightsOf(pairs)
  const bins = new Map<number, number>()
  pairs.forEach((pair, i) => {
    const bin = Math.floor(pair.slack_us / SLACK_BIN_US)
    bins.set(bin, (bins.get(bin) ?? 0) + (weights[i] ?? 0))
  })
  const usual = mostVoted(bins)
  if (!usual) return pairs
  const fromUs = usual.second * SLACK_BIN_US - BELOW_USUAL_US
  const toUs = usual.second * SLACK_BIN_US + ABOVE_USUAL_US
  return pairs.filter(pair => pair.slack_us >= fromUs && pair.slack_us < toUs)
}

function boundsOf(pairs: readonly NearPair[]): Bound[] {
  const weights = weightsOf(pairs)
  return pairs.map((pair, i) => ({
    atUs: pair.at_us,
    lowUs: pair.low_us,
    highUs: pair.high_us,
    weight: weights[i] ?? 0,
  }))
}

/** One over the number of pairs that the pair's app hop has. */
function weightsOf(pairs: readonly NearPair[]): number[] {
  const counts = new Map<number, number>()
  for (const { line } of pairs) counts.set(line, (counts.get(line) ?? 0) + 1)
  return pairs.map(({ line }) => 1 / (counts.get(line) ?? 1))
}

function pairsOf(pieces: readonly ClockPiece[] | undefined): number {
  return (pieces ?? []).reduce((sum, piece) => sum + piece.pairs, 0)
}

function isBelieved(piece: ClockPiece): boolean {
  const byChance = (piece.pairs * (SECOND_US + piece.highUs - piece.lowUs)) / SPAN_US
  return piece.agreeing >= TIMES_CHANCE * byChance + ABOVE_CHANCE
}

function nearestOf(sure: readonly ClockPiece[], piece: ClockPiece): ClockPiece {
  const nearest = sure.reduce((a, b) =>
    Math.abs(b.fromUs - piece.fromUs) < Math.abs(a.fromUs - piece.fromUs) ? b : a,
  )
  return { ...nearest, fromUs: piece.fromUs, toUs: piece.toUs, pairs: 0, agreeing: 0 }
}

/** Rough offsets in whole seconds, by host and two hours: several where the clock may have been set in between. */
type Rough = ReadonlyMap<string, ReadonlyMap<number, readonly number[]>>

async function roughReadings(db: Database, hosts: ReadonlySet<string>): Promise<Rough> {
  const votes = new Map<string, Map<number, Map<number, number>>>()
  for await (const rows of db.stream<{ clock_host: string; at_us: string; low_us: string; weight: number }>(
    RARE,
  )) {
    for (const row of rows) {
      if (!hosts.has(row.clock_host)) continue
      const chunks = getOr(votes, row.clock_host, () => new Map<number, Map<number, number>>())
      const seconds = getOr(chunks, Math.floor(Number(row.at_us) / CHUNK_US), () => new Map<number, number>())
      const second = Math.floor(Number(row.low_us) / SECOND_US)
      // The end may lie in either of two seconds.
      for (const s of [second, second + 1]) seconds.set(s, (seconds.get(s) ?? 0) + row.weight)
    }
  }
  return new Map(
    [...votes].flatMap(([host, chunks]) => {
      const read = readHost(chunks)
      return read ? [[host, read] as const] : []
    }),
  )
}

function readHost(
  chunks: ReadonlyMap<number, ReadonlyMap<number, number>>,
): ReadonlyMap<number, readonly number[]> | undefined {
  const day = new Map<number, number>()
  for (const seconds of chunks.values()) for (const [s, n] of seconds) day.set(s, (day.get(s) ?? 0) + n)
  const overall = mostVoted(day)
  if (!overall || overall.votes < LEAST_AGREEING) return undefined
  return new Map(
    [...chunks].map(([chunk, seconds]) => {
      const isNear = ([s]: readonly [number, number]): boolean =>
        Math.abs(s - overall.second) <= DRIFT_SECONDS
      const near = mostVoted(new Map([...seconds].filter(isNear))) ?? { second: overall.second, votes: 0 }
      const far = mostVoted(new Map([...seconds].filter(entry => !isNear(entry))))
      // A clock that seems to have been set by much must be surer of it than one that went on.
      const isSet = far !== undefined && far.votes >= LEAST_AGREEING + near.votes / 3
      return [chunk, isSet ? [near.second, far.second] : [near.second]] as const
    }),
  )
}

function mostVoted(seconds: ReadonlyMap<number, number>): { second: number; votes: number } | undefined {
  let best: { second: number; votes: number } | undefined
  for (const [second, votes] of [...seconds].sort((a, b) => a[0] - b[0]))
    if (!best || votes > best.votes + 1e-9) best = { second, votes }
  return best
}

async function loadRough(db: Database, rough: Rough): Promise<void> {
  await db.run(
    'CREATE OR REPLACE TEMP TABLE rough_clocks (clock_host VARCHAR, chunk BIGINT, rough_us BIGINT)',
  )
  const rows = [...rough].flatMap(([host, chunks]) =>
    [...chunks].flatMap(([chunk, seconds]) =>
      seconds.map(second => ({ host, chunk, rough: second * SECOND_US })),
    ),
  )
  if (rows.length === 0) return
  await db.run(
    `INSERT INTO rough_clocks SELECT o.host, o.chunk, o.rough
     FROM (SELECT unnest(from_json($json, '[{"host":"VARCHAR","chunk":"BIGINT","rough":"BIGINT"}]')) AS o)`,
    { json: JSON.stringify(rows) },
  )
}

function getOr<K, V>(map: Map<K, V>, key: K, make: () => V): V {
  let value = map.get(key)
  if (value === undefined) {
    value = make()
    map.set(key, value)
  }
  return value
}
