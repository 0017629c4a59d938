import { readFileSync } from 'node:fs'
import { join, relative } from 'node:path'
import { globSync } from 'tinyglobby'
import { CONFIG } from '../../src/config/schema.ts'
import { findingsOf } from '../../src/findings/findings.ts'
import { findingSettings } from '../../src/findings/settings.ts'
import { COLLECTOR_BYTES } from '../../src/simulate/ids.ts'
import { type SimulationOptions, writeSimulation } from '../../src/simulate/index.ts'
import { ALWAYS } from '../../src/store/facts.ts'
import type { Store } from '../../src/store/store.ts'
import { inFolder } from './folder.ts'
import { httperrOf } from './httperr.ts'
import { ingestInto, withStore } from './store.ts'

/** The parts of a line of truth.ndjson that are read here; src/simulate/truth.ts documents them. */
type Line = Truth['app'][number]

interface Truth {
  readonly cause: 'gateway' | 'bypass' | 'probe'
  readonly gateway_flow_id: string | null
  readonly gateway_recorded: boolean
  readonly kernel?: readonly { readonly recorded: boolean }[]
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

/** The line that speaks for a call: the last attempt, or where its line was lost, the one before. */
const deciding = (t: Truth): Line | undefined => {
  const lines = recorded(t).filter(line => line.attempt !== 'handshake')
  return lines.find(line => line.attempt === 'final') ?? lines.at(-1)
}

/** Whether the call reached IIS or HTTP.sys. */
const wasTaken = (t: Truth): boolean => t.app.length + (t.kernel?.length ?? 0) > 0

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
    all.filter(t => t.gateway_recorded && wasTaken(t) && recorded(t).length === 0 && !t.kernel?.some(row => row.recorded)).map(ofCall),
  'identity-mismatch': all =>
    all
      .filter(t => t.gateway_recorded && deciding(t)?.user === 'other')
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

export interface Judged {
  readonly expected: number
  /** Neither found nor counted as not evaluated. */
  readonly missed: readonly string[]
  /** Counted as not evaluated, though it should be found. */
  readonly undecided: readonly string[]
  /** Found, and not true. */
  readonly wrong: readonly string[]
}

/** Of the requests that a rule found or could have found, in shares. */
export function figures({ expected, missed, undecided, wrong }: Judged): { readonly recall: number; readonly precision: number } {
  const judged = expected - undecided.length
  const right = judged - missed.length
  return { recall: judged === 0 ? 1 : right / judged, precision: right + wrong.length === 0 ? 1 : right / (right + wrong.length) }
} // biome-ignore format: one line each

/** Where the requests stand that each rule found, or did not evaluate. */
async function placesOf(
  store: Store,
  folder: string,
  table: 'finding_requests' | 'undecided_requests',
): Promise<Map<string, Set<string>>> {
  await store.db.run('CREATE OR REPLACE TEMP TABLE paths (id INTEGER, path VARCHAR)')
  const sources = [...store.state.sources.values()].map(s => ({ id: s.id, path: relative(folder, s.path) }))
  await store.db.run(
    `INSERT INTO paths SELECT o.id, o.path FROM (SELECT unnest(from_json($json, '[{"id":"INTEGER","path":"VARCHAR"}]')) AS o)`,
    { json: JSON.stringify(sources) },
  )
  const rows = await store.db.rows<{ rule: string; place: string }>(
    `SELECT f.rule, coalesce(g.message_id, p.path || ':' || a.line_no) AS place
     FROM ${table} AS f JOIN calls AS c USING (request_id) LEFT JOIN gateway_facts AS g ON g.hop_id = c.gateway_hop_id::UUID
     LEFT JOIN app_facts AS a ON c.gateway_hop_id IS NULL AND a.hop_id = c.request_id::UUID LEFT JOIN paths AS p ON p.id = a.source_id`,
  )
  const places = new Map<string, Set<string>>()
  for (const { rule, place } of rows) places.set(rule, (places.get(rule) ?? new Set()).add(place))
  return places
}

/** What each rule finds in simulated traffic, beside what is true. */
export async function judge(options: SimulationOptions): Promise<Record<string, Judged>> {
  return inFolder(async folder => {
    const traffic = join(folder, 'traffic')
    await writeSimulation(options, traffic)
    const lines = readFileSync(join(traffic, 'truth.ndjson'), 'utf8').trimEnd().split('\n')
    const truth = lines.map(line => JSON.parse(line) as Truth)
    const isKnown = idsOf(traffic)
    return withStore(join(folder, 'store'), async store => {
      for (const side of ['gateway', 'app'] as const)
        store.append({ kind: 'coverage', side, from: '2026-03-01', to: '2026-03-04' })
      await ingestInto(store, [join(traffic, 'apigee'), join(traffic, 'iis'), ...httperrOf(traffic)], {
        config: CONFIGURED,
      })
      await findingsOf(store, ALWAYS, findingSettings(CONFIGURED), {
        openDays: false,
        keepsUndecided: true,
        nowMs: store.now(),
      })
      const places = await placesOf(store, traffic, 'finding_requests')
      const doubts = await placesOf(store, traffic, 'undecided_requests')
      return Object.fromEntries(
        Object.entries(EXPECTED).map(([rule, of]) => {
          const expected = new Set(of(truth, isKnown))
          const got = places.get(rule) ?? new Set()
          const doubted = doubts.get(rule) ?? new Set()
          const absent = [...expected].filter(place => !got.has(place))
          return [
            rule,
            {
              expected: expected.size,
              missed: absent.filter(place => !doubted.has(place)),
              undecided: absent.filter(place => doubted.has(place)),
              wrong: [...got].filter(place => !expected.has(place)),
            },
          ]
        }),
      )
    })
  })
}
