import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { indexOf } from '../../src/elastic/names.ts'
import { ask } from '../../src/elastic/server.ts'
import { daysWithHops } from '../../src/requests/settled-days.ts'
import { Store } from '../../src/store/store.ts'
import { addGateway, withApp } from '../support/around-midnight.ts'
import { throughline } from '../support/program.ts'
import { expectedPopulation, Publishing } from './support/elastic.ts'
import { type Elasticsearch, startElasticsearch } from './support/elasticsearch.ts'
import { type Fault, storm } from './support/faults.ts'
import { FaultyProxy } from './support/faulty-proxy.ts'
import { needs } from './support/tools.ts'

const SMALL = { batchDocuments: 100 } as const

let prefixes = 0
const nextPrefix = () => `fault-${prefixes++}`

needs('java', 'mvn')('publishing to an Elasticsearch in trouble', () => {
  let server: Elasticsearch
  let proxy: FaultyProxy

  beforeAll(async () => {
    server = await startElasticsearch()
    proxy = await FaultyProxy.start(server.port)
  })
  afterAll(async () => {
    await proxy.close()
    await server.stop()
  })

  const open = (endpoint = server.endpoint) => Publishing.open(endpoint, nextPrefix())

  async function expectEqual(to: Publishing, store: Store): Promise<void> {
    expect(await to.population()).toEqual(await expectedPopulation(store))
    const deep = await to.deep(store)
    expect(deep.map(it => it.differences)).toEqual(deep.map(() => 0))
  }

  test('that is killed in mid-bulk and started again: nothing is lost or doubled', () =>
    withApp(3000, async handed => {
      await addGateway(handed)
      const to = await open(proxy.endpoint)
      await to.setup(handed.store)
      let bulks = 0
      let restarted: Promise<void> | undefined
      proxy.set(() => {
        // The first requests are not bulk requests; the middle of some thirty is.
        if (++bulks === 20) restarted = server.kill().then(() => server.restart())
        return { kind: 'pass' }
      })
      const published = await to.publish(handed.store, { ...SMALL, patienceMs: 600_000 })
      await restarted
      proxy.set([])
      expect(restarted).toBeDefined()
      expect(published.tally.retries).toBeGreaterThan(0)
      await expectEqual(to, handed.store)
    }))

  test.each<{ name: string; faults: readonly Fault[] }>([
    { name: '429', faults: [{ kind: 'status', status: 429 }] },
    {
      name: '503, lost answers and requests, slow answers',
      faults: [
        { kind: 'status', status: 503 },
        { kind: 'reset-answer' },
        { kind: 'reset-request' },
        { kind: 'slow', delayMs: 300 },
      ],
    },
  ])('in a storm of $name: nothing is lost or doubled', ({ faults }) =>
    withApp(1500, async handed => {
      const { store } = handed
      const to = await open(proxy.endpoint)
      await to.setup(store)
      const only = await Publishing.open(server.endpoint, to.prefix)
      proxy.set(storm({ seed: 7, share: 0.5, faults }))
      await to.publish(store, SMALL)
      proxy.set([])
      await expectEqual(only, store)
      await addGateway(handed)
      await to.publish(store, SMALL)
      await expectEqual(only, store)
    }),
  )

  test('while the publisher is killed: the next run goes on from there', () =>
    withApp(3000, async handed => {
      await addGateway(handed)
      const { folder } = handed
      const to = await open(proxy.endpoint)
      await to.setup(handed.store)
      const args = [
        'elastic',
        'publish',
        '--store',
        handed.store.root,
        '--url',
        proxy.endpoint,
        '--prefix',
        to.prefix,
      ]
      const env = { THROUGHLINE_ELASTIC_URL: '' }
      proxy.set(index => (index > 12 ? { kind: 'slow', delayMs: 200 } : { kind: 'pass' }))
      let isKilled = false
      const seen = proxy.requests.length
      const config = join(folder, 'throughline.yaml')
      writeFileSync(config, 'elastic: { batchDocuments: 50, concurrency: 2 }\n')
      const killed = await throughline([...args, '--config', config], {
        cwd: folder,
        env,
        during: child => {
          const watch = setInterval(() => {
            if (proxy.requests.length - seen < 30) return
            clearInterval(watch)
            isKilled = true
            child.kill('SIGKILL')
          }, 10)
          child.on('exit', () => clearInterval(watch))
        },
      })
      expect([isKilled, killed.code]).toEqual([true, null])
      proxy.set([])
      const again = await throughline([...args, '--json'], { cwd: folder, env })
      expect([again.code, again.stderr]).toEqual([0, ''])
      expect(await to.population()).toEqual(await expectedPopulation(handed.store))
      // The program judges findings as well: it is also what says whether its documents are right.
      const verify = args.map(arg => (arg === 'publish' ? 'verify' : arg))
      const verified = await throughline([...verify, '--deep'], { cwd: folder, env })
      expect([verified.code, verified.stderr]).toEqual([0, ''])
    }))

  test('by two publishers of one store at once', () =>
    withApp(2000, async handed => {
      await addGateway(handed)
      const to = await open()
      await to.setup(handed.store)
      const other = await Store.read({ path: handed.store.root, memoryMiB: 512 })
      try {
        await Promise.all([
          to.publish(handed.store, { ...SMALL, receiver: 'one' }),
          to.publish(other, { ...SMALL, receiver: 'two' }),
        ])
      } finally {
        other.close()
      }
      await expectEqual(to, handed.store)
    }))

  test('by a publisher that wakes up late: what it brings back is put right', () =>
    withApp(600, async handed => {
      const { store } = handed
      const to = await open()
      await to.setup(store)
      const stale = await Store.read({ path: store.root, memoryMiB: 512 })
      try {
        await addGateway(handed)
        await to.publish(store, SMALL)
        await expectEqual(to, store)
        const late = await to.publish(stale, { ...SMALL, receiver: 'stale' })
        expect(late.tally.newer).toBeGreaterThan(0)
      } finally {
        stale.close()
      }
      await to.publish(store, SMALL)
      await expectEqual(to, store)
    }))

  test('whose index is read-only: it is named, and it goes on when it is writable', () =>
    withApp(200, async ({ store }) => {
      const to = await open()
      await to.setup(store)
      const index = indexOf(to.names, daysWithHops(store.state)[0] ?? '')
      const path = `/${index}`
      await ask(to.elastic, { method: 'PUT', path })
      const block = (on: boolean | null) =>
        ask(to.elastic, { method: 'PUT', path: `${path}/_settings`, body: { 'index.blocks.write': on } })
      await block(true)
      await expect(to.publish(store, SMALL)).rejects.toMatchObject({
        code: 'EXPORT_REFUSED',
        message: expect.stringMatching(new RegExp(`index ${index}.*index write`)),
      })
      await block(null)
      await to.publish(store, SMALL)
      await expectEqual(to, store)
    }))

  test('whose mapping is another one: documents are refused one by one, with the reason', () =>
    withApp(30, async ({ store }) => {
      const to = await open()
      await to.setup(store)
      for (const day of daysWithHops(store.state)) {
        const mappings = { properties: { 'http.request.method': { type: 'long' } } }
        await ask(to.elastic, { method: 'PUT', path: `/${indexOf(to.names, day)}`, body: { mappings } })
      }
      const { tally, requests } = await to.publish(store, SMALL)
      expect([tally.taken, tally.rejected]).toEqual([0, requests])
      const rejects = await to.documents(to.names.rejects)
      expect(rejects.length).toBe(requests)
      expect(rejects[0]?._source).toMatchObject({
        'error.code': '400',
        'error.message': expect.stringContaining('http.request.method'),
        'event.original': expect.stringContaining('"http.request.method":"GET"'),
      })
      expect((await to.deep(store)).flatMap(it => it.list.map(d => d.kind))).toEqual(
        Array.from({ length: requests }, () => 'missing'),
      )
    }))

  test('with indices of another deployment: they are left alone until they are taken over', () =>
    withApp(20, async ({ store }) => {
      const to = await open()
      await to.setup(store, { deployment: 'theirs' })
      await expect(to.setup(store)).rejects.toMatchObject({ code: 'ELASTIC_FOREIGN' })
      await expect(to.publish(store)).rejects.toMatchObject({
        code: 'ELASTIC_FOREIGN',
        message: expect.stringContaining('belongs to deployment theirs'),
      })
      await to.setup(store, { takeover: true })
      await to.publish(store)
      await expectEqual(to, store)
    }))
})
