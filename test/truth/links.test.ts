import { readFileSync } from 'node:fs'
import { join, relative } from 'node:path'
import { expect, test } from 'vitest'
import { exportSelect } from '../../src/requests/export.ts'
import { type SimulationOptions, writeSimulation } from '../../src/simulate/index.ts'
import type { Store } from '../../src/store/store.ts'
import { inFolder } from '../support/folder.ts'
import { ingestInto, withStore } from '../support/store.ts'

/** The parts of a line of truth.ndjson that are read here; src/simulate/truth.ts documents them. */
interface Truth {
  readonly gateway_flow_id: string | null
  readonly gateway_recorded: boolean
  readonly app: readonly {
    readonly file: string | null
    readonly line_no: number | null
    readonly id: string
  }[]
}

const LEADING = new Set(['full', 'composite', 'truncated'])

interface TruePairs {
  /** All pairs that belong together, as `flow id, file, line`. */
  readonly all: ReadonlySet<string>
  /** Those whose id leads from one to the other. */
  readonly byId: readonly string[]
}

function truePairs(folder: string): TruePairs {
  const lines = readFileSync(join(folder, 'truth.ndjson'), 'utf8').trimEnd().split('\n')
  const pairs = lines
    .map(line => JSON.parse(line) as Truth)
    .filter(truth => truth.gateway_recorded)
    .flatMap(truth =>
      truth.app
        .filter(line => line.file !== null)
        .map(line => ({ id: line.id, pair: `${truth.gateway_flow_id} ${line.file}:${line.line_no}` })),
    )
  return {
    all: new Set(pairs.map(p => p.pair)),
    byId: pairs.filter(p => LEADING.has(p.id)).map(p => p.pair),
  }
}

async function linkedPairs(store: Store, folder: string): Promise<{ pair: string; method: string }[]> {
  const { select, params } = await exportSelect(store, 'links', {
    kind: 'app',
    range: undefined,
    filter: '',
    nowMs: store.now(),
  })
  const rows = await store.db.rows<{
    gateway_flow_id: string
    app_file: string
    app_line_no: string
    method: string
  }>(select, params)
  return rows.map(row => ({
    pair: `${row.gateway_flow_id} ${relative(folder, row.app_file)}:${row.app_line_no}`,
    method: row.method,
  }))
}

interface Compared {
  readonly pairs: number
  /** Pairs that an id joins and that do not belong together. */
  readonly wrongById: readonly string[]
  /** Pairs that an id could join, and that nothing joined. */
  readonly missed: readonly string[]
  /** Pairs that time decided: how many, and which of them are wrong. */
  readonly byTime: number
  readonly wrongByTime: readonly string[]
}

/** Simulates traffic, reads it and compares its links with the truth. */
async function compare(options: SimulationOptions, trustedProxies: string[] = []): Promise<Compared> {
  return inFolder(async folder => {
    const traffic = join(folder, 'traffic')
    await writeSimulation(options, traffic)
    return withStore(join(folder, 'store'), async store => {
      await ingestInto(store, [join(traffic, 'apigee'), join(traffic, 'iis')], { config: { trustedProxies } })
      const truth = truePairs(traffic)
      const found = await linkedPairs(store, traffic)
      const linked = new Set(found.map(f => f.pair))
      expect(linked.size).toBe(found.length)
      const byId = found.filter(f => f.method === 'id')
      const byTime = found.filter(f => f.method !== 'id')
      const wrong = (list: typeof found): string[] =>
        list.map(f => f.pair).filter(pair => !truth.all.has(pair))
      return {
        pairs: truth.byId.length,
        wrongById: wrong(byId),
        missed: truth.byId.filter(pair => !linked.has(pair)),
        byTime: byTime.length,
        wrongByTime: wrong(byTime),
      }
    })
  })
}

const HALF_HOUR: SimulationOptions = { hours: 0.5, ratePerSecond: 2 }

test.each<{ name: string; options: SimulationOptions }>([
  { name: 'traffic as it comes', options: { ...HALF_HOUR, seed: 11 } },
  { name: 'a comma-delimited export, compressed', options: { ...HALF_HOUR, seed: 12, gatewayFormat: 'csv', gzip: true } },
  { name: 'a pipe-delimited export in many shards', options: { ...HALF_HOUR, seed: 13, gatewayFormat: 'pipe', shardRows: 500 } },
  { name: 'a tab-delimited export', options: { ...HALF_HOUR, seed: 14, gatewayFormat: 'tab' } },
  { name: 'ids that the data collector cuts', options: { ...HALF_HOUR, seed: 15, truncatedIdShare: 0.3 } },
  { name: 'composite ids beside plain ones on one host', options: { ...HALF_HOUR, seed: 16, compositeShare: 0.5 } },
  { name: 'many retries on other hosts', options: { ...HALF_HOUR, seed: 17, retriesShare: 0.3 } },
  { name: 'hosts that log no id', options: { ...HALF_HOUR, seed: 18, idShare: 0.4 } },
  { name: 'half of both logs lost', options: { ...HALF_HOUR, seed: 19, lostGatewayShare: 0.5, lostAppShare: 0.5 } },
  { name: 'target calls that time out and requests over midnight', options: { seed: 20, start: '2026-03-02T23:45:00Z', hours: 0.5, ratePerSecond: 2, timeoutShare: 0.1 } },
  { name: 'clocks that are hours wrong', options: { ...HALF_HOUR, seed: 21, start: '2026-03-02T12:00:00Z', clockOffsetsMs: [7_200_000, -3_600_000, 43_200_000, -39_600_000] } },
])('joining by id finds every pair with an id and no other, and time is seldom wrong: $name', async ({ options }) => {
  const { pairs, wrongById, missed, byTime, wrongByTime } = await compare(options)
  expect(pairs).toBeGreaterThan(500)
  expect({ wrongById, missed }).toEqual({ wrongById: [], missed: [] })
  // With half of both logs lost, calls and lines of one person's burst are easily left over together.
  const most = options.lostAppShare ? byTime / 2 : byTime * 0.01
  expect(wrongByTime.length).toBeLessThanOrEqual(most)
}) // biome-ignore format: a table

test('inside an id that clients use again, times decide', async () => {
  const { pairs, wrongById, missed, byTime, wrongByTime } = await compare({
    ...HALF_HOUR,
    seed: 31,
    reusedIdShare: 0.3,
  })
  expect(wrongById).toEqual([])
  expect(byTime).toBeGreaterThan(400)
  expect(wrongByTime.length).toBeLessThanOrEqual(byTime * 0.002)
  expect(missed.length).toBeLessThanOrEqual(pairs * 0.003)
})

test('lines from elsewhere, with replayed, forged or no ids, join nothing where the gateway is known', async () => {
  const options = { ...HALF_HOUR, seed: 32, bypassShare: 0.2, replayedIdShare: 0.5, forgedIdShare: 0.2 }
  const { wrongById, missed, wrongByTime } = await compare(options, ['10.30.0.8/29'])
  expect({ wrongById, missed, wrongByTime }).toEqual({ wrongById: [], missed: [], wrongByTime: [] })
})
