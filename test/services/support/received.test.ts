import { expect, test } from 'vitest'
import { parseReceived } from './received.ts'

const parse = (text: string) => parseReceived(Buffer.from(text))
const line = (request: object) => `${JSON.stringify(request)}\n`

test('values of every kind, and integers beyond 2^53 exactly', () => {
  const values = {
    text: { stringValue: '' },
    no: { boolValue: false },
    small: { intValue: '-7' },
    large: { intValue: '9007199254740993' },
    part: { doubleValue: 0.5 },
    infinite: { doubleValue: '-Infinity' },
    bytes: { bytesValue: 'AQI=' },
    list: { arrayValue: { values: [{ stringValue: 'a' }, { intValue: '1' }] } },
    emptyList: { arrayValue: {} },
    map: { kvlistValue: { values: [{ key: 'k', value: { boolValue: true } }] } },
    empty: {},
  }
  const attributes = Object.entries(values).map(([key, value]) => ({ key, value }))
  const [span] = parse(line({ resourceSpans: [{ scopeSpans: [{ spans: [{ attributes }] }] }] })).spans
  expect(span?.attributes).toEqual({
    text: '',
    no: false,
    small: -7,
    large: 9_007_199_254_740_993n,
    part: 0.5,
    infinite: Number.NEGATIVE_INFINITY,
    bytes: new Uint8Array([1, 2]),
    list: ['a', 1],
    emptyList: [],
    map: { k: true },
    empty: null,
  })
})

test('logs and metrics, with where they come from', () => {
  const resource = { attributes: [{ key: 'service.name', value: { stringValue: 's' } }] }
  const scope = { name: 'lib', version: '1' }
  const logRecords = [
    { timeUnixNano: '5', severityNumber: 13, body: { stringValue: 'careful' }, traceId: 'ab' },
  ]
  const metrics = [
    { name: 'read', unit: '1', sum: { dataPoints: [{ asInt: '3' }] } },
    { name: 'took', unit: 's', histogram: { dataPoints: [{ count: '2', sum: 0.5 }] } },
  ]
  const text =
    line({ resourceLogs: [{ resource, scopeLogs: [{ scope, logRecords }] }] }) +
    line({ resourceMetrics: [{ resource, scopeMetrics: [{ scope, metrics }] }] })
  const origin = { resource: { 'service.name': 's' }, scope }
  const log = {
    timeNs: 5n,
    severity: 13,
    severityText: '',
    body: 'careful',
    attributes: {},
    traceId: 'ab',
    spanId: '',
  }
  expect(parse(text)).toEqual({
    spans: [],
    logs: [{ ...origin, ...log }],
    metrics: [
      { ...origin, name: 'read', unit: '1', kind: 'sum', points: [{ attributes: {}, value: 3 }] },
      {
        ...origin,
        name: 'took',
        unit: 's',
        kind: 'histogram',
        points: [{ attributes: {}, count: 2, sum: 0.5 }],
      },
    ],
  })
})

test('a line without its end was not answered and does not count', () => {
  const whole = line({ resourceSpans: [{ scopeSpans: [{ spans: [{ name: 'a' }] }] }] })
  expect(parse(whole + whole.trimEnd()).spans.map(({ name }) => name)).toEqual(['a'])
  expect(parse('{"resourceSp').spans).toEqual([])
})
