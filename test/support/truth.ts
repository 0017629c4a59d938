import { readFileSync } from 'node:fs'
import { join, relative } from 'node:path'
import { expect } from 'vitest'
import { exportSelect } from '../../src/requests/export.ts'
import { type SimulationOptions, writeSimulation } from '../../src/simulate/index.ts'
import type { Store } from '../../src/store/store.ts'
import { inFolder } from './folder.ts'
import { ingestInto, withStore } from './store.ts'

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

export interface Compared {
  readonly pairs: number
  /** Pairs that an id joins and that do not belong together. */
  readonly wrongById: readonly string[]
  /** Pairs that an id could join, and that nothing joined. */
  readonly missed: readonly string[]
  /** Pairs that an id joined. */
  readonly byId: number
  /** Pairs that time decided: how many, and which of them are wrong. */
  readonly byTime: number
  readonly wrongByTime: readonly string[]
}

/** Simulates traffic, reads it and compares its links with the truth. */
export async function compare(options: SimulationOptions, trustedProxies: string[] = []): Promise<Compared> {
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
        byId: byId.length,
        byTime: byTime.length,
        wrongByTime: wrong(byTime),
      }
    })
  })
}
