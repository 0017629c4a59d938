import { expect, test } from 'vitest'
import type { SimulationOptions } from './index.ts'
import { collect, readGateway, readPlaced, readTruth } from './reading.fixture.ts'

interface Regime {
  readonly name: string
  readonly options: SimulationOptions
  readonly config: { readonly hosts: readonly { readonly host: string }[] }
}

// The accuracy bench is plain JavaScript without types.
const module = new URL('../../bench/accuracy/regimes.mjs', import.meta.url).href
const { regimes } = (await import(module)) as { regimes: (variation?: object) => readonly Regime[] }

const PAIRS = 3000
const SUBJECT = /^(half-ids-subject|no-ids-subject)/

test.each(
  regimes({ pairs: PAIRS, ratePerSecond: 50, loss: 0.02, offsetMs: 3700, driftPpm: 50, stepMs: 1300 }),
)('the regime $name is what its name says', ({ name, options, config }) => {
  const { files } = collect(options)
  const truth = readTruth(files)
  const placed = readPlaced(files)
  const hosts = new Set(placed.map(({ line }) => line.host))
  expect(hosts).toEqual(new Set(config.hosts.map(one => one.host)))
  const pairs = placed.filter(({ request, line }) => request.gateway_recorded && line.attempt === 'final')
  expect(pairs.length).toBeGreaterThan(PAIRS * 0.8)
  expect(pairs.length).toBeLessThan(PAIRS * 1.2)
  expect(new Set(truth.map(request => request.cause))).toEqual(new Set(['gateway', 'bypass', 'probe']))
  const known = pairs.filter(({ line }) => line.id !== 'none').length / pairs.length
  const wanted = name.startsWith('ids') ? 0.99 : name.startsWith('half') ? 0.5 : 0
  expect(known).toBeGreaterThan(wanted - 0.05)
  expect(known).toBeLessThan(wanted + 0.05)
  const named = placed.filter(
    ({ row }) => row.get('cs-username').includes('\\') || /\w{4}/.test(userOf(row.get('X-Forwarded-User'))),
  )
  if (SUBJECT.test(name)) expect(named.length).toBeGreaterThan(PAIRS * 0.8)
  if (name.startsWith('neither') || name.includes('no-subject')) expect(named).toEqual([])
  if (name.startsWith('neither'))
    expect(readGateway(files).every(row => row.dc_subject === 'Not set')).toBe(true)
  const hasHandshakes = pairs.length < placed.filter(({ line }) => line.attempt !== 'retry').length * 0.7
  expect(hasHandshakes).toBe(name.endsWith('handshakes'))
})

const userOf = (value: string) => (value === 'no such column' ? '-' : value)

test('a variation reaches every regime', () => {
  for (const { options } of regimes({
    seed: 9,
    offsetMs: -7_200_000,
    driftPpm: 50,
    stepMs: 1300,
    hosts: 3,
    loss: 0.1,
  })) {
    expect(options).toMatchObject({
      seed: 9,
      applications: 1,
      hostsPerSite: 3,
      clockOffsetsMs: [-7_200_000, -7_200_000, -7_200_000],
      clockDriftsPpm: [50, -50, 50],
      clockStepsMs: [1300, 1300, 1300],
      lostGatewayShare: 0.1,
      lostAppShare: 0.1,
    })
  }
})
