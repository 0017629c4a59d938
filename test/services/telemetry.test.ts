import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { METRICS } from '../../src/telemetry/metrics.ts'
import { SPANS } from '../../src/telemetry/spans.ts'
import { throughline } from '../support/program.ts'
import { startCollector } from './support/collector.ts'
import { needs } from './support/tools.ts'

needs('go')('our own telemetry at a Collector', () => {
  test('a run and an export: spans and metrics by their documented names and units, beside the traces of requests', async () => {
    const cwd = mkdtempSync(join(tmpdir(), 'tl-telemetry-'))
    const collector = await startCollector()
    try {
      const env = { OTEL_EXPORTER_OTLP_ENDPOINT: collector.endpoint }
      await throughline(['simulate', 'traffic', '--hours', '1', '--rate-per-second', '0.2'], { cwd })
      expect((await throughline(['ingest', 'traffic'], { cwd, env })).code).toBe(0)
      const args = ['export', 'otlp', '--open-days', '--endpoint', collector.endpoint, '--json']
      const exported = await throughline(args, { cwd, env })
      expect(exported.code, exported.stderr).toBe(0)
      const { spans, metrics } = collector.received()

      const own = spans.filter(s => s.resource['service.name'] === 'throughline')
      expect(own.map(s => s.name)).toEqual(expect.arrayContaining(['ingest', 'read file', 'commit', 'link', 'link day', 'export pass']))
      for (const { name } of own) expect(SPANS).toHaveProperty([name])

      for (const { name, unit } of metrics) expect([name, METRICS[name as keyof typeof METRICS]?.unit]).toEqual([name, unit])
      const { spans: sent } = JSON.parse(exported.stdout) as { spans: { accepted: number } }
      const requests = spans.filter(s => s.scope.name === 'throughline' && s.resource['service.name'] !== 'throughline')
      expect(requests).toHaveLength(sent.accepted)
      const accepted = metrics.filter(m => m.name === 'throughline.export.spans.accepted').at(-1)
      expect(Number(accepted?.points[0]?.value)).toBe(sent.accepted)
    } finally {
      await collector.stop()
      rmSync(cwd, { recursive: true, force: true })
    }
  })
}) // biome-ignore format: long calls
