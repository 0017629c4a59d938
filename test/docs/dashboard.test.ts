import { readFileSync } from 'node:fs'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { startSdk } from '../../src/cli/telemetry-sdk.ts'
import { exportTelemetry } from '../../src/telemetry/export.ts'
import { METRICS, type MetricName, type MetricRow } from '../../src/telemetry/metrics.ts'
import * as record from '../../src/telemetry/record.ts'
import { freePort, parseMetrics, type Sample, scrape, total } from '../support/metrics.ts'

interface Panel {
  readonly id: number
  readonly type: string
  readonly title: string
  readonly description?: string
  readonly gridPos: { readonly x: number; readonly y: number; readonly w: number; readonly h: number }
  readonly fieldConfig?: { readonly defaults: { readonly unit?: string } }
  readonly targets?: readonly {
    readonly refId: string
    readonly expr: string
    readonly legendFormat: string
  }[]
}

const TEXT = readFileSync('dashboards/grafana-throughline.json', 'utf8')
const DASHBOARD = JSON.parse(TEXT) as {
  readonly schemaVersion: number
  readonly panels: readonly Panel[]
  readonly templating: {
    readonly list: readonly { readonly name: string; readonly type: string; readonly query: unknown }[]
  }
}
const CHARTS = DASHBOARD.panels.filter(p => p.type !== 'row')
const EXPRESSIONS = CHARTS.flatMap(p => p.targets ?? []).map(t => t.expr)

let port = 0
let page = ''
let samples: readonly Sample[] = []
let shutdown: () => Promise<void> = async () => undefined

/** Gives every metric of the table a value, and reads them as Prometheus would. */
beforeAll(async () => {
  port = await freePort()
  const prometheus = { host: '127.0.0.1', port }
  shutdown = await startSdk(
    { traces: undefined, metrics: undefined, prometheus, intervalMs: 60_000 },
    problem => {
      throw new Error(problem)
    },
  )
  const any = record as unknown as Record<string, (name: string, ...values: unknown[]) => void>
  for (const [name, { kind, attribute }] of Object.entries(METRICS as Readonly<Record<string, MetricRow>>)) {
    if (kind === 'counter') any.count?.(name, 1, attribute ? 'x' : undefined)
    else if (kind === 'histogram') any.measure?.(name, 1)
    else if (kind === 'gauge') any.level?.(name, 1)
    else any.observe?.(name, '', () => ({ [attribute ? 'x' : '']: 1 }))
  }
  page = await (await fetch(`http://127.0.0.1:${port}/metrics`)).text()
  samples = parseMetrics(page)
})
afterAll(() => shutdown())

const NAMES = /\b(?:throughline|process)_[a-z_]+(?=\{|[^a-z_])/g
const labelsOf = (name: string): Set<string> =>
  new Set(samples.filter(s => s.name === name).flatMap(s => Object.keys(s.labels)))

describe('the Grafana dashboard', () => {
  test('asks for metrics that the exporter writes', () => {
    const written = new Set(samples.map(s => s.name))
    const asked = EXPRESSIONS.flatMap(e => [...e.matchAll(/([a-z_]+)\{/g)].map(([, name = '']) => name))
    expect(asked.length).toBeGreaterThan(30)
    expect(asked.filter(name => !written.has(name))).toEqual([])
    const [variable] = TEXT.match(/label_values\((\w+)/)?.slice(1) ?? []
    expect(written).toContain(variable)
  })

  test('groups and filters by labels that these metrics have', () => {
    for (const expr of EXPRESSIONS) {
      const name = /([a-z_]+)\{/.exec(expr)?.[1] ?? ''
      const grouped = [...expr.matchAll(/\bby \(([^)]*)\)/g)].flatMap(([, list = '']) => list.split(', '))
      const filtered = [...expr.matchAll(/([a-z_]+)=~?"/g)].map(([, label = '']) => label)
      // Prometheus itself adds the instance.
      const unknown = [...grouped, ...filtered].filter(l => l !== 'instance' && !labelsOf(name).has(l))
      expect([expr, unknown]).toEqual([expr, []])
    }
  })

  test('takes the growth of counters and the quantiles of histograms, and nothing else of either', () => {
    const types = new Map([...page.matchAll(/^# TYPE (\S+) (\S+)$/gm)].map(([, name, type]) => [name, type]))
    for (const expr of EXPRESSIONS) {
      const name = /([a-z_]+)\{/.exec(expr)?.[1] ?? ''
      const type = types.get(name) ?? types.get(name.replace(/_bucket$/, ''))
      const how = /histogram_quantile/.test(expr)
        ? 'histogram'
        : /\b(rate|increase)\(/.test(expr)
          ? 'counter'
          : 'gauge'
      // What was refused since the process began is shown as it is.
      const isAllowed = type === how || (type === 'counter' && /files_(refused|failed)_total/.test(name))
      expect([expr, isAllowed]).toEqual([expr, true])
    }
  })

  test('shows every metric of the table', () => {
    const rows = Object.entries(METRICS as Readonly<Record<string, MetricRow>>)
    const missing = rows
      .map(([name]) => name.replaceAll('.', '_'))
      .filter(name => !EXPRESSIONS.some(e => new RegExp(`\\b${name}(_total|_bucket)?\\{`).test(e)))
    // Lines read are shown as what became of them.
    expect(missing).toEqual(['throughline_lines_read'])
  })

  test('says of every panel what it shows, in which unit, and of every line what it is', () => {
    for (const { title, description = '', fieldConfig, targets = [] } of CHARTS) {
      expect(title).toMatch(/^[A-Z]/)
      expect([title, description.length > 15 && description.endsWith('.')]).toEqual([title, true])
      expect(fieldConfig?.defaults.unit).toMatch(/^(short|bytes|Bps|s|percentunit)$/)
      expect(targets.length).toBeGreaterThan(0)
      expect(targets.filter(t => t.legendFormat === '')).toEqual([])
      expect(new Set(targets.map(t => t.refId)).size).toBe(targets.length)
    }
    expect(new Set(CHARTS.map(p => p.title)).size).toBe(CHARTS.length)
  })

  test('has panels with ids of their own that do not overlap and stay inside the grid', () => {
    const taken = new Map<string, string>()
    for (const { title, gridPos } of DASHBOARD.panels) {
      expect(gridPos.x + gridPos.w).toBeLessThanOrEqual(24)
      for (let x = gridPos.x; x < gridPos.x + gridPos.w; x++)
        for (let y = gridPos.y; y < gridPos.y + gridPos.h; y++) {
          expect([title, taken.get(`${x} ${y}`)]).toEqual([title, undefined])
          taken.set(`${x} ${y}`, title)
        }
    }
    expect(new Set(DASHBOARD.panels.map(p => p.id)).size).toBe(DASHBOARD.panels.length)
  })

  test('leaves the data source to whoever imports it', () => {
    expect(DASHBOARD.templating.list[0]).toMatchObject({
      name: 'datasource',
      type: 'datasource',
      query: 'prometheus',
    })
    const uids = new Set([...TEXT.matchAll(/"uid": "([^"]*)"/g)].map(([, uid]) => uid))
    expect([...uids].sort()).toEqual(['$'.concat('{datasource}'), 'throughline'])
  })
})

describe('the page that Prometheus reads', () => {
  test('names every metric of the table by its rule: underscores, _total behind what only grows', () => {
    const rows = Object.entries(METRICS as Readonly<Record<string, MetricRow>>)
    for (const [name, { kind, unit, means }] of rows) {
      const own =
        name.replaceAll('.', '_') + (kind === 'counter' || kind === 'observed-total' ? '_total' : '')
      expect(page).toContain(`# HELP ${own} ${means}\n# UNIT ${own} ${unit}\n`)
    }
    expect(page.match(NAMES)?.length).toBeGreaterThan(rows.length)
  })

  test('has the buckets of the table', () => {
    const name: MetricName = 'throughline.commit.rows'
    const bounds = samples.filter(s => s.name === `${name.replaceAll('.', '_')}_bucket`).map(s => s.labels.le)
    expect(bounds).toEqual([...METRICS[name].buckets.map(String), '+Inf'])
  })
})

test('what is told of an export is what its metrics say', async () => {
  const before = samples
  exportTelemetry.sending(8)
  exportTelemetry.retrying('503')
  exportTelemetry.sending(8)
  exportTelemetry.settled({ accepted: 7, rejected: 1 })
  exportTelemetry.active(2)
  exportTelemetry.lagging(0.5)
  const after = await scrape(port)
  const name = (end: string): string => `throughline_export_${end}`
  const grown = (end: string): number => total(after, name(end)) - total(before, name(end))
  expect(['spans_sent_total', 'spans_accepted_total', 'spans_rejected_total', 'retries_total', 'batch_size_count'].map(grown)).toEqual([16, 7, 1, 1, 2]) // biome-ignore format: a row
  expect(after).toContainEqual(
    expect.objectContaining({ labels: { throughline_retry_reason: '503' }, value: 1 }),
  )
  expect([total(after, name('requests_active')), total(after, name('lag'))]).toEqual([2, 0.5])
})
