import { gunzipSync } from 'node:zlib'
import { expect, test } from 'vitest'
import { madeSpan } from './made-span.fixture.ts'
import { startReceiver } from './receiver.fixture.ts'
import { logSignal, type OtlpLogRecord, spanSignal } from './signals.ts'
import { Transport } from './transport.ts'

function record(body: string): OtlpLogRecord {
  const made = {
    hrTime: [1_772_409_600, 5],
    hrTimeObserved: [1_772_409_600, 5],
    body,
    attributes: {},
    severityNumber: 9,
    resource: { attributes: { 'service.name': 'one' } },
    instrumentationScope: { name: 'throughline' },
    droppedAttributesCount: 0,
  }
  return made as unknown as OtlpLogRecord
}

test.each(['protobuf', 'json'] as const)('log records as %s: the texts are in the request', format => {
  const text = Buffer.from(logSignal(format).encode([record('first'), record('second')])).toString('latin1')
  for (const part of ['first', 'second', 'service.name']) expect(text).toContain(part)
})

test('spans as JSON have hexadecimal ids and times as texts (OTLP, "JSON Protobuf Encoding")', () => {
  const request = JSON.parse(Buffer.from(spanSignal('json').encode([madeSpan(0)])).toString())
  expect(request.resourceSpans[0].scopeSpans[0].spans[0]).toMatchObject({
    name: 'span 0',
    traceId: `${'0'.repeat(31)}1`,
    startTimeUnixNano: '1772409600250000000',
  })
})

test.each([
  // Field 1 of the answer; in it, 1 is the count, 2 the message.
  { name: 'Protocol Buffers', type: 'application/x-protobuf', body: Buffer.from([10, 7, 8, 2, 18, 3, 111, 108, 100]) },
  { name: 'JSON', type: 'application/json', body: '{"partialSuccess":{"rejectedLogRecords":"2","errorMessage":"old"}}' },
])('rejected log records are read from $name', async ({ type, body }) => {
  const seen: string[] = []
  const receiver = await startReceiver((_request, sent, response) => {
    seen.push(sent.toString('latin1'))
    response.writeHead(200, { 'content-type': type }).end(body)
  })
  const signal = logSignal('protobuf')
  const transport = new Transport({ url: receiver.url, signal, connections: 1, nowMs: () => 0 })
  try {
    const packed = await transport.pack(signal.encode([record('first')]))
    expect(gunzipSync(packed.body).toString('latin1')).toContain('first')
    expect(await transport.post(packed)).toEqual({ kind: 'accepted', rejected: 2, message: 'old' })
    expect(seen).toHaveLength(1)
  } finally {
    transport.close()
    await receiver.close()
  }
}) // biome-ignore format: a table
