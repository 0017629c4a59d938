import { join } from 'node:path'
import { expect, test } from 'vitest'
import { CONFIG } from '../../src/config/schema.ts'
import type { Incident } from '../../src/findings/finding.ts'
import { findingsOf } from '../../src/findings/findings.ts'
import { findingSettings } from '../../src/findings/settings.ts'
import { type SimulationOptions, writeSimulation } from '../../src/simulate/index.ts'
import { ALWAYS } from '../../src/store/facts.ts'
import { inFolder } from '../support/folder.ts'
import { ingestInto, withStore } from '../support/store.ts'

/** An afternoon in which the application refuses tokens for ten minutes. */
const BURST: SimulationOptions = {
  start: '2026-03-02T08:00:00Z', hours: 1, ratePerSecond: 1.5, rhythm: 'flat', rejectionBursts: 1, rejectionBurstMinutes: 10,
} // biome-ignore format: options

async function incidentsOf(options: SimulationOptions): Promise<readonly Incident[]> {
  return inFolder(async folder => {
    const traffic = join(folder, 'traffic')
    await writeSimulation(options, traffic)
    return withStore(join(folder, 'store'), async store => {
      for (const side of ['gateway', 'app'] as const)
        store.append({ kind: 'coverage', side, from: '2026-03-01', to: '2026-03-04' })
      await ingestInto(store, [join(traffic, 'apigee'), join(traffic, 'iis')])
      const settings = findingSettings(CONFIG.parse({}))
      return (await findingsOf(store, ALWAYS, settings, { openDays: false, nowMs: store.now() })).incidents
    })
  })
}

const bursts = (all: readonly Incident[]): Incident[] =>
  all.filter(it => it.rule === 'token-rejected-downstream' && it.about.kind === 'burst')

test.each<{ cause: NonNullable<SimulationOptions['rejectionCause']>; proxies: string[]; hint: RegExp }>([
  { cause: 'any', proxies: ['payroll-v1', 'orders-v2', 'directory-v1'], hint: /^no hint$/ },
  { cause: 'lifetime', proxies: ['payroll-v1', 'orders-v2', 'directory-v1'], hint: /^token lifetime: .* in use for [3-5]\d min or more, accepted ones for (?:[12]?\d|30) min or less/ },
  { cause: 'audience', proxies: ['payroll-v1', 'orders-v2', 'directory-v1'], hint: /^audience: \d+ of \d+ calls of client employee-portal were refused, hardly any of \d other/ },
  { cause: 'header', proxies: ['payroll-v1'], hint: /^header missing or renamed: \d+ of \d+ refused calls lack/ },
  { cause: 'clock', proxies: ['payroll-v1'], hint: /^clock offset: \d+ of \d+ refused calls went to hosts/ },
])('a burst of refusals is one incident at each application, with a hint: $cause', async ({ cause, proxies, hint }) => {
  const all = await incidentsOf({ ...BURST, ...(cause === 'lifetime' ? { hours: 2.5, ratePerSecond: 2 } : {}), seed: 74, rejectionCause: cause })
  const found = bursts(all)
  expect(found.map(it => it.about.proxy).sort()).toEqual([...proxies].sort())
  for (const it of found) {
    expect(it.hint, String(it.about.proxy)).toMatch(hint)
    expect(it.requests).toBeGreaterThan(10)
    expect(it.lastUs - it.firstUs).toBeLessThan(12 * 60_000_000)
  }
  // Refusals here and there stay apart from the burst, one incident a day.
  const single = all.filter(it => it.rule === 'token-rejected-downstream' && it.about.kind === 'single')
  expect(single.every(it => it.hint === undefined)).toBe(true)
  expect(new Set(single.map(it => it.series)).size).toBe(single.length)
}) // biome-ignore format: a table

test('a clock that is off is found, one that is right is not', async () => {
  const all = await incidentsOf({ ...BURST, seed: 72, hours: 1, clockOffsetsMs: [1_500, -400, -3_000, 800] })
  const drifts = all.filter(it => it.rule === 'clock-drift').map(it => [it.about.host, it.notes[0]?.note])
  // Hosts in the order of sites: 01 of payroll, 01 of services, 02 of payroll, 02 of services.
  expect(drifts.map(([, note]) => String(note).replace(/\.\d+/, ''))).toEqual(
    ['1 s ahead', '3 s behind'].sort(),
  )
})
