import { ProtobufTraceSerializer } from '@opentelemetry/otlp-transformer'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { runs } from '../../../test/support/runs.ts'
import { type OtlpSpan, SpanEncoder } from './encode-spans.ts'
import { madeSpan } from './made-span.fixture.ts'

const hexId = (length: number) => fc.stringMatching(new RegExp(`^[0-9a-fA-F]{${length}}$`))
const count = fc.oneof(fc.nat(3), fc.nat(2 ** 31 - 1))
const name = fc.oneof(fc.string(), fc.string({ unit: 'grapheme' }), fc.constant('x'.repeat(200)))
const time = fc.tuple(fc.nat({ max: 18_446_744_072 }), fc.nat(999_999_999))
const number = fc.oneof(
  fc.integer(),
  fc.maxSafeInteger(),
  fc.double(),
  fc.constantFrom(0, -0, 127, 128, 16383, 16384, 2 ** 32, 2 ** 53, 2 ** 62, 2 ** 63, -(2 ** 63)),
)
const leaf = fc.oneof(name, number, fc.boolean(), fc.constant(null), fc.uint8Array())
const { value } = fc.letrec(tie => ({
  value: fc.oneof(
    { maxDepth: 2 },
    leaf,
    fc.array(tie('value'), { maxLength: 3 }),
    fc.dictionary(name, tie('value'), { maxKeys: 3 }),
  ),
}))
const attributes = fc.dictionary(name, value, { maxKeys: 4 })
const state = fc.option(fc.record({ serialize: fc.constantFrom(() => '', () => 'a=1,b=2') }), { nil: undefined }) // biome-ignore format: one line
const context = fc.record(
  { traceId: hexId(32), spanId: hexId(16), traceFlags: fc.nat(255), isRemote: fc.boolean(), traceState: state },
  { requiredKeys: ['traceId', 'spanId', 'traceFlags'] },
) // biome-ignore format: a value
const resources = [{ 'service.name': 'a' }, { 'service.name': 'b', 'host.name': 'ü' }, {}].map(
  (values, i) => ({ attributes: values, ...(i === 1 ? { schemaUrl: 'https://schema' } : {}) }),
)
const scopes = [{ name: 'one', version: '1.0', schemaUrl: 'https://schema' }, { name: '' }]
const span = fc
  .record({
    context,
    parentSpanContext: fc.option(context, { nil: undefined }),
    name,
    kind: fc.nat(4),
    startTime: time,
    endTime: time,
    status: fc.record({ code: fc.nat(2), message: name }, { requiredKeys: ['code'] }),
    attributes,
    events: fc.array(fc.record({ name, time, attributes, droppedAttributesCount: count }, { requiredKeys: ['name', 'time'] }), { maxLength: 2 }),
    links: fc.array(fc.record({ context, attributes, droppedAttributesCount: count }, { requiredKeys: ['context'] }), { maxLength: 2 }),
    resource: fc.constantFrom(...resources),
    instrumentationScope: fc.constantFrom(...scopes),
    droppedAttributesCount: count,
    droppedEventsCount: count,
    droppedLinksCount: count,
  })
  .map(made => ({ ...made, spanContext: () => made.context }) as unknown as OtlpSpan) // biome-ignore format: a value

test('the bytes are those of the serializer of the SDK', () => {
  const encoder = new SpanEncoder()
  fc.assert(
    fc.property(fc.array(span, { maxLength: 5 }), spans => {
      const want = Buffer.from(ProtobufTraceSerializer.serializeRequest(spans) ?? [])
      expect(Buffer.from(encoder.encode(spans)).equals(want)).toBe(true)
    }),
    runs(300),
  )
})

test('a request longer than the buffer at first, and half a surrogate pair', () => {
  const long = { ...madeSpan(0), name: 'x'.repeat(20_000) }
  const spans = [long, ...Array.from({ length: 20_000 }, (_, i) => madeSpan(i))]
  const odd = { ...madeSpan(1), name: `half \ud800` }
  const want = ProtobufTraceSerializer.serializeRequest([...spans, odd])
  expect(want?.length).toBeGreaterThan(2 * 1024 * 1024)
  expect(Buffer.compare(new SpanEncoder().encode([...spans, odd]), want ?? new Uint8Array())).toBe(0)
})

test('a span that cannot be encoded spoils no later request', () => {
  const encoder = new SpanEncoder()
  const broken = { ...madeSpan(1), spanContext: () => { throw new Error('no context') } } // biome-ignore format: one line
  expect(() => encoder.encode([broken, madeSpan(0)])).toThrow('no context')
  const want = ProtobufTraceSerializer.serializeRequest([madeSpan(2)])
  expect(Buffer.compare(encoder.encode([madeSpan(2)]), want ?? new Uint8Array())).toBe(0)
})
