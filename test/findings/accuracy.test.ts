import { readFileSync } from 'node:fs'
import { join, relative } from 'node:path'
import { globSync } from 'tinyglobby'
import { expect, test } from 'vitest'
import { CONFIG } from '../../src/config/schema.ts'
import { findingsOf } from '../../src/findings/findings.ts'
import { findingSettings } from '../../src/findings/settings.ts'
import { COLLECTOR_BYTES } from '../../src/simulate/ids.ts'
import { type SimulationOptions, writeSimulation } from '../../src/simulate/index.ts'
import { ALWAYS } from '../../src/store/facts.ts'
import type { Store } from '../../src/store/store.ts'
import { inFolder } from '../support/folder.ts'
import { ingestInto, withStore } from '../support/store.ts'

/** The parts of a line of truth.ndjson that are read here; src/simulate/truth.ts documents them. */
type Line = Truth['app'][number]

interface Truth {
  readonly cause: 'gateway' | 'bypass' | 'probe'
  readonly gateway_flow_id: string | null
  readonly gateway_recorded: boolean
  readonly app: readonly {
    readonly file: string | null
    readonly line_no: number | null
    readonly id: string
    readonly user: string
    readonly attempt: string
  }[]
}

const CONFIGURED = CONFIG.parse({
  trustedProxies: ['10.30.0.8/29'],
  subjects: { rules: [{ match: 'CORP\\*', as: '*@corp.example' }] },
  findings: { expectedDirect: [{ peers: ['10.20.0.0/24'], paths: ['/healthz'] }] },
})

/** Where a request stands: its gateway record, or the one line that no record claims. */
const ofCall = (t: Truth): string => String(t.gateway_flow_id)
const ofLine = (line: Line): string => `${line.file}:${line.line_no}`
const recorded = (t: Truth) => t.app.filter(line => line.file !== null)

/** What each rule should find, from the truth alone. */
const EXPECTED: Readonly<Record<string, (all: readonly Truth[], isKnown: (line: Line) => boolean) => string[]>> = {
  'gateway-bypass': all => all.filter(t => t.cause === 'bypass').flatMap(t => recorded(t).map(ofLine)),
  'unclaimed-app': all =>
    all.filter(t => t.cause === 'gateway' && !t.gateway_recorded).flatMap(t => recorded(t).map(ofLine)),
  // Of an id whose own record was lost, the logs know nothing.
  'id-contradicted': (all, isKnown) =>
    all.flatMap(t => recorded(t).filter(l => l.id === 'replayed' && isKnown(l)).map(ofLine)),
  'identity-header-from-untrusted-proxy': all =>
    all.flatMap(t => recorded(t).filter(l => l.user === 'forged').map(ofLine)),
  ghost: all =>
    all.filter(t => t.gateway_recorded && t.app.length > 0 && recorded(t).length === 0).map(ofCall),
  'identity-mismatch': all =>
    all
      .filter(t => t.gateway_recorded && recorded(t).some(l => l.user === 'other' && l.attempt === 'final'))
      .map(ofCall),
  'retried-target': all =>
    all
      .filter(t => t.gateway_recorded && recorded(t).filter(l => l.attempt !== 'handshake').length > 1)
      .map(ofCall),
} // biome-ignore format: a table

/** Whether the id on a line is one that the gateway's export has. */
function idsOf(traffic: string): (line: Line) => boolean {
  const exported = globSync('apigee/**/*.json', { cwd: traffic }).map(file =>
    readFileSync(join(traffic, file), 'utf8'),
  )
  const ids = new Set(exported.join('\n').match(/(?<="dc_correlation_id":")[^"]+/g))
  const files = new Map<string, string[]>()
  return ({ file, line_no }) => {
    const lines = files.get(String(file)) ?? readFileSync(join(traffic, String(file)), 'utf8').split('\r\n')
    files.set(String(file), lines)
    return (
      lines[Number(line_no) - 1]?.split(' ').some(value => ids.has(value.slice(0, COLLECTOR_BYTES))) ?? false
    )
  }
}

interface Judged {
  readonly expected: number
  readonly missed: readonly string[]
  readonly wrong: readonly string[]
}

/** Where the requests stand that each rule found, and those that it did not evaluate. */
async function found(store: Store, folder: string): Promise<Map<string, Set<string>>> {
  await store.db.run('CREATE OR REPLACE TEMP TABLE paths (id INTEGER, path VARCHAR)')
  const sources = [...store.state.sources.values()].map(s => ({ id: s.id, path: relative(folder, s.path) }))
  await store.db.run(
    `INSERT INTO paths SELECT o.id, o.path FROM (SELECT unnest(from_json($json, '[{"id":"INTEGER","path":"VARCHAR"}]')) AS o)`,
    { json: JSON.stringify(sources) },
  )
  const rows = await store.db.rows<{ rule: string; place: string }>(
    `SELECT f.rule, coalesce(g.message_id, p.path || ':' || a.line_no) AS place
     FROM finding_requests AS f JOIN calls AS c USING (request_id) LEFT JOIN gateway_facts AS g ON g.hop_id = c.gateway_hop_id::UUID
     LEFT JOIN app_facts AS a ON c.gateway_hop_id IS NULL AND a.hop_id = c.request_id::UUID LEFT JOIN paths AS p ON p.id = a.source_id`,
  )
  const places = new Map<string, Set<string>>()
  for (const { rule, place } of rows) places.set(rule, (places.get(rule) ?? new Set()).add(place))
  return places
}

async function judge(options: SimulationOptions): Promise<Record<string, Judged>> {
  return inFolder(async folder => {
    const traffic = join(folder, 'traffic')
    await writeSimulation(options, traffic)
    const lines = readFileSync(join(traffic, 'truth.ndjson'), 'utf8').trimEnd().split('\n')
    const truth = lines.map(line => JSON.parse(line) as Truth)
    const isKnown = idsOf(traffic)
    return withStore(join(folder, 'store'), async store => {
      for (const side of ['gateway', 'app'] as const)
        store.append({ kind: 'coverage', side, from: '2026-03-01', to: '2026-03-04' })
      await ingestInto(store, [join(traffic, 'apigee'), join(traffic, 'iis')], { config: CONFIGURED })
      await findingsOf(store, ALWAYS, findingSettings(CONFIGURED), {
        openDays: false,
        nowMs: store.now(),
      })
      const places = await found(store, traffic)
      return Object.fromEntries(
        Object.entries(EXPECTED).map(([rule, of]) => {
          const expected = new Set(of(truth, isKnown))
          const got = places.get(rule) ?? new Set()
          return [
            rule,
            {
              expected: expected.size,
              missed: [...expected].filter(place => !got.has(place)),
              wrong: [...got].filter(place => !expected.has(place)),
            },
          ]
        }),
      )
    })
  })
}

const BASE: SimulationOptions = {
  start: '2026-03-02T08:00:00Z', hours: 1, ratePerSecond: 3, applications: 3, bypassShare: 0.1, replayedIdShare: 0.2,
  swappedUserShare: 0.05, retriesShare: 0.05, lostAppShare: 0.02, lostGatewayShare: 0.02,
} // biome-ignore format: options
/** Every link is certain where every call has an id that is its own. */
const CERTAIN: SimulationOptions = { ...BASE, missingIdShare: 0 }

test.each<{ name: string; options: SimulationOptions }>([
  { name: 'traffic as it comes', options: { ...CERTAIN, seed: 61 } },
  { name: 'clocks that are seconds off, coarse timers, handshakes', options: { ...CERTAIN, seed: 62, clockOffsetsMs: [-9000, 4000, 12_000, -300], coarseTimers: 'all', handshakeShare: 0.1 } },
  { name: 'time-outs, busy hosts and long calls', options: { ...CERTAIN, seed: 63, timeoutShare: 0.02, retriesShare: 0.2, workScale: 3 } },
])('rules find what is true, and nothing else: $name', async ({ options }) => {
  const judged = await judge(options)
  for (const [rule, { expected, missed, wrong }] of Object.entries(judged)) {
    const got = expected - missed.length + wrong.length
    expect(expected, rule).toBeGreaterThan(30)
    expect((expected - missed.length) / expected, `recall of ${rule}`).toBeGreaterThanOrEqual(0.995)
    expect(1 - wrong.length / Math.max(1, got), `precision of ${rule}`).toBeGreaterThanOrEqual(0.99)
  }
}) // biome-ignore format: a table

test('where ids are missing on a part of the lines, what is found is true all the same', async () => {
  const options = { ...BASE, seed: 64, idShare: 0.7, lostIdLineShare: 0.05 }
  const judged = Object.entries(await judge(options))
  const precision = judged.map(([rule, { expected, missed, wrong }]) => {
    const got = expected - missed.length + wrong.length
    return [rule, got > 20, 1 - wrong.length / got >= 0.99]
  })
  expect(precision).toEqual(judged.map(([rule]) => [rule, true, true]))
})
