import { DAY_US, HOUR_US } from '../model/time.ts'
import { type Database, sqlFile } from '../store/query.ts'
import type { ClaimsInput } from './claims.ts'
import { NEAR_US } from './claims.ts'
import type { Clocks } from './clocks/clocks.ts'
import { guessClocks } from './clocks/guess.ts'
import { matchAttempts } from './match/attempts.ts'
import { matchSlice } from './match/match.ts'
import { Model } from './match/model.ts'
import { teach } from './match/teach.ts'
import { MatchRows } from './match-rows.ts'
import { loadSlice, loadSlices, SLICE_US, type Slice } from './slices.ts'

const CALLS = sqlFile('./calls.sql', import.meta.url)
const LINES = sqlFile('./lines.sql', import.meta.url)
const UNCOMPARABLE_SHAPES = sqlFile('./uncomparable_shapes.sql', import.meta.url)
const LINE_ROWS = sqlFile('./line_rows.sql', import.meta.url)
const MATCHED_CLAIMS = sqlFile('./matched_claims.sql', import.meta.url)

/** Clocks may be wrong by a zone; without ids they are looked for this far. */
const WIDEST_US = 15 * HOUR_US
/** Posterior from which a pair is a link. */
export const LEAST_POSTERIOR = 0.9
/** Lines that a day's model is learned from, over slices spread evenly. */
const LEARNING_LINES = 30_000
const TIMES_LEARNED = 4
/** Share of a day's app hops with an id that must be joined by it before an id that differs counts against a pair. */
const COMPARABLE_SHARE = 0.5

/** What was found out about a day on the way, besides its claims. */
export interface DayMatch {
  readonly clocks: Clocks
  readonly warnings: readonly string[]
}

/**
 * Adds the claims that a day's gateway hops have on app hops that no id joins to the temp table `claims`.
 * To be called between `judgeByIds` and `dropWindows`.
 */
export async function matchDay(db: Database, input: ClaimsInput, idClocks: Clocks): Promise<DayMatch> {
  const none = { clocks: idClocks, warnings: [] }
  await createCalls(db)
  if (!(await hasOpenHops(db))) return drop(db, none)
  await createLines(db, input, idClocks)
  await dropUncomparable(db)
  const { clocks, warnings } = await guessClocks(db, input, idClocks)
  await loadPieces(db, clocks, idClocks)
  await createLineRows(db)
  const starts = await openSlices(db)
  const clockUs = Math.max(0, ...[...clocks.values()].flat().map(p => p.highUs - p.lowUs))
  const model = await learnModel(db, starts, clockUs)
  const rows = new MatchRows()
  for await (const slice of loadSlices(db, starts, clockUs)) {
    const matched = matchSlice(slice.gateway, slice.app, model)
    rows.take(slice, matched, matchAttempts(matched, model))
  }
  await rows.store(db)
  await addClaims(db)
  return drop(db, { clocks, warnings })
}

async function createCalls(db: Database): Promise<void> {
  await db.run(`CREATE OR REPLACE TEMP TABLE calls AS
    SELECT c.*, (a.gateway_hop_id IS NULL)::INTEGER AS open
    FROM (${CALLS}) AS c
    LEFT JOIN (
      SELECT DISTINCT v.gateway_hop_id FROM verdicts AS v
      JOIN app_window AS a ON a.hop_id = v.app_hop_id
      JOIN gateway_window AS g ON g.hop_id = v.gateway_hop_id
      WHERE v.verdict = 'linked' AND NOT coalesce(a.handshake, FALSE) AND coalesce(a.status = g.target_status, TRUE)
    ) AS a ON a.gateway_hop_id = c.hop_id`)
}

/** Whether there is anything to link: an app hop without a link by id. */
async function hasOpenHops(db: Database): Promise<boolean> {
  const { open } = await db.row<{ open: boolean }>(
    `SELECT EXISTS (SELECT 1 FROM calls WHERE in_day)
       AND EXISTS (SELECT 1 FROM app_window AS a LEFT JOIN untrusted_peers AS u ON u.peer_ip = coalesce(a.peer_ip, '')
         WHERE a.same_application AND u.untrusted IS NULL AND a.hop_id NOT IN (SELECT app_hop_id FROM verdicts WHERE verdict IN ('linked', 'contradicted', 'callout'))) AS open`,
  )
  return open
}

async function createLines(db: Database, { day }: ClaimsInput, clocks: Clocks): Promise<void> {
  const hosts = await db.rows<{ clock_host: string }>(
    'SELECT DISTINCT clock_host FROM app_window WHERE same_application AND NOT kernel',
  )
  const isKnown = hosts.every(h => clocks.has(h.clock_host))
  const pieces = [...clocks.values()].flat()
  const low = isKnown ? Math.min(0, ...pieces.map(p => p.lowUs)) : -WIDEST_US
  const high = isKnown ? Math.max(0, ...pieces.map(p => p.highUs)) : WIDEST_US
  const start = Date.parse(`${day}T00:00:00Z`) * 1000
  await db.run(`CREATE OR REPLACE TEMP TABLE lines AS ${LINES}`, {
    from_us: BigInt(Math.floor(start + low - NEAR_US)),
    to_us: BigInt(Math.ceil(start + DAY_US + high + NEAR_US)),
  })
}

/**
 * Drops evidence that the two sides do not share: subjects where they name different things (people and a service
 * account), ids that never match, and paths of proxies whose calls never show up under them.
 */
async function dropUncomparable(db: Database): Promise<void> {
  await db.run(UNCOMPARABLE_SHAPES)
  await db.run('UPDATE lines SET subject = -1 WHERE shape IN (SELECT shape FROM uncomparable_shapes)')
  const { ids } = await db.row<{ ids: boolean }>(
    `SELECT (SELECT count(*) FROM verdicts WHERE verdict = 'linked') >= $share * (SELECT count(*) FROM lines WHERE has_id AND shared_id = -1 AND NOT untrusted) AS ids`,
    { share: COMPARABLE_SHARE },
  )
  if (!ids) await db.run('UPDATE lines SET has_id = FALSE')
  await db.run(`UPDATE calls SET key = loose_key WHERE proxy IN (
    SELECT proxy FROM calls GROUP BY proxy
    HAVING count(*) >= 20 AND 2 * count(*) FILTER (WHERE key IN (SELECT key FROM lines)) < count(*))`)
}

async function loadPieces(db: Database, clocks: Clocks, calibrated: Clocks): Promise<void> {
  await db.run(
    'CREATE OR REPLACE TEMP TABLE clock_pieces (clock_host VARCHAR, start_us BIGINT, low_us BIGINT, high_us BIGINT, calibrated BOOLEAN)',
  )
  const rows = [...clocks].flatMap(([host, pieces]) =>
    pieces.map(p => ({
      host,
      start: Math.floor(p.fromUs),
      low: Math.floor(p.lowUs),
      high: Math.ceil(p.highUs),
      calibrated: calibrated.get(host) === pieces,
    })),
  )
  if (rows.length === 0) return
  await db.run(
    `INSERT INTO clock_pieces SELECT o.host, o.start, o.low, o.high, o.calibrated
     FROM (SELECT unnest(from_json($json, '[{"host":"VARCHAR","start":"BIGINT","low":"BIGINT","high":"BIGINT","calibrated":"BOOLEAN"}]')) AS o)`,
    { json: JSON.stringify(rows) },
  )
}

async function createLineRows(db: Database): Promise<void> {
  await db.run(`CREATE OR REPLACE TEMP TABLE line_rows AS ${LINE_ROWS}`)
}

/** Starts (µs) of slices in which a gateway hop of the day may get an app hop. */
async function openSlices(db: Database): Promise<number[]> {
  const rows = await db.rows<{ slice: string }>(
    `SELECT DISTINCT (at_us // ${SLICE_US})::VARCHAR AS slice FROM calls
     WHERE in_day AND at_us // ${SLICE_US} IN (SELECT unnest([from_us // ${SLICE_US} - 1, from_us // ${SLICE_US}, from_us // ${SLICE_US} + 1]) FROM line_rows WHERE open = 1)`,
  )
  return rows.map(r => Number(r.slice) * SLICE_US).sort((a, b) => a - b)
}

/** Learns a day's densities from some of its slices, in rounds over all of them. */
async function learnModel(db: Database, starts: readonly number[], clockUs: number): Promise<Model> {
  const model = new Model()
  const sample = await sampleSlices(db, starts, clockUs)
  for (let round = 0; round < TIMES_LEARNED; round++) {
    for (const { gateway, app } of sample) teach(model, matchSlice(gateway, app, model))
    model.fit()
  }
  return model
}

async function sampleSlices(db: Database, starts: readonly number[], clockUs: number): Promise<Slice[]> {
  const sample: Slice[] = []
  let lines = 0
  // From the middle of the day outwards in halves, so that any number of slices is spread evenly.
  for (const place of spread(starts.length)) {
    const start = starts[place] ?? 0
    const share = Math.min(1, LEARNING_LINES / Math.max(1, await linesOf(db, start)))
    const slice = await loadSlice(db, start, clockUs, Math.ceil(SLICE_US * share))
    sample.push(slice)
    lines += slice.app.count
    if (lines >= LEARNING_LINES) break
  }
  return sample
}

async function linesOf(db: Database, startUs: number): Promise<number> {
  const { n } = await db.row<{ n: string }>(
    'SELECT count(*)::VARCHAR AS n FROM line_rows WHERE from_us >= $from::BIGINT AND from_us < $to::BIGINT',
    { from: BigInt(startUs), to: BigInt(startUs + SLICE_US) },
  )
  return Number(n)
}

/** The numbers below a count, so ordered that the first few of them are spread evenly. */
function spread(count: number): number[] {
  const reversed = Array.from({ length: count }, (_, i) => ({ i, key: reverseBits(i) }))
  return reversed.sort((a, b) => a.key - b.key).map(r => r.i)
}

function reverseBits(n: number): number {
  let out = 0
  for (let bit = 0; bit < 16; bit++) if (n & (1 << bit)) out |= 1 << (15 - bit)
  return out
}

async function addClaims(db: Database): Promise<void> {
  // Time decides about lines that it was asked about; what their id alone said is superseded.
  await db.run(
    `DELETE FROM claims WHERE verdict = 'ambiguous' AND app_hop_id IN (SELECT hop_id FROM line_rows WHERE open = 1 AND shared_id <> -1)`,
  )
  await db.run(`INSERT INTO claims BY NAME ${MATCHED_CLAIMS}`, { least_posterior: LEAST_POSTERIOR })
}

async function drop<T>(db: Database, result: T): Promise<T> {
  for (const table of ['calls', 'lines', 'line_rows', 'clock_pieces', 'matches'])
    await db.run(`DROP TABLE IF EXISTS ${table}`)
  return result
}
