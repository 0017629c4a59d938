import { type Database, sqlFile } from '../../store/query.ts'
import { HOUR_US, SECOND_US } from '../../model/time.ts'
import { type Clocks, readClocks } from './clocks.ts'
import type { ClockPiece } from './piece.ts'

const RARE = sqlFile('../clock_rare.sql', import.meta.url)
const NEAR = sqlFile('../clock_near.sql', import.meta.url)

/** A clock is first read roughly, for each two hours. */
const CHUNK_US = 2 * HOUR_US
/** How far a clock may have run since the rest of the day before it counts as set anew. */
const DRIFT_SECONDS = 8
/** Pairs that must agree before a rough reading is believed. */
const LEAST_AGREEING = 4
/** Share of the pairs that must agree for a fine reading to be believed. */
const LEAST_SHARE = 0.3

/**
 * Adds clocks of hosts without id pairs: the offset at which most pairs of hops that are alike agree. First from rare
 * hops over hours, then from hops near that reading. A host for which no offset stands out gets no clock.
 */
export async function guessClocks(
  db: Database,
  range: { readonly fromUs: number; readonly toUs: number },
  known: Clocks,
): Promise<{ clocks: Clocks; warnings: string[] }> {
  const hosts = (await db.rows<{ clock_host: string }>('SELECT DISTINCT clock_host FROM lines ORDER BY clock_host'))
    .map(r => r.clock_host)
    .filter(host => !known.has(host))
  if (hosts.length === 0) return { clocks: known, warnings: [] }
  const rough = await roughReadings(db, new Set(hosts))
  await loadRough(db, rough)
  const fine = await readClocks(db, NEAR, range)
  const believed = [...fine].flatMap(([host, pieces]) => {
    const sure = pieces.filter(isBelieved)
    return sure.length > 0 ? [[host, pieces.map(p => (isBelieved(p) || p.pairs === 0 ? p : nearestOf(sure, p)))] as const] : []
  })
  const clocks = new Map([...known, ...believed])
  const lost = hosts.filter(host => !clocks.has(host))
  return {
    clocks,
    warnings: lost.map(
      host => `host ${host || '(unnamed)'}: its clock cannot be read, as no id pair and no time offset stands out: nothing is linked without an id`,
    ),
  }
}

function isBelieved(piece: ClockPiece): boolean {
  return piece.agreeing >= Math.max(LEAST_AGREEING / 2, LEAST_SHARE * piece.pairs)
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
  for await (const rows of db.stream<{ clock_host: string; at_us: string; low_us: string; weight: number }>(RARE)) {
    for (const row of rows) {
      if (!hosts.has(row.clock_host)) continue
      const chunks = getOr(votes, row.clock_host, () => new Map<number, Map<number, number>>())
      const seconds = getOr(chunks, Math.floor(Number(row.at_us) / CHUNK_US), () => new Map<number, number>())
      const second = Math.floor(Number(row.low_us) / SECOND_US)
      // The end may lie in either of two seconds.
      for (const s of [second, second + 1]) seconds.set(s, (seconds.get(s) ?? 0) + row.weight)
    }
  }
  return new Map([...votes].flatMap(([host, chunks]) => {
    const read = readHost(chunks)
    return read ? [[host, read] as const] : []
  }))
}

function readHost(
  chunks: ReadonlyMap<number, ReadonlyMap<number, number>>,
): ReadonlyMap<number, readonly number[]> | undefined {
  const day = new Map<number, number>()
  for (const seconds of chunks.values())
    for (const [s, n] of seconds) day.set(s, (day.get(s) ?? 0) + n)
  const overall = mostVoted(day)
  if (!overall || overall.votes < LEAST_AGREEING) return undefined
  return new Map(
    [...chunks].map(([chunk, seconds]) => {
      const isNear = ([s]: readonly [number, number]): boolean => Math.abs(s - overall.second) <= DRIFT_SECONDS
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
  await db.run('CREATE OR REPLACE TEMP TABLE rough_clocks (clock_host VARCHAR, chunk BIGINT, rough_us BIGINT)')
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
