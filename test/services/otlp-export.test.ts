import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import * as conventions from '@opentelemetry/semantic-conventions/incubating'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { OWN_ATTRIBUTES, SPAN_EVENTS } from '../../src/traces/attributes.ts'
import { type Ended, throughline } from '../support/program.ts'
import { type Certificates, makeCertificates } from './support/certificates.ts'
import { type Collector, startCollector } from './support/collector.ts'
import { storm } from './support/faults.ts'
import { FaultyProxy } from './support/faulty-proxy.ts'
import type { Attributes, ReceivedSpan } from './support/received.ts'
import { needs } from './support/tools.ts'

const SERVER = 2
const CLIENT = 3

let folder = ''
/** Counts of rows in the store, as `export facts` tells them. */
let rows = { gateway: 0, called: 0, app: 0 }

const run = (args: readonly string[], env: Readonly<Record<string, string>> = {}): Promise<Ended> =>
  throughline(args, { cwd: folder, env })

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'tl-otlp-'))
  await run(['simulate', 'traffic', '--hours', '2', '--rate-per-second', '1'])
  expect((await run(['ingest', 'traffic'])).code).toBe(0)
  const { stdout: gateway } = await run(['export', 'facts', '--kind', 'gateway'])
  const { stdout: app } = await run(['export', 'facts', '--kind', 'app'])
  const hops = linesOf(gateway).map(text => JSON.parse(text) as { target_called: boolean })
  rows = { gateway: hops.length, called: hops.filter(h => h.target_called).length, app: linesOf(app).length }
})
afterAll(() => rmSync(folder, { recursive: true, force: true }))

const linesOf = (text: string): string[] => text.split('\n').filter(line => line !== '')

/** Exports everything, as it stands, to a receiver that has nothing yet. */
let names = 0
const exportTo = (endpoint: string, ...more: readonly string[]): Promise<Ended> =>
  run(['export', 'otlp', '--endpoint', endpoint, '--open-days', '--name', `otlp-${names++}`, ...more])

async function received(action: (collector: Collector) => Promise<void>) {
  const collector = await startCollector()
  try {
    await action(collector)
    return collector.received()
  } finally {
    await collector.stop()
  }
}

needs('go')('what a Collector gets', () => {
  let spans: readonly ReceivedSpan[] = []
  let byId = new Map<string, ReceivedSpan>()

  beforeAll(async () => {
    const got = await received(async collector => {
      const { code, stderr } = await exportTo(collector.endpoint)
      expect({ code, stderr }).toMatchObject({ code: 0 })
    })
    spans = got.spans
    byId = new Map(spans.map(span => [span.spanId, span]))
  })

  test('every span, once: a server span a gateway hop and an app hop, a client span a call to a target', () => {
    expect(spans).toHaveLength(rows.gateway + rows.called + rows.app)
    expect(byId.size).toBe(spans.length)
    expect(spans.filter(s => s.kind === CLIENT)).toHaveLength(rows.called)
    const isApp = (span: ReceivedSpan) => 'throughline.clock.placed_by' in span.attributes
    expect(spans.filter(isApp)).toHaveLength(rows.app)
  })

  test('parents: a call below its gateway hop, an app hop below the call that it is joined to', async () => {
    const { stdout } = await run(['export', 'links'])
    const links = linesOf(stdout).map(text => JSON.parse(text) as { gateway_hop_id: string; app_hop_id: string; confidence: number })
    const joined = links.filter(l => l.confidence >= 0.9)
    expect(joined.length).toBeGreaterThan(1000)
    for (const { gateway_hop_id: gateway, app_hop_id: app } of joined) {
      const below = byId.get(app.slice(0, 16))
      expect(below).toMatchObject({ parentSpanId: gateway.slice(16), kind: SERVER })
      expect(byId.get(gateway.slice(16))).toMatchObject({ parentSpanId: gateway.slice(0, 16), kind: CLIENT, traceId: below?.traceId })
    }
    const children = spans.filter(s => s.parentSpanId !== '')
    expect(children).toHaveLength(rows.called + joined.length)
  })

  test('names and types of attributes: those of the conventions, or our own', () => {
    const known = new Set(Object.entries(conventions).filter(([key]) => key.startsWith('ATTR_')).map(([, name]) => name))
    const wrong = new Set<string>()
    for (const span of spans) {
      for (const { attributes } of [span, { attributes: span.resource }, ...span.events, ...span.links])
        for (const word of wrongNames(attributes, known)) wrong.add(word)
      for (const { name } of span.events) if (!(name in SPAN_EVENTS)) wrong.add(name)
    }
    expect([...wrong]).toEqual([])
  })

  test('app spans lie inside the call that caused them, all of those that fit into it by a clock known to a second', () => {
    const counted = { fit: 0, outside: 0, apart: 0 }
    for (const span of spans) {
      const call = byId.get(span.parentSpanId)
      const { low, high, logged, resolution } = clockOf(span)
      if (call?.kind !== CLIENT || logged === undefined) continue
      const isInside = call.startNs <= span.startNs && span.endNs <= call.endNs
      const fits = span.endNs - span.startNs <= call.endNs - call.startNs
      if (fits && low !== undefined && high - low < 1_000_000n) {
        counted.fit++
        if (!isInside) counted.outside++
      }
      if (span.attributes['throughline.clock.placed_by'] === 'stamps') {
        expect(span.endNs).toBe(logged)
        if (!isInside) expect(span.events.map(e => e.name)).toContain('throughline.clock.misfit')
        continue
      }
      // Nothing is moved out of offset +- interval and resolution: its end lies where the host's clock lets it lie.
      const [least, most] = [(logged - span.endNs) / 1000n, (low ?? 0n) - resolution]
      if (least > (high ?? 0n) || least < most) counted.apart++
    }
    expect(counted.fit).toBeGreaterThan(1000)
    expect(counted).toMatchObject({ outside: 0, apart: 0 })
  })

  test('JSON says the same as Protocol Buffers, and an export to another receiver the same as the first', async () => {
    const again = await received(async collector => {
      expect((await exportTo(collector.endpoint, '--protocol', 'http/json', '--compression', 'none')).code).toBe(0)
    })
    expect(bySpan(again.spans)).toEqual(bySpan(spans))
  })

  test('trace --json can be handed to it as it is', async () => {
    const joined = spans.find(s => s.kind === CLIENT)
    const { stdout } = await run(['trace', String(joined?.attributes['throughline.request.id']), '--json'])
    const got = await received(async collector => {
      const headers = { 'content-type': 'application/json' }
      const response = await fetch(`${collector.endpoint}/v1/traces`, { method: 'POST', headers, body: stdout })
      expect(response.status).toBe(200)
    })
    const request = spans.filter(s => s.traceId === joined?.traceId)
    expect([...bySpan(got.spans).keys()].sort()).toEqual(request.map(s => s.spanId).sort())
  })

  test('IIS lines as log records, each with the trace and span of its line', async () => {
    const { logs } = await received(async collector => {
      expect((await exportTo(collector.endpoint, '--logs')).code).toBe(0)
    })
    expect(logs).toHaveLength(rows.app)
    for (const log of logs) expect(byId.get(log.spanId)).toMatchObject({ traceId: log.traceId, resource: log.resource })
  })

  function clockOf({ attributes }: ReceivedSpan) {
    const end = attributes['throughline.logged.end']
    const [low, high] = [attributes['throughline.clock.low_us'], attributes['throughline.clock.high_us']]
    return {
      logged: 'throughline.clock.placed_by' in attributes ? BigInt(Date.parse(String(end))) * 1_000_000n : undefined,
      low: low === undefined ? undefined : BigInt(Number(low)),
      high: BigInt(Number(high ?? 0)),
      resolution: BigInt(Number(attributes['throughline.logged.resolution_ms'] ?? 0)) * 1000n,
    }
  }
}) // biome-ignore format: long conditions

/** Types that the conventions give the attributes we use; all others are texts. Source: semantic conventions 1.45, registry. */
const WHOLE = new Set([
  'http.response.status_code',
  'http.request.size',
  'http.response.size',
  'server.port',
  'network.local.port',
])

/** Attributes that nobody has defined, or with another type. */
function wrongNames(attributes: Attributes, known: ReadonlySet<unknown>): string[] {
  return Object.entries(attributes).flatMap(([name, value]) => {
    const type = typeof value === 'number' && Number.isInteger(value) ? 'int' : typeof value
    const own = OWN_ATTRIBUTES[name as keyof typeof OWN_ATTRIBUTES]
    const want = own?.[1] ?? (known.has(name) ? (WHOLE.has(name) ? 'int' : 'string') : 'undefined')
    return want === type ? [] : [`${name}: ${type}, expected ${want}`]
  })
}

/** Spans by id, without what differs when a trace has left before. */
function bySpan(spans: readonly ReceivedSpan[]): Map<string, unknown> {
  return new Map(
    spans.map(({ attributes: { 'throughline.trace.from': _, ...attributes }, ...span }) => [span.spanId, { ...span, attributes }]),
  )
} // biome-ignore format: one expression

needs('go')('a backend that fails', () => {
  /** Exports through a proxy, and expects every span at the Collector, by id. */
  async function survives(
    faults: Parameters<FaultyProxy['set']>[0],
    { more = [], rejected = 0 }: { more?: readonly string[]; rejected?: number } = {},
  ): Promise<{ ended: Ended; proxy: FaultyProxy }> {
    const collector = await startCollector()
    const proxy = await FaultyProxy.start(collector.port, faults)
    try {
      const ended = await exportTo(proxy.endpoint, '--batch', '400', ...more)
      expect(ended.code, ended.stderr).toBe(0)
      const ids = new Set(collector.received().spans.map(s => s.spanId))
      expect(ids.size).toBe(rows.gateway + rows.called + rows.app - rejected)
      expect(proxy.early).toEqual([])
      return { ended, proxy }
    } finally {
      await proxy.close()
      await collector.stop()
    }
  }

  test('resets in the middle and after the backend took it', async () => {
    await survives([{ kind: 'reset-request' }, { kind: 'reset-answer' }, { kind: 'pass' }, { kind: 'reset-request' }])
  })

  test('429 and 503, with Retry-After and without', async () => {
    const { proxy } = await survives([
      { kind: 'status', status: 429, retryAfter: { seconds: 2 } },
      { kind: 'status', status: 503 },
      { kind: 'status', status: 503, retryAfter: { seconds: 1, as: 'date' } },
      { kind: 'status', status: 429 },
    ])
    expect(proxy.requests.filter(r => r.status !== 200)).toHaveLength(4)
  })

  test('slow, and silent for longer than the timeout, whether it has it or not', async () => {
    await survives([{ kind: 'slow', delayMs: 400 }, { kind: 'silent' }, { kind: 'silent', forward: true }], { more: ['--timeout', '1'] })
  })

  test('connections refused for a while', async () => {
    await survives([{ kind: 'pass' }, { kind: 'outage', forMs: 3000 }])
  })

  test('a partial success: what was rejected is counted and reported, and not sent again', async () => {
    const { ended } = await survives([{ kind: 'partial', spans: 7, message: 'too old' }], { rejected: 7 })
    expect(ended.stdout).toMatch(/7 rejected/)
    expect(ended.stdout).toContain('too old')
  })

  test.each([1, 2, 3])('a storm of everything, seed %i', async seed => {
    const faults = storm({
      seed,
      share: 0.5,
      faults: [{ kind: 'reset-request' }, { kind: 'reset-answer' }, { kind: 'status', status: 429 }, { kind: 'status', status: 503 }, { kind: 'status', status: 502 }, { kind: 'silent' }, { kind: 'slow', delayMs: 200 }, { kind: 'outage', forMs: 500 }],
    })
    await survives(faults, { more: ['--timeout', '2'] })
  })

  test('the Collector is killed and started again in mid-export', async () => {
    const collector = await startCollector()
    const proxy = await FaultyProxy.start(collector.port)
    try {
      const ended = exportTo(proxy.endpoint, '--batch', '200', '--concurrency', '2')
      while (proxy.requests.length < 8) await new Promise(resolve => setTimeout(resolve, 20))
      await collector.kill()
      await new Promise(resolve => setTimeout(resolve, 500))
      await collector.restart()
      expect((await ended).code).toBe(0)
      expect(new Set(collector.received().spans.map(s => s.spanId)).size).toBe(rows.gateway + rows.called + rows.app)
    } finally {
      await proxy.close()
      await collector.stop()
    }
  })

  test('the exporter is killed again and again: every span arrives, and a run goes on from where the last one was', async () => {
    const collector = await startCollector()
    const proxy = await FaultyProxy.start(collector.port, () => ({ kind: 'slow', delayMs: 60 }))
    const name = `otlp-killed-${names++}`
    const args = ['export', 'otlp', '--endpoint', proxy.endpoint, '--open-days', '--name', name, '--batch', '100', '--concurrency', '2']
    try {
      let kills = 0
      for (let code: number | null = null; code !== 0; ) {
        const until = proxy.requests.length + 25
        const ended = await throughline(args, {
          cwd: folder,
          during: child => {
            const timer = setInterval(() => {
              if (child.exitCode !== null || child.signalCode !== null) return clearInterval(timer)
              if (proxy.requests.length < until || kills >= 5) return
              kills++
              clearInterval(timer)
              child.kill('SIGKILL')
            }, 10)
          },
        })
        code = ended.code
        if (code !== 0) expect(code, ended.stderr).toBe(null)
      }
      const { spans } = collector.received()
      const all = rows.gateway + rows.called + rows.app
      expect(kills).toBe(5)
      expect(new Set(spans.map(s => s.spanId)).size).toBe(all)
      // What the checkpoint had not noted yet is sent twice: a second's worth a kill, not everything.
      expect(spans.length).toBeLessThan(2 * all)
    } finally {
      await proxy.close()
      await collector.stop()
    }
  })
}) // biome-ignore format: tables of faults

needs('go', 'openssl')('a backend over TLS', () => {
  async function over(options: { wantsClient: boolean }, action: (endpoint: string, files: Certificates) => Promise<void>) {
    const files = makeCertificates(mkdtempSync(join(folder, 'certificates-')))
    const clientCa = options.wantsClient ? { clientCa: files.ca } : {}
    const collector = await startCollector({ tls: { ...files.server, ...clientCa } })
    try {
      await action(collector.endpoint, files)
      return new Set(collector.received().spans.map(s => s.spanId)).size
    } finally {
      await collector.stop()
    }
  }

  test('takes everything from a client that trusts its authority, and nothing from one that does not', async () => {
    const got = await over({ wantsClient: false }, async (endpoint, { ca }) => {
      const refused = await exportTo(endpoint)
      expect(refused.code).toBe(3)
      expect(refused.stderr).toMatch(/certificate/)
      expect(refused.stderr).toContain('--ca')
      expect((await exportTo(endpoint, '--ca', ca)).code).toBe(0)
    })
    expect(got).toBe(rows.gateway + rows.called + rows.app)
  })

  test('that wants a certificate of its clients', async () => {
    const got = await over({ wantsClient: true }, async (endpoint, { ca, client }) => {
      const args = ['--ca', ca, '--client-cert', client.cert, '--client-key', client.key]
      const { code, stderr } = await exportTo(endpoint, ...args)
      expect({ code, stderr }).toMatchObject({ code: 0 })
    })
    expect(got).toBe(rows.gateway + rows.called + rows.app)
  })
}) // biome-ignore format: long calls

describe('what is no receiver', () => {
  test.each([
    {
      name: 'nothing listens, for longer than it has patience',
      endpoint: 'http://127.0.0.1:9',
      words: ['127.0.0.1:9', 'refused'],
    },
  ])('$name', async ({ endpoint, words }) => {
    const { code, stderr } = await run([
      'export',
      'otlp',
      '--endpoint',
      endpoint,
      '--open-days',
      '--patience',
      '1',
    ])
    expect(code).toBe(3)
    for (const word of words) expect(stderr).toContain(word)
  })

  needs('go')('that answers', () => {
    test('with silence, for longer than the exporter has patience: nothing is called sent', async () => {
      const collector = await startCollector()
      const proxy = await FaultyProxy.start(collector.port, () => ({ kind: 'silent' }))
      try {
        const { code, stderr, stdout } = await exportTo(proxy.endpoint, '--timeout', '1', '--patience', '3')
        expect(code).toBe(3)
        expect(stderr).toContain('given up')
        expect(stdout).toMatch(/^spans +0 taken/m)
      } finally {
        await proxy.close()
        await collector.stop()
      }
    })

    test.each([
      {
        name: 'a web page',
        faults: [{ kind: 'html' as const }],
        path: '',
        words: ['not as an OTLP receiver'],
      },
      { name: 'a wrong path', faults: [], path: '/nowhere', words: ['404', '/nowhere/v1/traces'] },
    ])('$name', async ({ faults, path, words }) => {
      const collector = await startCollector()
      const proxy = await FaultyProxy.start(collector.port, faults)
      try {
        const { code, stderr } = await exportTo(`${proxy.endpoint}${path}`)
        expect(code).toBe(3)
        for (const word of words) expect(stderr).toContain(word)
      } finally {
        await proxy.close()
        await collector.stop()
      }
    })
  })
})
