import { afterEach, expect, test } from 'vitest'
import { METRICS, type MetricRow } from './metrics.ts'
import { count, inSpan, isRecording, level, measure, observe, recordWith, timed } from './record.ts'
import { SPANS } from './spans.ts'

afterEach(() => recordWith(undefined))

const ROWS = Object.entries(METRICS as Readonly<Record<string, MetricRow>>)

test('nothing is recorded, and nothing is asked for, while telemetry is off', async () => {
  const never = (): never => {
    throw new Error('asked for')
  }
  expect(isRecording()).toBe(false)
  count('throughline.lines.read', 1)
  measure('throughline.commit.rows', 1)
  level('throughline.export.lag', 1)
  observe('throughline.days', '', never)
  expect(await timed('throughline.commit.duration', async () => 5)).toBe(5)
  const inside = inSpan('commit', {}, async span => {
    span.set({ 'throughline.rows': 1 })
    return 6
  })
  expect(await inside).toBe(6)
})

// OpenTelemetry semantic conventions, "Naming": lower case, dots between parts, no unit in the name; UCUM units.
test.each(ROWS)(
  '%s is named as the conventions say and has a known unit',
  (name, { unit, kind, attribute }) => {
    expect(name).toMatch(/^(throughline|process)(\.[a-z]+(_[a-z]+)*)+$/)
    expect(name).not.toMatch(/bytes$|seconds|_total$|\.total$|count$/)
    expect(unit).toMatch(/^(By|s|\{[a-z]+\})$/)
    if (kind === 'histogram' || kind === 'gauge') expect(attribute).toBe(undefined)
  },
)

test.each(ROWS.filter(([, row]) => row.kind === 'histogram'))('buckets of %s grow', (_, { buckets = [] }) => {
  expect(buckets.length).toBeGreaterThan(5)
  expect([...buckets].sort((a, b) => a - b)).toEqual(buckets)
  expect(new Set(buckets).size).toBe(buckets.length)
})

test('neither metrics nor spans have a place for what is in a log', () => {
  const attributes = [
    ...ROWS.flatMap(([, row]) => row.attribute?.name ?? []),
    ...Object.values(SPANS).flatMap(span => Object.keys(span.attributes)),
  ]
  const personal = /subject|user|enduser|client|address|url|http|query|host|request\.|correlation/
  expect(attributes.filter(name => personal.test(name))).toEqual([])
  expect(ROWS.filter(([, row]) => /file\.path|source/.test(row.attribute?.name ?? ''))).toEqual([])
})
