import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { linkDays } from '../../src/correlate/link-days.ts'
import { linksRelation } from '../../src/requests/view.ts'
import { type SimulationOptions, writeSimulation } from '../../src/simulate/index.ts'
import { ALWAYS } from '../../src/store/facts.ts'
import type { Store } from '../../src/store/store.ts'
import { fingerprint } from '../support/fingerprint.ts'
import { inFolder } from '../support/folder.ts'
import { ingestInto, withStore } from '../support/store.ts'

/** Traffic over midnight in which most lines have no id: clocks, subjects, times and attempts all decide something. */
const OPTIONS: SimulationOptions = {
  seed: 5,
  start: '2026-03-02T23:30:00Z',
  hours: 1,
  ratePerSecond: 1.5,
  rhythm: 'flat',
  lostIdLineShare: 0.7,
  reusedIdShare: 0.1,
  handshakeShare: 0.1,
  disorderMs: 20,
  lostAppShare: 0.03,
  lostGatewayShare: 0.03,
  clockOffsetsMs: [3700, -450, 0, 0],
}
const CONFIG = {
  trustedProxies: ['10.30.0.8/29'],
  hosts: ['WEB-PAY-01', 'WEB-PAY-02', 'WEB-APP-01', 'WEB-APP-02'].map(host => ({
    path: `**/${host}/**`,
    host,
  })),
}

let folder = ''
let release: () => void = () => undefined

beforeAll(async () => {
  await new Promise<void>(resolve => {
    void inFolder(async made => {
      folder = made
      await writeSimulation(OPTIONS, join(made, 'traffic'))
      await writeSimulation({ ...OPTIONS, start: '2026-03-12T23:30:00Z' }, join(made, 'later'))
      await new Promise<void>(done => {
        release = done
        resolve()
      })
    })
  })
})
afterAll(() => release())

const sources = (traffic: string): string[] => [join(folder, traffic, 'apigee'), join(folder, traffic, 'iis')]

/** Takes batches of sources in, each with a run of its own, and looks at the store. */
async function take<T>(
  batches: readonly string[][],
  look: (store: Store) => Promise<T>,
  threads?: number,
): Promise<T> {
  return inFolder(place =>
    withStore(
      join(place, 'store'),
      async store => {
        for (const batch of batches) await ingestInto(store, batch, { config: CONFIG })
        return look(store)
      },
      threads === undefined ? {} : { threads },
    ),
  )
}

const linksOf = async (store: Store): Promise<unknown> => (await fingerprint(store)).links

/** Link rows without hop ids and days: what is left when all times are shifted. */
async function shapes(store: Store): Promise<unknown[]> {
  return store.db.rows(
    `SELECT verdict, method, how, posterior, nobody, duration_residual_us, ahead_us, count(*)::INTEGER AS n
     FROM ${linksRelation(store.state, store.root, ALWAYS)} GROUP BY ALL ORDER BY ALL`,
  )
}

describe('links are a function of facts and configuration', () => {
  test('with one, two or eight engine threads, and twice, they have one content hash', async () => {
    const one = await take([sources('traffic')], linksOf, 1)
    expect(Object.keys(one as object).length).toBeGreaterThan(1)
    expect(await take([sources('traffic')], linksOf, 2)).toEqual(one)
    expect(await take([sources('traffic')], linksOf, 8)).toEqual(one)
    expect(await take([sources('traffic')], linksOf, 1)).toEqual(one)
  })

  test('days that arrive in a hundred shuffled pieces are as in one piece', async () => {
    const pieces = cutInto(100)
    const shuffled = pieces.map((piece, i) => ({ piece, key: (i * 37) % 101 })).sort((a, b) => a.key - b.key)
    const batches = Array.from({ length: 10 }, (_, b) =>
      shuffled.filter((_, i) => i % 10 === b).map(s => s.piece),
    )
    expect(await take(batches, linksOf)).toEqual(await take([sources('traffic')], linksOf))
  })

  test('a day computed from its facts again is the same', async () => {
    await take([sources('traffic')], async store => {
      const before = await linksOf(store)
      const days = [...store.state.days.values()].filter(d => d.lastHopAt)
      const options = { configDigest: store.state.configDigest, trustedProxies: CONFIG.trustedProxies }
      const linked = await linkDays(store, days, options)
      expect(linked.filter(d => d.changed)).toEqual([])
      expect(await linksOf(store)).toEqual(before)
    })
  })

  test('no app hop has two links', async () => {
    await take([sources('traffic')], async store => {
      const links = linksRelation(store.state, store.root, ALWAYS)
      const twice = await store.db.rows(
        `SELECT app_hop_id FROM ${links} WHERE verdict = 'linked' GROUP BY ALL HAVING count(*) > 1`,
      )
      expect(twice).toEqual([])
      const methods = await store.db.rows<{ method: string }>(
        `SELECT DISTINCT method FROM ${links} WHERE verdict = 'linked' ORDER BY method`,
      )
      expect(methods.map(m => m.method)).toEqual(['id', 'id-time', 'subject', 'time'])
    })
  })

  test('shifting all times by whole days shifts the results only', async () => {
    expect(await take([sources('later')], shapes)).toEqual(await take([sources('traffic')], shapes))
  })
})

/** The traffic as so many files, cut at any line; each piece of a log has a header of its own. */
function cutInto(count: number): string[] {
  const files = readdirSync(join(folder, 'traffic'), { recursive: true, encoding: 'utf8' })
    .filter(name => /\.(json|log)$/.test(name))
    .sort()
  const each = Math.ceil(count / files.length)
  return files.flatMap(name => {
    const text = readFileSync(join(folder, 'traffic', name), 'utf8')
    const lines = text.split('\n').slice(0, -1)
    const size = Math.ceil(lines.length / each)
    return Array.from({ length: Math.ceil(lines.length / size) }, (_, i) => {
      const header = lines.slice(0, i * size).findLast(line => line.startsWith('#Fields'))
      const part = [...(header ? [header] : []), ...lines.slice(i * size, (i + 1) * size)]
      const path = join(folder, 'pieces', dirname(name), `${i}-${name.replaceAll('/', '_')}`)
      mkdirSync(dirname(path), { recursive: true })
      writeFileSync(path, `${part.join('\n')}\n`)
      return path
    })
  })
}
