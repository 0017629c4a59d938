import { readFileSync } from 'node:fs'
import { join, relative } from 'node:path'
import { expect, test } from 'vitest'
import { exportSelect } from '../../src/requests/export.ts'
import { type SimulationOptions, writeSimulation } from '../../src/simulate/index.ts'
import type { Store } from '../../src/store/store.ts'
import { inFolder } from '../support/folder.ts'
import { ingestInto, withStore } from '../support/store.ts'

interface Truth {
  readonly gateway_flow_id: string | null
  readonly gateway_recorded: boolean
  readonly kernel?: readonly { readonly file: string | null; readonly line_no: number | null }[]
}

/** By place of each HTTPERR row: the call that it belongs to; null where its record is missing, or none made it. */
function trueCalls(folder: string): Map<string, string | null> {
  const lines = readFileSync(join(folder, 'truth.ndjson'), 'utf8').trimEnd().split('\n')
  return new Map(
    lines
      .map(line => JSON.parse(line) as Truth)
      .flatMap(({ kernel = [], gateway_flow_id, gateway_recorded }) =>
        kernel
          .filter(row => row.file !== null)
          .map(row => [`${row.file}:${row.line_no}`, gateway_recorded ? gateway_flow_id : null] as const),
      ),
  )
}

interface Linked {
  readonly gateway_flow_id: string
  readonly app_file: string
  readonly app_line_no: string
  readonly method: string
  readonly how: string
}

async function links(store: Store): Promise<Linked[]> {
  const { select, params } = await exportSelect(store, 'links', {
    kind: 'app',
    range: undefined,
    filter: '',
    nowMs: store.now(),
  })
  return store.db.rows<Linked>(select, params)
}

const HOUR: SimulationOptions = { hours: 0.4, ratePerSecond: 3, refusedShare: 0.05, kernelNoisePerHour: 40 }

test.each<{ name: string; options: SimulationOptions; recall: number }>([
  { name: 'refusals as they come, and a pool that stops', options: { ...HOUR, seed: 41, poolStops: 2 }, recall: 0.93 },
  { name: 'paths that tell little', options: { ...HOUR, seed: 42, paths: 'plain', queries: 'none' }, recall: 0.93 },
  { name: 'no ids and no subjects anywhere', options: { ...HOUR, seed: 43, idShare: 0, identity: 'none' }, recall: 0.85 },
  { name: 'a tenth of all records lost', options: { ...HOUR, seed: 44, lostGatewayShare: 0.1, lostAppShare: 0.1 }, recall: 0.8 },
  { name: 'attempts that HTTP.sys refuses and another host answers', options: { ...HOUR, seed: 45, retriesShare: 0.3 }, recall: 0.85 },
  { name: 'calls that the gateway gives up', options: { ...HOUR, seed: 46, timeoutShare: 0.03 }, recall: 0.9 },
  { name: 'over midnight', options: { ...HOUR, seed: 47, start: '2026-03-02T23:40:00Z', poolStops: 1 }, recall: 0.9 },
])('rows of HTTPERR find their call, and never another: $name', async ({ options, recall }) => {
  await inFolder(async folder => {
    const traffic = join(folder, 'traffic')
    await writeSimulation(options, traffic)
    await withStore(join(folder, 'store'), async store => {
      await ingestInto(store, ['apigee', 'iis', 'httperr'].map(part => join(traffic, part)), {})
      const truth = trueCalls(traffic)
      const found = (await links(store)).map(link => ({
        ...link,
        place: `${relative(traffic, link.app_file)}:${link.app_line_no}`,
      }))
      const kernel = found.filter(link => truth.has(link.place))
      const wrong = kernel.filter(link => truth.get(link.place) !== link.gateway_flow_id)
      const possible = [...truth.values()].filter(call => call !== null).length
      expect(possible).toBeGreaterThan(100)
      // Of links from 0.9 on a few in a hundred may be wrong; what is measured here is far better.
      expect(wrong.length).toBeLessThanOrEqual(kernel.length * 0.01)
      expect(kernel.length - wrong.length).toBeGreaterThanOrEqual(recall * possible)
      expect(new Set(found.map(link => link.place)).size).toBe(found.length)
      const answers = found.filter(link => !['handshake', 'retry'].includes(link.how) && link.method !== 'id')
      expect(new Set(answers.map(link => link.gateway_flow_id)).size).toBe(answers.length)
    })
  })
}) // biome-ignore format: a table

test('without calls that it refused, HTTPERR changes no link of IIS', async () => {
  await inFolder(async folder => {
    const traffic = join(folder, 'traffic')
    await writeSimulation({ ...HOUR, seed: 48, refusedShare: 0, idShare: 0.5 }, traffic)
    const linked = (parts: readonly string[]) =>
      withStore(join(folder, parts.join('-')), async store => {
        await ingestInto(
          store,
          parts.map(part => join(traffic, part)),
          {},
        )
        return (await links(store)).map(l => `${l.gateway_flow_id} ${l.app_file}:${l.app_line_no}`)
      })
    expect(await linked(['apigee', 'iis', 'httperr'])).toEqual(await linked(['apigee', 'iis']))
  })
})
