import { JsonTraceSerializer, ProtobufTraceSerializer } from '@opentelemetry/otlp-transformer'
import { describe, expect, test } from 'vitest'
import { dropSpans, errorAnswer, partialAnswer } from './otlp-wire.ts'
import { sample } from './spans.ts'

const FORMATS = [
  { type: 'application/x-protobuf', serializer: ProtobufTraceSerializer },
  { type: 'application/json', serializer: JsonTraceSerializer },
] as const

describe.each(FORMATS)('$type', ({ type, serializer }) => {
  const { spans } = sample()
  const bodyOf = (some: typeof spans) => Buffer.from(serializer.serializeRequest(some) ?? [])

  test.each([0, 1, 127, 128, 2 ** 31, 2 ** 40])(
    'a partial success of %i is read by the SDK',
    rejectedSpans => {
      const errorMessage = 'quota ü'
      expect(serializer.deserializeResponse(partialAnswer(type, rejectedSpans, errorMessage))).toMatchObject({
        partialSuccess: { errorMessage },
      })
      const read = serializer.deserializeResponse(partialAnswer(type, rejectedSpans, errorMessage))
      expect(Number(read.partialSuccess?.rejectedSpans ?? 0)).toBe(rejectedSpans)
    },
  )

  test('a request without its first span is what the SDK makes of the others', () => {
    expect(dropSpans(bodyOf(spans), type, 1)).toEqual({ body: bodyOf(spans.slice(1)), dropped: 1 })
  })

  test('a request that loses nothing stays as it is', () => {
    expect(dropSpans(bodyOf(spans), type, 0)).toEqual({ body: bodyOf(spans), dropped: 0 })
  })

  test('no more spans are dropped than there are', () => {
    const { body, dropped } = dropSpans(bodyOf(spans), type, 5)
    expect(dropped).toBe(2)
    expect(body.includes('payroll')).toBe(true)
    expect(body.includes('server')).toBe(false)
  })
})

test('an error is a google.rpc.Status', () => {
  expect(JSON.parse(String(errorAnswer('application/json; charset=utf-8', 'no')))).toEqual({
    code: 14,
    message: 'no',
  })
  // code = 1 (varint 14), message = 2 (two bytes)
  expect(errorAnswer('application/x-protobuf', 'no')).toEqual(Buffer.from('080e12026e6f', 'hex'))
})

test('bytes that are no protobuf are refused', () => {
  expect(() => dropSpans(Buffer.from([0x80]), undefined, 1)).toThrow('ends in a number')
  expect(() => dropSpans(Buffer.from([0x0b]), undefined, 1)).toThrow('wire type 3')
})
