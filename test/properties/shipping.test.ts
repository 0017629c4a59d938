import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { SHAPES, type ShippedLine, shipped, wrapped } from '../../src/formats/envelope/shapes.fixture.ts'
import { writeSimulation } from '../../src/simulate/index.ts'
import { type Fingerprint, fingerprint } from '../support/fingerprint.ts'
import { inFolder, writeFiles } from '../support/folder.ts'
import { runs } from '../support/runs.ts'
import { type IngestSetting, ingestInto, withStore } from '../support/store.ts'
import { calls, gatewayRows, IIS_HEADER, iisLog, iisRows, ndjson } from '../support/traffic.ts'

const HOSTS = ['web01', 'web02']

/** Facts without what only a shipper says. */
function withoutPlace(row: string): string {
  const fact = JSON.parse(row) as { attributes?: string | null }
  const { 'log.file.path': _, 'log.offset': __, ...attributes } = JSON.parse(fact.attributes ?? '{}') as Record<string, string>
  return JSON.stringify({ ...fact, attributes })
} // biome-ignore format: one line a step

type Files = Readonly<Record<string, string>>

/** Reads batches of files, one after the other, into a new store. */
function take(batches: readonly Files[], setting: IngestSetting = {}): Promise<Fingerprint> {
  return inFolder(folder =>
    withStore(join(folder, 'store'), async store => {
      for (const [i, files] of batches.entries()) {
        if (Object.keys(files).length === 0) continue
        await ingestInto(store, writeFiles(join(folder, `batch-${i}`), files), setting)
      }
      const { facts, ...rest } = await fingerprint(store)
      return { ...rest, facts: facts.map(withoutPlace).sort() }
    }),
  )
}

/** How a shipper may treat lines: which host is next, what is sent again, where its files and batches end. */
const delivery = fc.record({
  order: fc.array(fc.nat(1), { minLength: 1, maxLength: 20 }),
  again: fc.array(fc.tuple(fc.nat(60), fc.integer({ min: 1, max: 9 })), { maxLength: 3 }),
  cuts: fc.array(fc.nat(80), { maxLength: 3 }),
  batches: fc.array(fc.nat(1), { minLength: 4, maxLength: 4 }),
  hasDirectives: fc.boolean(),
  isLate: fc.boolean(),
})
type Delivery = typeof delivery extends fc.Arbitrary<infer T> ? T : never

function deliver(
  logs: readonly string[],
  { order, again, cuts, batches, hasDirectives, isLate }: Delivery,
): Files[] {
  const left = logs.map((log, i) => shipped(log, HOSTS[i]))
  const mixed: ShippedLine[] = []
  for (let step = 0; left.some(lines => lines.length > 0); step++) {
    const open = left.filter(lines => lines.length > 0)
    mixed.push(...(open[(order[step % order.length] ?? 0) % open.length]?.splice(0, 1) ?? []))
  }
  const lines = hasDirectives ? mixed : mixed.filter(line => !line.text.startsWith('#'))
  const repeated = again.flatMap(([from, size]) => lines.slice(from, from + size))
  const sent = [...lines, ...repeated]
  const ends = [0, ...[...cuts].sort((a, b) => a - b), sent.length]
  const files = ends.slice(1).map((end, i) => wrapped(SHAPES.filebeat, sent.slice(ends[i], end)))
  // Batches of whole files, maybe the later ones first: then directives come behind rows, so they must not be needed.
  const turned = isLate && !hasDirectives ? files.reverse() : files
  const taken: Record<string, string>[] = []
  for (const [i, text] of turned.entries()) {
    if (taken.length === 0 || batches[i % batches.length] === 1) taken.push({})
    Object.assign(taken.at(-1) ?? {}, { [`${i}.ndjson`]: text })
  }
  return taken
}

test('however a shipper mixes, cuts and repeats lines, facts, links and population are those of the logs', async () => {
  const fields = (IIS_HEADER[1] ?? '').replace('#Fields: ', '').split(' ')
  await fc.assert(
    fc.asyncProperty(calls, delivery, async (list, how) => {
      const logs = HOSTS.map(host => iisLog(iisRows(list, host)))
      const gateway = { 'export.json': ndjson(gatewayRows(list)) }
      const own = Object.fromEntries(logs.map((log, i) => [`${HOSTS[i]}.log`, log]))
      // Each file of a shipper goes on where another ended: only the first one has directives.
      const usable = how.hasDirectives ? { ...how, cuts: [] } : how
      const inside = await take([gateway, ...deliver(logs, usable)], how.hasDirectives ? {} : { fields })
      expect(inside).toEqual(await take([{ ...gateway, ...own }]))
    }),
    runs(12),
  )
})

test('a simulated company gives the same facts, links and population through each shipper', async () => {
  const options = { hours: 0.1, ratePerSecond: 4, kernelNoisePerHour: 60, seed: 9, lostIdLineShare: 0.5 } as const
  await inFolder(async folder => {
    const own = join(folder, 'own')
    await writeSimulation(options, own)
    const hosts = ['WEB-APP-01', 'WEB-APP-02', 'WEB-PAY-01', 'WEB-PAY-02'].map(host => ({ path: `**/${host}/**`, host }))
    const read = (name: string, places: readonly string[]) =>
      withStore(join(folder, `${name}-store`), async store => {
        await ingestInto(store, places, { config: { hosts } })
        const { facts, ...rest } = await fingerprint(store)
        return { ...rest, facts: facts.map(withoutPlace).sort() }
      })
    const direct = await read('own', ['apigee', 'iis', 'httperr'].map(part => join(own, part)))
    expect(direct.facts.some(fact => fact.includes('"reason":'))).toBe(true)
    for (const iisEnvelope of ['filebeat', 'splunk'] as const) {
      const out = join(folder, iisEnvelope)
      await writeSimulation({ ...options, iisEnvelope }, out)
      expect(readFileSync(join(out, 'truth.ndjson'))).toEqual(readFileSync(join(own, 'truth.ndjson')))
      expect(await read(iisEnvelope, [join(out, 'apigee'), join(out, 'shipped')])).toEqual(direct)
    }
  })
}) // biome-ignore format: one line a step
