import { OTLPTraceExporter } from '@opentelemetry/exporter-trace-otlp-http'
import { JsonTraceSerializer, ProtobufTraceSerializer } from '@opentelemetry/otlp-transformer'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { type Collector, startCollector } from './support/collector.ts'
import type { Fault } from './support/faults.ts'
import { FaultyProxy } from './support/faulty-proxy.ts'
import { sample } from './support/spans.ts'
import { needs } from './support/tools.ts'

needs('go')('a Collector behind a faulty proxy', () => {
  let collector: Collector
  let proxy: FaultyProxy

  beforeEach(async () => {
    collector = await startCollector()
    proxy = await FaultyProxy.start(collector.port)
  })

  afterEach(async () => {
    await proxy.close()
    await collector.stop()
  })

  async function post(contentType: string, body: Uint8Array | undefined): Promise<Uint8Array> {
    const headers = { 'content-type': contentType }
    const response = await fetch(`${proxy.endpoint}/v1/traces`, {
      method: 'POST',
      headers,
      body: body ?? null,
    })
    return new Uint8Array(await response.arrayBuffer())
  }

  test.each([
    { type: 'application/x-protobuf', serializer: ProtobufTraceSerializer },
    { type: 'application/json', serializer: JsonTraceSerializer },
  ])('what it has and what was rejected is what was sent: $type', async ({ type, serializer }) => {
    proxy.set([{ kind: 'partial', spans: 1 }])
    const { spans, expected } = sample()
    const answer = serializer.deserializeResponse(await post(type, serializer.serializeRequest(spans)))
    expect(Number(answer.partialSuccess?.rejectedSpans)).toBe(1)
    expect(collector.received().spans).toEqual(expected.slice(1))
  })

  test('has spans whose answer was lost, and has them twice when they are sent again', async () => {
    proxy.set([{ kind: 'reset-answer' }])
    const { spans, expected } = sample()
    const body = ProtobufTraceSerializer.serializeRequest(spans)
    await expect(post('application/x-protobuf', body)).rejects.toThrow()
    expect(collector.received().spans).toEqual(expected)
    await post('application/x-protobuf', body)
    expect(collector.received().spans).toEqual([...expected, ...expected])
  })

  test.each<{ name: string; fault: Fault }>([
    { name: 'seconds', fault: { kind: 'status', status: 429, retryAfter: { seconds: 1 } } },
    { name: 'a date', fault: { kind: 'status', status: 503, retryAfter: { seconds: 1, as: 'date' } } },
  ])("OpenTelemetry's own exporter comes back when it is told to: $name", async ({ fault }) => {
    proxy.set([fault])
    const { spans, expected } = sample()
    const exporter = new OTLPTraceExporter({ url: `${proxy.endpoint}/v1/traces` })
    const { code } = await new Promise<{ code: number }>(resolve => exporter.export(spans, resolve))
    await exporter.shutdown()
    expect([code, proxy.requests.length, proxy.early]).toEqual([0, 2, []])
    expect(proxy.requests.map(({ digest }) => digest === proxy.requests[0]?.digest)).toEqual([true, true])
    expect(collector.received().spans).toEqual(expected)
  })

  test('is gone while it restarts: the proxy answers 502', async () => {
    const { spans, expected } = sample()
    const body = JsonTraceSerializer.serializeRequest(spans)
    await collector.kill()
    await post('application/json', body)
    await collector.restart()
    await post('application/json', body)
    expect(proxy.requests.map(({ status }) => status)).toEqual([502, 200])
    expect(collector.received().spans).toEqual(expected)
  })
})
