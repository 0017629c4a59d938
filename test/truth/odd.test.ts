import { describe, expect, test } from 'vitest'
import { CONFIG } from '../../src/config/schema.ts'
import { HOT_ID_HOPS } from '../../src/model/ids.ts'
import { type Exchange, type Link, outcomeOf } from '../support/exchanges.ts'
import { compare } from '../support/truth.ts'

const linkedOf = (links: readonly Link[]): Link[] => links.filter(l => l.verdict === 'linked')
const wrongOf = (links: readonly Link[]): Link[] => linkedOf(links).filter(l => !l.isTrue)
const idOf = (n: number): string => `4a7c0000-1111-4222-8333-${String(n).padStart(12, '0')}`

/** So many calls, one each so many milliseconds, of different lengths. */
function calls(
  count: number,
  everyMs: number,
  of: (n: number) => Partial<Exchange> = () => ({}),
): Exchange[] {
  return Array.from({ length: count }, (_, n) => ({
    atMs: n * everyMs + ((n * 7919) % 401),
    tookMs: 20 + ((n * 37) % 211),
    path: `/p/${n % 7}`,
    ...of(n),
  }))
}

const withId = (n: number) => ({
  gateway: { dc_correlation_id: idOf(n) },
  app: { 'X-Correlation-ID': idOf(n) },
})

describe('clocks', () => {
  test('a host clock that jumps forth and back: nothing wrong by id, little by time', async () => {
    const { pairs, wrongById, byTime, wrongByTime } = await compare({
      seed: 41,
      hours: 0.5,
      ratePerSecond: 2,
      lostIdLineShare: 0.4,
      clockJumpsMs: [45_000, 0, 3000, 0],
      clockJumpSeconds: 90,
    })
    expect(pairs).toBeGreaterThan(500)
    expect(wrongById).toEqual([])
    expect(byTime).toBeGreaterThan(100)
    expect(wrongByTime.length).toBeLessThanOrEqual(byTime * 0.03)
  })

  test('a clock without any id is read from calls whose wait is longer than time-taken', async () => {
    // Seen as no reading, or one that was wrong for all lines: only equal durations were compared.
    const { links, warnings } = await outcomeOf(calls(400, 700, n => ({ path: `/p/${n}` })))
    expect(warnings).toEqual([])
    expect(linkedOf(links)).toHaveLength(400)
    expect(wrongOf(links)).toEqual([])
  })
})

describe('stamps and durations', () => {
  test('records whose target stamps are zero are linked by id all the same', async () => {
    const zero = { target_sent_start_timestamp: '0', target_received_end_timestamp: '0' }
    const { links } = await outcomeOf(
      calls(60, 900, n => ({
        ...withId(n),
        gateway: { ...withId(n).gateway, ...(n % 3 === 0 ? zero : {}) },
      })),
    )
    expect(linkedOf(links)).toHaveLength(60)
    expect(wrongOf(links)).toEqual([])
  })

  test('records without any stamp but zero are no hops, and the others are linked', async () => {
    const zero = Object.fromEntries(
      ['client_received_start', 'client_received_end', 'target_sent_start', 'target_received_end', 'client_sent_end'].map(
        name => [`${name}_timestamp`, '0'],
      ),
    ) // biome-ignore format: a list
    const { links, states } = await outcomeOf(calls(60, 900, n => (n % 10 === 0 ? { gateway: zero } : {})))
    expect(linkedOf(links)).toHaveLength(54)
    expect(wrongOf(links)).toEqual([])
    expect(Object.values(states).reduce((a, b) => a + b, 0)).toBe(60)
  })

  test('a time-taken of zero is a duration', async () => {
    const { links } = await outcomeOf(calls(60, 900, n => (n % 4 === 0 ? { tookMs: 0 } : {})))
    expect(linkedOf(links)).toHaveLength(60)
    expect(wrongOf(links)).toEqual([])
  })

  test('a time-taken of more than a day fits no call by time; an id joins it', async () => {
    const long = { 'time-taken': '90000000' }
    const { links } = await outcomeOf(
      calls(60, 900, n => {
        if (n === 20) return { app: long }
        if (n === 40) return { ...withId(n), app: { ...withId(n).app, ...long } }
        return {}
      }),
    )
    const flows = new Set(linkedOf(links).map(l => l.flow))
    expect(wrongOf(links)).toEqual([])
    expect([flows.has('flow-20'), flows.has('flow-40')]).toEqual([false, true])
    expect(flows.size).toBe(59)
  })
})

describe('one side alone', () => {
  test('the gateway', async () => {
    const { links, states } = await outcomeOf(calls(30, 1000, () => ({ recorded: 'gateway' })))
    expect(links).toEqual([])
    expect(states).toEqual({ 'awaiting-app': 30 })
  })

  test('the app', async () => {
    const { links, states } = await outcomeOf(calls(30, 1000, () => ({ recorded: 'app' })))
    expect(links).toEqual([])
    expect(states).toEqual({ 'awaiting-gateway': 30 })
  })

  test('both, at different hours', async () => {
    const { links } = await outcomeOf([
      ...calls(30, 1000, () => ({ recorded: 'gateway' })),
      ...calls(30, 1000, n => ({
        recorded: 'app',
        atMs: 5 * 3_600_000 + n * 1300,
        tookMs: 300 + ((n * 53) % 401),
      })),
    ])
    expect(linkedOf(links)).toEqual([])
  })
})

test('an id that stands on everything is no id: lines are joined by time, and a warning says so', async () => {
  const constant = 'id-of-the-sample-code'
  const count = HOT_ID_HOPS + 1
  const { links, warnings } = await outcomeOf(
    calls(count, 700, () => ({
      gateway: { dc_correlation_id: constant },
      app: { 'X-Correlation-ID': constant },
    })),
  )
  expect(warnings).toContain(`id ${constant} stands on ${count} hops: not used as an id`)
  expect(links.filter(l => l.method !== 'time')).toEqual([])
  expect(linkedOf(links).length).toBeGreaterThan(0.95 * count)
  expect(wrongOf(links).length).toBeLessThanOrEqual(0.002 * count)
})

test('hundreds of equal requests a second are told apart by nothing: doubtful, not wrong', async () => {
  const usual = calls(200, 1500, withId)
  const burst = Array.from({ length: 1500 }, (_, n) => ({
    atMs: 150_000 + n * 2,
    tookMs: 20,
    path: '/same',
    // Written out of order by up to 40 ms.
    lateMs: (n * 7919) % 40,
  }))
  const { links, states } = await outcomeOf([...usual, ...burst])
  expect(links.filter(l => l.method === 'id' && l.isTrue)).toHaveLength(200)
  expect(links.filter(l => !l.isTrue && l.posterior >= 0.9)).toEqual([])
  expect(linkedOf(links).length - 200).toBeLessThan(0.2 * burst.length)
  expect(states.ambiguous).toBeGreaterThan(burst.length)
})

describe('two applications', () => {
  const APPLICATIONS = CONFIG.parse({
    applications: [
      { name: 'one', gateway: { proxies: ['one'] }, app: { hosts: ['web01'] } },
      { name: 'two', gateway: { proxies: ['two'] }, app: { hosts: ['web02'] } },
    ],
  }).applications
  /** Equal calls at the same times; every fifth line of `two` holds the id of a call of `one`. */
  const both = calls(120, 800, n => {
    const isTwo = n % 2 === 1
    const id = idOf(isTwo && n % 5 === 0 ? n - 1 : n)
    return {
      atMs: Math.floor(n / 2) * 1600,
      host: isTwo ? 'web02' : 'web01',
      path: '/same',
      gateway: { apiproxy: isTwo ? 'two' : 'one', ...(n % 3 === 0 ? {} : { dc_correlation_id: idOf(n) }) },
      app: { 'X-Correlation-ID': n % 3 === 0 ? '-' : id },
    }
  })

  test('no link crosses, whatever ids and times say', async () => {
    const { links } = await outcomeOf(both, { config: { applications: APPLICATIONS } })
    expect(links.filter(l => l.application !== l.app_application)).toEqual([])
    expect(new Set(links.map(l => l.application))).toEqual(new Set(['one', 'two']))
    expect(wrongOf(links)).toEqual([])
    expect(linkedOf(links).length).toBeGreaterThan(100)
  })

  test('with trusted proxies, what crosses is a callout and no link', async () => {
    const config = { applications: APPLICATIONS, trustedProxies: ['10.30.0.11'] }
    const { links } = await outcomeOf(both, { config })
    const crossing = links.filter(l => l.application !== l.app_application)
    expect(crossing.length).toBeGreaterThan(0)
    expect(new Set(crossing.map(l => l.verdict))).toEqual(new Set(['callout']))
  })
})

describe('callouts', () => {
  /** Calls of which one makes another on the way: same id, other path. */
  const withCallout = (peer: string): Exchange[] => [
    ...calls(40, 900, withId),
    { atMs: 9_010, tookMs: 5, path: '/tokens', recorded: 'app', app: { 'X-Correlation-ID': idOf(10), 'c-ip': peer } },
  ] // biome-ignore format: a call

  test('from a trusted proxy is a callout, and so is its request', async () => {
    const { links, states } = await outcomeOf(withCallout('10.30.0.12'), {
      config: { trustedProxies: ['10.30.0.0/24'] },
    })
    expect(links.filter(l => !l.isTrue).map(l => [l.flow, l.verdict])).toEqual([['flow-10', 'callout']])
    expect(states).toEqual({ callout: 1, joined: 40 })
  })

  test('from elsewhere is contradicted', async () => {
    const { links, states } = await outcomeOf(withCallout('10.99.0.1'), {
      config: { trustedProxies: ['10.30.0.0/24'] },
    })
    expect(links.filter(l => !l.isTrue).map(l => [l.flow, l.verdict])).toEqual([['flow-10', 'contradicted']])
    expect(states.callout).toBeUndefined()
  })
})

describe('names of people', () => {
  const PEOPLE = ['ann', 'bob', 'cid', 'dan']
  /** Four people do the same at the same moment: only who they are tells them apart. */
  const together: Exchange[] = Array.from({ length: 120 }, (_, n) => {
    const person = PEOPLE[n % 4]
    return {
      atMs: Math.floor(n / 4) * 2000,
      tookMs: 30,
      gateway: { dc_subject: `${person}@corp.example` },
      app: { 'cs-username': `CORP\\${person}` },
      // In an order of their own.
      lateMs: (n * 7) % 4,
    }
  })

  /** Others whose ids tell what the clock says. */
  const all = [...together, ...calls(60, 1000, withId)]

  test('CORP\\ann and ann@corp.example are nobody the same without a rule', async () => {
    const { links } = await outcomeOf(all)
    expect(linkedOf(links).filter(l => l.method === 'id')).toHaveLength(60)
    expect(linkedOf(links).filter(l => l.method !== 'id')).toEqual([])
    expect(links.filter(l => l.method === 'subject')).toEqual([])
  })

  test('and with the rule they join by subject', async () => {
    const subjects = CONFIG.parse({
      subjects: { rules: [{ match: 'CORP\\*', as: '*@corp.example' }] },
    }).subjects
    const { links } = await outcomeOf(all, { config: { subjects } })
    expect(wrongOf(links)).toEqual([])
    expect(linkedOf(links).filter(l => l.method === 'subject')).toHaveLength(120)
    expect(linkedOf(links)).toHaveLength(180)
  })
})
