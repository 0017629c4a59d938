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

/** Pairs that belong together and can be joined by id, as `flow id, file, line`. */
function joinablePairs(folder: string): string[] {
  const lines = readFileSync(join(folder, 'truth.ndjson'), 'utf8').trimEnd().split('\n')
  return lines
    .map(line => JSON.parse(line) as Truth)
    .filter(truth => truth.gateway_recorded)
    .flatMap(truth =>
      truth.app
        .filter(line => line.file !== null && LEADING.has(line.id))
        .map(line => `${truth.gateway_flow_id} ${line.file}:${line.line_no}`),
    )
    .sort()
}

async function linkedPairs(store: Store, folder: string): Promise<string[]> {
  const { select, params } = await exportSelect(store, 'links', {
    kind: 'app',
    range: undefined,
    filter: '',
    nowMs: store.now(),
  })
  const rows = await store.db.rows<{ gateway_flow_id: string; app_file: string; app_line_no: string }>(
    select,
    params,
  )
  return rows.map(row => `${row.gateway_flow_id} ${relative(folder, row.app_file)}:${row.app_line_no}`).sort()
}

/** Simulates traffic, reads it and compares its links with the truth. */
async function compare(
  options: SimulationOptions,
  trustedProxies: string[] = [],
): Promise<{ pairs: number; wrong: string[]; missed: string[] }> {
  return inFolder(async folder => {
    const traffic = join(folder, 'traffic')
    await writeSimulation(options, traffic)
    return withStore(join(folder, 'store'), async store => {
      await ingestInto(store, [join(traffic, 'apigee'), join(traffic, 'iis')], { config: { trustedProxies } })
      const truth = joinablePairs(traffic)
      const found = await linkedPairs(store, traffic)
      const [wanted, linked] = [new Set(truth), new Set(found)]
      expect(linked.size).toBe(found.length)
      return {
        pairs: truth.length,
        wrong: found.filter(pair => !wanted.has(pair)),
        missed: truth.filter(pair => !linked.has(pair)),
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
])('joining by id finds every pair with an id and no other: $name', async ({ options }) => {
  const { pairs, wrong, missed } = await compare(options)
  expect(pairs).toBeGreaterThan(500)
  expect({ wrong, missed }).toEqual({ wrong: [], missed: [] })
}) // biome-ignore format: a table

test('ids that clients use again may be left open, but never join the wrong hops', async () => {
  const { pairs, wrong, missed } = await compare({ ...HALF_HOUR, seed: 31, reusedIdShare: 0.3 })
  expect(wrong).toEqual([])
  expect(missed.length).toBeLessThan(pairs / 2)
})

test('replayed ids from elsewhere join nothing where the addresses of the gateway are known', async () => {
  const options = { ...HALF_HOUR, seed: 32, bypassShare: 0.2, replayedIdShare: 0.5 }
  const { wrong, missed } = await compare(options, ['10.30.0.8/29'])
  expect({ wrong, missed }).toEqual({ wrong: [], missed: [] })
})
