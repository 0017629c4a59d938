import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { writeSimulation } from '../../src/simulate/index.ts'
import { inFolder } from '../support/folder.ts'
import { inProcess } from '../support/program.ts'

/** Two hours of traffic in which an hour is cut out of the exports of `prod`. */
const OPTIONS = { seed: 3, hours: 3, ratePerSecond: 0.4, cutExports: 1, cutExportMinutes: 40, applications: 1 } as const // biome-ignore format: one line

let folder = ''
let release: () => void = () => undefined
const run = (...args: string[]) => inProcess(args, { cwd: folder })

beforeAll(async () => {
  await new Promise<void>(resolve => {
    void inFolder(async made => {
      folder = made
      await writeSimulation(OPTIONS, join(made, 'traffic'))
      const args = ['ingest', 'traffic/apigee', 'traffic/iis', '--store', 'store', '--quiet']
      expect((await inProcess(args, { cwd: made })).code).toBe(0)
      await new Promise<void>(done => {
        release = done
        resolve()
      })
    })
  })
}, 120_000)
afterAll(() => release())

interface HourLine {
  readonly side: string
  readonly written: number
  readonly hour_us: number
}

const hours = (): HourLine[] =>
  readFileSync(join(folder, 'traffic/hours.ndjson'), 'utf8').trimEnd().split('\n').map(line => JSON.parse(line)) // biome-ignore format: one line

/** Totals as the Stats API would give them, by the rows that are there, counted apart from the program. */
function statsFile(name: string, change: (calls: number, at: number) => number = calls => calls): string {
  const counts = new Map<string, Map<number, number>>()
  const path = join(folder, 'traffic/apigee/corp/prod/api_2026-03-02_to_2026-03-03-000000000000.json')
  for (const line of readFileSync(path, 'utf8').trimEnd().split('\n')) {
    const row = JSON.parse(line) as { apiproxy: string; client_received_start_timestamp: string }
    const at = Math.floor(Date.parse(row.client_received_start_timestamp.replace(' UTC', 'Z').replace(' ', 'T')) / 60_000) * 60_000 // biome-ignore format: one line
    const own = counts.get(row.apiproxy) ?? new Map<number, number>()
    counts.set(row.apiproxy, own.set(at, (own.get(at) ?? 0) + 1))
  }
  const dimensions = [...counts].map(([proxy, values]) => ({
    name: proxy,
    metrics: [{ name: 'sum(message_count)', values: [...values].map(([timestamp, calls]) => ({ timestamp, value: change(calls, timestamp).toFixed(1) })) }], // biome-ignore format: one line
  }))
  const notices = ['Source:Big Query']
  writeFileSync(join(folder, name), JSON.stringify({ environments: [{ dimensions, name: 'prod' }], metaData: { errors: [], notices } })) // biome-ignore format: one line
  return name
}

describe('coverage', () => {
  test('draws a row of signs for each day, and says why an hour is not complete', async () => {
    const { code, stdout } = await run('coverage', '--store', 'store')
    expect(code).toBe(0)
    expect(stdout).toMatch(/^gateway corp \/ prod\n {14}0 {5}6 {5}12 {4}18\n {2}2026-03-02 {10}[█▄×?]{3,4}$/m)
    expect(stdout).toMatch(
      /gateway corp \/ prod +2026-03-02 \d\d:00\.\.\d\d:00 +partial +lines-without-record/,
    )
    expect(stdout).toMatch(/^lines-without-record +IIS has lines from the gateway that no record claims$/m)
    expect(stdout).not.toContain('\u001b[')
  })

  test('as JSON has every hour with its counts', async () => {
    const { stdout } = await run('coverage', '--store', 'store', '--side', 'gateway', '--json')
    const document = JSON.parse(stdout) as { version: number; hours: { hour: string; hops: number }[] }
    expect(document.version).toBe(1)
    const written = hours().filter(h => h.side === 'gateway')
    for (const { hour_us: us, written: hops } of written) {
      const hour = new Date(us / 1000).toISOString().replace('.000', '')
      expect([hour, document.hours.find(row => row.hour === hour)?.hops]).toEqual([hour, hops])
    }
  })

  test('is strict where it is asked to be', async () => {
    expect((await run('coverage', '--store', 'store', '--strict')).code).toBe(1)
    const whole = ['--side', 'app', '--from', '2026-03-02T09:00:00Z', '--to', '2026-03-02T10:00:00Z']
    expect((await run('coverage', '--store', 'store', '--strict', ...whole)).code).toBe(0)
    const beyond = ['--from', '2026-02-02', '--to', '2026-02-03']
    expect((await run('coverage', '--store', 'store', '--strict', ...beyond)).code).toBe(1)
  })

  test('of what is not there says what is', async () => {
    const { code, stdout } = await run('coverage', '--store', 'store', '--host', 'nobody')
    expect(code).toBe(0)
    expect(stdout).toMatch(/^nothing of nobody; there is gateway corp \/ prod; app default: /)
    expect((await run('coverage', '--store', 'store', '--side', 'both')).code).toBe(2)
  })
})

describe('coverage --reconcile', () => {
  const reconcile = (file: string, ...more: string[]) => run('coverage', '--store', 'store', '--reconcile', file, ...more) // biome-ignore format: one line

  test('ends with 0 where Apigee counted what the store has', async () => {
    const { code, stdout } = await reconcile(statsFile('equal.json'))
    expect(code).toBe(0)
    expect(stdout).toContain('equal      every total that both have')
    expect(stdout).toMatch(/^said +Source:Big Query$/m)
  })

  test('ends with 1 where it counted more, and names proxy and hour', async () => {
    const nine = Date.UTC(2026, 2, 2, 9)
    const more = (calls: number, at: number): number => (at === nine ? calls + 3 : calls)
    const { code, stdout } = await reconcile(statsFile('more.json', more))
    const { code: inJson, stdout: json } = await reconcile('more.json', '--json')
    expect([code, inJson]).toEqual([1, 1])
    const { rows } = JSON.parse(json) as { rows: { at: string; totals: number; store: number; verdict: string }[] } // biome-ignore format: one line
    const fewer = rows.filter(row => row.verdict !== 'equal')
    expect(fewer.every(row => row.verdict === 'fewer' && row.at === '2026-03-02T09:00:00Z')).toBe(true)
    expect(fewer.reduce((sum, row) => sum + row.totals - row.store, 0)).toBe(3 * fewer.length)
    expect(stdout).toMatch(/prod +\S+ +2026-03-02 09:00 +[\d,]+ +[\d,]+ +-3/)
  })

  test('of totals of another time ends with 1: nothing is compared', async () => {
    const values = [0, 60_000].map(ms => ({ timestamp: Date.UTC(2025, 0, 1) + ms, value: '5.0' }))
    const environments = [{ name: 'prod', dimensions: [{ name: 'payroll-v1', metrics: [{ name: 'sum(message_count)', values }] }] }] // biome-ignore format: one line
    writeFileSync(join(folder, 'other.json'), JSON.stringify({ environments }))
    const { code, stdout } = await reconcile('other.json')
    expect(code).toBe(1)
    expect(stdout).toMatch(/apart +10 calls of the totals in hours that the store does not reach/)
    expect(stdout).toMatch(/apart +[\d,]+ records of the store in hours that the totals do not cover/)
    expect(stdout).toContain('nothing could be compared')
  })

  test('of what is no answer of the Stats API ends with 2 and says what to ask for', async () => {
    writeFileSync(join(folder, 'none.json'), '{"environments":[{"name":"prod","metrics":[{"name":"sum(message_count)","values":["7"]}]}]}') // biome-ignore format: one line
    const { code, stderr } = await reconcile('none.json')
    expect(code).toBe(2)
    expect(stderr).toMatch(
      /--reconcile none\.json: has totals without a time for prod; expected the answer of/,
    )
    const missing = await reconcile('nowhere.json')
    expect([missing.code, missing.stderr.includes('nowhere.json')]).toEqual([2, true])
  })
})
