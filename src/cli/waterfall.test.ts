import pc from 'picocolors'
import { expect, test } from 'vitest'
import type { Span } from '../traces/span.ts'
import type { Output } from './output.ts'
import { waterfall } from './waterfall.ts'

const out = { colors: pc.createColors(false), isTerminal: false } as unknown as Output
const span = (changes: Partial<Span>): Span => ({
  layer: 'gateway', hopId: '', traceId: 't', spanId: 'g', parentId: undefined, name: 'apigee p', kind: 'server', startUs: 0, endUs: 48_000,
  status: 200, isError: false, attributes: {}, events: [], links: [], resource: {}, placedBy: 'stamps', apartUs: 0, ...changes,
}) // biome-ignore format: a table
const GATEWAY = span({})
const TARGET = span({
  layer: 'target',
  spanId: 't',
  parentId: 'g',
  name: 'target',
  startUs: 12_000,
  endUs: 36_000,
})
const APP = span({
  layer: 'app',
  spanId: 'a',
  parentId: 't',
  name: 'iis',
  startUs: 24_000,
  endUs: 36_000,
  placedBy: 'clock',
})

test('children stand below their parents, bars on one axis of 48 columns', () => {
  const lines = waterfall([GATEWAY, TARGET, APP], out)
  expect(lines.slice(1).map(line => line.slice(0, 8).trimEnd())).toEqual(['apigee p', '  target', '    iis'])
  expect(lines[1]).toContain('█'.repeat(48))
  expect(lines[2]).toContain(`${' '.repeat(12)}${'▓'.repeat(24)}`)
  expect(lines[3]).toContain(`${' '.repeat(24)}${'▒'.repeat(12)}`)
  expect(lines[3]).toMatch(/12 ms 200 ~$/)
})

test('a span that does not fit is drawn from the beginning of the call, and does not stretch the axis', () => {
  const misfit = {
    ...APP,
    startUs: 9_000_000,
    endUs: 9_012_000,
    placedBy: 'stamps' as const,
    apartUs: 8_964_000,
    events: [{ name: 'throughline.clock.misfit', atUs: 0, attributes: {} }],
  }
  const [axis, , , line] = waterfall([GATEWAY, TARGET, misfit], out)
  expect(axis).toMatch(/48 ms$/)
  expect(line).toContain(`${' '.repeat(12)}${'░'.repeat(12)}`)
  expect(line).toMatch(/\? 8\.96 s too late for the call$/)
  expect(waterfall([GATEWAY, TARGET, { ...misfit, apartUs: 0 }], out)[3]).toMatch(/\? longer than the call$/)
})

test('a request past the gateway stands alone', () => {
  expect(waterfall([{ ...APP, parentId: undefined, placedBy: 'stamps' }], out)).toHaveLength(2)
})
