import { gzipSync } from 'node:zlib'
import { describe, expect, test } from 'vitest'
import { coverageOf, isCovered } from '../../src/coverage/coverage.ts'
import { createCoverageHours } from '../../src/coverage/hours-table.ts'
import type { CoverageRow } from '../../src/coverage/row.ts'
import { SHAPES, shipped, wrapped } from '../../src/formats/envelope/shapes.fixture.ts'
import { HOUR_US } from '../../src/model/time.ts'
import type { Store } from '../../src/store/store.ts'
import { inFolder, writeFiles } from '../support/folder.ts'
import { ingestInto, withStore } from '../support/store.ts'
import { type Call, gatewayRows, IIS_HEADER, iisRows, ndjson, START } from '../support/traffic.ts'

/** Calls every ten seconds for five hours from 22:00 on, to two hosts by turns. */
const CALLS: readonly Call[] = Array.from({ length: 5 * 360 }, (_, i) => ({
  atMs: i * 10_000, takenMs: 20, host: i % 2 ? 'web01' : 'web02', method: 'GET', path: '/a', id: `id-${i}-0123456789`,
  form: 'plain', status: 200, recorded: 'both', hasTwin: false,
})) // biome-ignore format: a call
const HOURS = ['22', '23', '00', '01', '02'] as const

type Files = Record<string, string | Uint8Array>

/** A log with the header block that IIS writes for its first row. */
function log(rows: readonly string[]): string {
  const [date, time] = (rows[0] ?? '').split(' ')
  return [`#Date: ${date} ${time}`, ...IIS_HEADER, ...rows].map(line => `${line}\r\n`).join('')
}

/** Whether a row lies within two times of the night, such as 23:20 and 01:00. */
function within(row: string, from: string, to: string): boolean {
  const night = (time: string): string => (time < '12' ? `2${time}` : `1${time}`)
  const at = night(row.slice(11, 16))
  return at >= night(from) && at < night(to)
}

function files(calls: readonly Call[] = CALLS): Files {
  return {
    'export.json': ndjson(gatewayRows(calls)),
    'web01/W3SVC1/u_ex260701.log': log(iisRows(calls, 'web01')),
    'web02/W3SVC1/u_ex260701.log': log(iisRows(calls, 'web02')),
  }
}

async function stored<T>(
  given: Files,
  look: (store: Store) => Promise<T>,
  more: (store: Store) => void = () => undefined,
): Promise<T> {
  return inFolder(folder =>
    withStore(`${folder}/store`, async store => {
      await ingestInto(store, writeFiles(`${folder}/logs`, given))
      more(store)
      return look(store)
    }),
  )
}

/** States and reasons by hour, of each group: `web01`, `gateway`, `?` for a log that is not known. */
function shown(rows: readonly CoverageRow[]): Record<string, string[]> {
  const found: Record<string, string[]> = {}
  for (const { group, hourUs, state, reason } of rows) {
    const name = group.side === 'gateway' ? 'gateway' : (group.host ?? '?')
    const hour = new Date(hourUs / 1000).toISOString().slice(11, 13)
    found[name] = [...(found[name] ?? []), `${hour} ${state} ${reason}`]
  }
  return found
}

const all = (state: string): string[] => HOURS.map(hour => `${hour} ${state}`)
const coverage = (given: Files, more?: (store: Store) => void) =>
  stored(given, store => coverageOf(store).then(shown), more)

describe('an hour', () => {
  test('is complete where lines follow each other, and a later one is there', async () => {
    const { web01, web02 } = await coverage(files())
    const want = ['22 complete continuous', '23 complete continuous', '00 complete continuous', '01 complete continuous', '02 unknown no-later'] // biome-ignore format: one list
    expect(web01).toEqual(want)
    expect(web02?.slice(0, 4)).toEqual(want.slice(0, 4))
  })

  test('needs no other side to be complete', async () => {
    const { 'export.json': _, ...logs } = files()
    const found = await coverage(logs)
    expect(found.web01?.slice(0, 4)).toEqual(all('complete continuous').slice(0, 4))
    expect(found.gateway).toEqual(all('unknown nothing-known'))
  })

  test('of the gateway is not, where records may still come, and no log shows that they have', async () => {
    const { 'export.json': records = '' } = files()
    const { gateway, '?': log } = await coverage({ 'export.json': records })
    expect(gateway).toEqual(['22 complete continuous', '23 unknown late-records', '00 complete continuous', '01 complete continuous', '02 unknown no-later']) // biome-ignore format: one list
    expect(log).toEqual(all('missing log-unknown'))
  })

  test('is partial where a line of it could not be read', async () => {
    const given = files()
    const rows = iisRows(CALLS, 'web01')
    const broken = rows.map(row => (within(row, '23:30', '23:31') ? row.replace(' GET ', ' ') : row))
    const { web01 } = await coverage({ ...given, 'web01/W3SVC1/u_ex260701.log': log(broken) })
    expect(web01?.slice(0, 3)).toEqual(['22 complete continuous', '23 partial rejects', '00 complete continuous']) // biome-ignore format: one list
  })

  test('is partial where its source broke off, and what follows is missing', async () => {
    const given = files()
    const lines = log(iisRows(CALLS, 'web01').filter(row => within(row, '22:00', '23:30')))
    const long = lines.replaceAll('agent/1.0', `agent/${'0'.repeat(800)}`)
    const broken = Buffer.concat([gzipSync(long), gzipSync(long).subarray(0, 20)])
    const { web01 } = await coverage({ ...given, 'web01/W3SVC1/u_ex260701.log': broken })
    const want = ['22 complete continuous', '23 partial log-ends', ...['00', '01', '02'].map(hour => `${hour} missing log-ends`)] // biome-ignore format: one list
    expect(web01).toEqual(want)
  })
})

describe('a gap', () => {
  const without = (from: string, to: string): Files => ({
    ...files(),
    'web01/W3SVC1/u_ex260701.log': log(iisRows(CALLS, 'web01').filter(row => !within(row, from, to))),
  })

  test('is missing hours and partial ones, and the hours beside it may have lost lines', async () => {
    const { web01, web02 } = await coverage(without('23:20', '01:00'))
    expect(web01).toEqual(['22 complete continuous', '23 partial cut', '00 missing cut', '01 unknown edge-of-gap', '02 unknown no-later']) // biome-ignore format: one list
    expect(web02?.slice(0, 4)).toEqual(all('complete continuous').slice(0, 4))
  })

  test('stays one, whatever a person declares; what is only unknown is declared whole', async () => {
    const declare = (store: Store): void => {
      store.append({ kind: 'coverage', side: 'app', from: '2026-07-01', to: '2026-07-03' })
    }
    const { web01 } = await coverage(without('23:20', '01:00'), declare)
    expect(web01).toEqual(['22 complete continuous', '23 partial cut', '00 missing cut', '01 complete declared', '02 complete declared']) // biome-ignore format: one list
  })

  test('of all records is found by the lines that none claims', async () => {
    const kept = CALLS.filter(call => call.atMs < 80 * 60_000 || call.atMs >= 150 * 60_000)
    const { gateway } = await coverage({ ...files(), 'export.json': ndjson(gatewayRows(kept)) })
    expect(gateway?.slice(1, 3)).toEqual(['23 partial lines-without-record', '00 partial lines-without-record']) // biome-ignore format: one list
  })
})

test('hours of days that were pruned are missing, whatever was known of them', async () => {
  const prune = (store: Store): void => {
    store.append({ kind: 'pruned', before: '2026-07-02', days: [], files: [], borders: [], frozen: [], why: 'test', who: 'tester' }) // biome-ignore format: one entry
  }
  const { web01, gateway } = await coverage(files(), prune)
  for (const side of [web01, gateway])
    expect(side?.slice(0, 3)).toEqual(['22 missing pruned', '23 missing pruned', '00 complete continuous'])
})

test('calls and lines that nothing joins do not make a log that is not known', async () => {
  const others = CALLS.map(call => ({ ...call, id: undefined, path: '/b', method: 'POST' }))
  const found = await coverage({ ...files(), 'export.json': ndjson(gatewayRows(others)) })
  expect(new Set(found['?']?.map(text => text.slice(3)))).toEqual(new Set(['unknown not-joined']))
})

test('the order in which files come, and in how many runs, changes nothing', async () => {
  const entries = Object.entries(files())
  const once = await coverage(Object.fromEntries(entries))
  const bits = await inFolder(folder =>
    withStore(`${folder}/store`, async store => {
      const paths = writeFiles(`${folder}/logs`, Object.fromEntries(entries))
      for (const path of paths.reverse()) await ingestInto(store, [path])
      return shown(await coverageOf(store))
    }),
  )
  expect(bits).toEqual(once)
})

test('a period is covered where every hour of it is complete, and rules can join the hours', async () => {
  const at = (hours: number): number => START * 1000 + hours * HOUR_US
  await stored(files(), async store => {
    expect(await isCovered(store, 'app', 'default', at(1), at(4))).toBe(true)
    expect(await isCovered(store, 'app', 'default', at(1), at(5))).toBe(false)
    expect(await isCovered(store, 'app', 'default', at(-48), at(-24))).toBe(false)
    expect(await isCovered(store, 'app', 'payroll', at(1), at(4))).toBe(false)
    await createCoverageHours(store.db, await coverageOf(store, { fromUs: at(0), toUs: at(5) }))
    const rows = await store.db.rows(
      "SELECT host, count(*)::INTEGER AS n, (count(*) FILTER (state = 'complete'))::INTEGER AS whole, min(hour)::VARCHAR AS first FROM coverage_hours WHERE side = 'app' AND application = 'default' GROUP BY host ORDER BY host",
    )
    expect(rows).toEqual([
      { host: 'web01', n: 5, whole: 4, first: '2026-07-01 22:00:00' },
      { host: 'web02', n: 5, whole: 4, first: '2026-07-01 22:00:00' },
    ])
  })
})

describe('logs inside envelopes', () => {
  /** The same logs through a shipper, one file. */
  function wrappedFiles(given: Files): Files {
    const logs = Object.entries(given).filter(([name]) => name.endsWith('.log'))
    const lines = logs.flatMap(([name, text]) => {
      const [host = '', ...rest] = name.split('/')
      return shipped(String(text), host, ['C:', ...rest].join('\\'))
    })
    return { 'export.json': given['export.json'] ?? '', 'x/all.ndjson': wrapped(SHAPES.filebeat, lines) }
  }
  const look = async (store: Store) => shown(await coverageOf(store))

  test("a hole in one of them is that log's, as if it had been read itself", async () => {
    const rows = iisRows(CALLS, 'web01').filter(row => !within(row, '23:20', '01:00'))
    const given = { ...files(), 'web01/W3SVC1/u_ex260701.log': log(rows) }
    const own = await stored(given, look)
    const inside = await stored(wrappedFiles(given), look)
    expect(Object.keys(inside)).toEqual(Object.keys(own))
    // Without the stamps of its header blocks it does not show that the log was cut, only that lines are missing.
    expect(own.web01?.slice(1, 3)).toEqual(['23 partial cut', '00 missing cut'])
    expect(inside.web01?.slice(1, 3)).toEqual([
      '23 partial calls-without-line',
      '00 missing calls-without-line',
    ])
    expect(inside.web02?.slice(1, 4)).toEqual(own.web02?.slice(1, 4))
  })

  test('a line that cannot be read makes the hour of its own log partial', async () => {
    const rows = iisRows(CALLS, 'web01')
    const at = rows.findIndex(row => row.includes(' 23:30'))
    const torn = [...rows.slice(0, at), 'torn', ...rows.slice(at)]
    const inside = await stored(wrappedFiles({ ...files(), 'web01/W3SVC1/u_ex260701.log': log(torn) }), look)
    expect(inside.web01?.[1]).toContain('rejects')
    expect(inside.web02?.join()).not.toContain('rejects')
  })
})
