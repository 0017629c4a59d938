import fc from 'fast-check'
import { expect, test } from 'vitest'
import { hrTime, SdkSpans } from './sdk-spans.ts'
import type { Span } from './span.ts'

const RESOURCE = { 'service.name': 'p' }
const SPAN: Span = {
  layer: 'gateway', hopId: 'ab'.repeat(16), traceId: '1'.repeat(32), spanId: '2'.repeat(16), parentId: undefined, name: 'apigee p',
  kind: 'server', startUs: 1_772_438_422_540_001, endUs: 1_772_438_422_943_000, status: 200, isError: false, attributes: {},
  events: [], links: [], resource: RESOURCE, placedBy: 'stamps', apartUs: 0,
} // biome-ignore format: a table

test('microseconds become seconds and nanoseconds without losing a digit', () => {
  expect(hrTime(1_772_438_422_540_001)).toEqual([1_772_438_422, 540_001_000])
  fc.assert(
    fc.property(fc.integer({ min: -9_000_000_000_000_000, max: 9_000_000_000_000_000 }), us => {
      const [seconds, nanos] = hrTime(us)
      expect(nanos >= 0 && nanos < 1e9).toBe(true)
      expect(BigInt(seconds) * 1_000_000_000n + BigInt(nanos)).toBe(BigInt(us) * 1000n)
    }),
  )
})

test('a span without a parent has none; spans of one resource share one', () => {
  const sdk = new SdkSpans('1')
  const [one, other] = [sdk.of(SPAN), sdk.of({ ...SPAN, parentId: '3'.repeat(16), isError: true })]
  expect(one).not.toHaveProperty('parentSpanContext')
  expect(other).toMatchObject({
    parentSpanContext: { traceId: SPAN.traceId, spanId: '3'.repeat(16) },
    status: { code: 2 },
  })
  expect(other.resource).toBe(one.resource)
  expect(one.instrumentationScope).toEqual({ name: 'throughline', version: '1' })
})
