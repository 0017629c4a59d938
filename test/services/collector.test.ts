import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { request } from 'node:https'
import { gzipSync } from 'node:zlib'
import { OTLPTraceExporter } from '@opentelemetry/exporter-trace-otlp-http'
import { ProtobufTraceSerializer } from '@opentelemetry/otlp-transformer'
import { afterEach, expect, test } from 'vitest'
import { inFolder } from '../support/folder.ts'
import { makeCertificates } from './support/certificates.ts'
import { type Collector, type CollectorOptions, startCollector } from './support/collector.ts'
import { type Sample, sample } from './support/spans.ts'
import { needs } from './support/tools.ts'

const running: Collector[] = []

afterEach(async () => {
  await Promise.all(running.splice(0).map(collector => collector.stop()))
})

async function started(options: CollectorOptions = {}): Promise<Collector> {
  const collector = await startCollector(options)
  running.push(collector)
  return collector
}

/** Sends spans as JSON, with OpenTelemetry's own exporter; rejects if it reports a failure. */
async function sendJson(endpoint: string, spans: Sample['spans']): Promise<void> {
  const exporter = new OTLPTraceExporter({ url: `${endpoint}/v1/traces` })
  try {
    await new Promise<void>((resolve, reject) => {
      exporter.export(spans, ({ code, error }) => (code === 0 ? resolve() : reject(error)))
    })
  } finally {
    await exporter.shutdown()
  }
}

/** Sends spans as protobuf and returns the status of the answer. */
async function sendProtobuf(endpoint: string, spans: Sample['spans'], compress = false): Promise<number> {
  const body = Buffer.from(ProtobufTraceSerializer.serializeRequest(spans) ?? [])
  const response = await fetch(`${endpoint}/v1/traces`, {
    method: 'POST',
    headers: { 'content-type': 'application/x-protobuf', ...(compress && { 'content-encoding': 'gzip' }) },
    body: compress ? gzipSync(body) : body,
  })
  return response.status
}

needs('go')('the Collector', () => {
  test('takes spans as JSON and gives them back equal', async () => {
    const collector = await started()
    const { spans, expected } = sample()
    await sendJson(collector.endpoint, spans)
    expect(collector.received()).toEqual({ spans: expected, logs: [], metrics: [] })
  })

  test.each([
    { name: 'plain', compress: false },
    { name: 'gzip', compress: true },
  ])('takes spans as protobuf and gives them back equal: $name', async ({ compress }) => {
    const collector = await started()
    const { spans, expected } = sample()
    expect(await sendProtobuf(collector.endpoint, spans, compress)).toBe(200)
    expect(collector.received().spans).toEqual(expected)
  })

  test('keeps what it has over a restart, at the same port', async () => {
    const collector = await started()
    const [before, after] = [sample(), sample()]
    await sendJson(collector.endpoint, before.spans)
    await collector.restart()
    await sendJson(collector.endpoint, after.spans)
    expect(collector.received().spans).toEqual([...before.expected, ...after.expected])
    await collector.stop()
    expect(collector.received().spans).toEqual([...before.expected, ...after.expected])
  })

  test('has everything it answered when it is killed, and starts again', async () => {
    const collector = await started()
    const sent: Sample[] = []
    for (let i = 0; i < 20; i++) {
      const batch = sample()
      expect(await sendProtobuf(collector.endpoint, batch.spans)).toBe(200)
      sent.push(batch)
    }
    await collector.kill()
    await expect(sendProtobuf(collector.endpoint, sample().spans)).rejects.toThrow()
    expect(collector.received().spans).toEqual(sent.flatMap(({ expected }) => expected))
    await collector.restart()
    const last = sample()
    await sendJson(collector.endpoint, last.spans)
    expect(collector.received().spans).toEqual([...sent, last].flatMap(({ expected }) => expected))
  })

  test('two run side by side and do not see each other', async () => {
    const [one, other] = await Promise.all([started(), started()])
    await sendJson(one.endpoint, sample().spans)
    expect([one, other].map(it => it.received().spans.length)).toEqual([2, 0])
  })

  test('that forgets takes spans, and says so when it is asked for them', async () => {
    const collector = await started({ exporter: 'nop' })
    await sendJson(collector.endpoint, sample().spans)
    expect(() => collector.received()).toThrow('exporter nop')
  })

  test('says that its port is taken', async () => {
    const { port } = await started()
    await expect(startCollector({ port })).rejects.toThrow(`port ${port} is taken`)
  })
})

needs('go', 'openssl')('the Collector with TLS', () => {
  async function post(collector: Collector, tls: object): Promise<number> {
    const body = ProtobufTraceSerializer.serializeRequest(sample().spans)
    const headers = { 'content-type': 'application/x-protobuf' }
    const sending = request(`${collector.endpoint}/v1/traces`, {
      method: 'POST',
      headers,
      agent: false,
      ...tls,
    })
    sending.end(body)
    const [response] = await once(sending, 'response')
    response.resume()
    return response.statusCode
  }

  test('is known by its authority only', () =>
    inFolder(async folder => {
      const { ca, server } = makeCertificates(folder)
      const collector = await started({ tls: server })
      expect(collector.endpoint).toMatch(/^https:/)
      expect(await post(collector, { ca: readFileSync(ca) })).toBe(200)
      await expect(post(collector, {})).rejects.toThrow('unable to verify the first certificate')
      expect(collector.received().spans).toHaveLength(2)
    }))

  test('asks clients for certificates of its authority', () =>
    inFolder(async folder => {
      const { ca, server, client } = makeCertificates(folder)
      const collector = await started({ tls: { ...server, clientCa: ca } })
      const [authority, cert, key] = [ca, client.cert, client.key].map(path => readFileSync(path))
      expect(await post(collector, { ca: authority, cert, key })).toBe(200)
      await expect(post(collector, { ca: authority })).rejects.toThrow()
    }))
})
