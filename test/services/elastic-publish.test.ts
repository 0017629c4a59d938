import { rmSync } from 'node:fs'
import { join } from 'node:path'
import { beforeAll, describe, expect, test } from 'vitest'
import { COVERAGE_FIELDS } from '../../src/elastic/coverage-fields.ts'
import { REQUEST_DOCUMENT } from '../../src/elastic/document.ts'
import { ask } from '../../src/elastic/server.ts'
import { redactor } from '../../src/model/redact.ts'
import { addGateway, callsAroundMidnight, withApp } from '../support/around-midnight.ts'
import { inFolder, writeFiles } from '../support/folder.ts'
import { throughline } from '../support/program.ts'
import { ingestInto, withStore } from '../support/store.ts'
import { logFiles } from '../support/traffic.ts'
import { expectedPopulation, Publishing } from './support/elastic.ts'
import { ELASTICSEARCH_VERSIONS } from './support/elasticsearch-program.ts'
import { sharedElasticsearch } from './support/elasticsearch-shared.ts'
import { needs } from './support/tools.ts'

/** How long something is waited for that must come. */
const FOREVER = { timeout: 120_000, interval: 500 }

let prefixes = 0
const nextPrefix = () => `pub${process.pid}-${prefixes++}`

needs('java', 'mvn')('publishing to Elasticsearch', () => {
  describe.each(ELASTICSEARCH_VERSIONS)('%s', version => {
    let endpoint: string
    beforeAll(async () => {
      endpoint = await sharedElasticsearch(version)
    })

    const open = () => Publishing.open(endpoint, nextPrefix())

    test('setup can be run again, and changes nothing then', () =>
      withApp(4, async ({ store }) => {
        const to = await open()
        await to.setup(store)
        const state = async () => {
          const path = `/_index_template/${to.names.requests}`
          return (await ask(to.elastic, { method: 'GET', path })).body
        }
        const before = await state()
        await to.publish(store)
        await to.setup(store)
        expect(await state()).toEqual(before)
        expect(await to.population()).toEqual(await expectedPopulation(store))
      }))

    test('what is published is what the store says, document by document', () =>
      withApp(1500, async handed => {
        const { store } = handed
        const to = await open()
        await addGateway(handed)
        await to.setup(store)
        const published = await to.publish(store)
        const population = await expectedPopulation(store)
        expect(published.tally).toMatchObject({ taken: population.requests, rejected: 0, same: 0 })
        expect(await to.population()).toEqual(population)
        for (const { _source } of (await to.documents()).slice(0, 50))
          expect(REQUEST_DOCUMENT.parse(_source)).toEqual(_source)
        expect((await to.quick(store)).flatMap(it => it.differences)).toEqual([])
        const deep = await to.deep(store)
        expect(deep.map(it => [it.differences, it.equal])).toEqual(deep.map(it => [0, it.requests]))
        const again = await to.publish(store)
        expect([again.days, again.tally.taken]).toEqual([0, 0])
      }))

    test('coverage says what was read and joined, in mapped fields, and adds up', () =>
      withApp(200, async handed => {
        const { store, folder } = handed
        const to = await open()
        await to.setup(store)
        await to.publish(store)
        await addGateway(handed)
        const useless =
          '#Software: Microsoft Internet Information Services 10.0\n#Fields: date time cs-method\nx\n'
        await ingestInto(store, writeFiles(folder, { 'u_ex260101.log': useless }))
        await to.publish(store)
        await ask(to.elastic, { method: 'POST', path: `/${to.names.coverage}/_refresh` })
        const call = {
          method: 'POST',
          path: `/${to.names.coverage}/_search`,
          body: { size: 10_000 },
        } as const
        const answer = await ask<{ hits: { hits: { _source: Record<string, unknown> }[] } }>(to.elastic, call)
        const documents = answer.body.hits.hits.map(it => it._source)
        const sum = (kind: string, name: string) =>
          documents
            .filter(it => it['throughline.kind'] === kind)
            .reduce((total, it) => total + Number(it[`throughline.${name}`] ?? 0), 0)
        const mapped = new Map(COVERAGE_FIELDS.map(it => [it.name, it.kinds]))
        for (const document of documents) {
          expect(document['@timestamp'], JSON.stringify(document)).toBeDefined()
          for (const name of Object.keys(document))
            expect(mapped.get(name), name).toContain(document['throughline.kind'])
        }
        expect(sum('source', 'lines.rejected')).toBe(1)
        const { requests } = await expectedPopulation(store)
        expect(sum('day', 'requests.total')).toBe(requests)
        // Of ten calls eight are joined; every line is a hop of its hour.
        expect([sum('day', 'requests.joined'), sum('hour', 'hops.joined')]).toEqual([160, 2 * 160])
        expect(sum('hour', 'hops.total')).toBe(sum('source', 'lines.decoded'))
      }))

    test('a publisher that follows sends what comes, until it is told to end', () =>
      withApp(100, async handed => {
        const { store, folder } = handed
        const to = await open()
        await to.setup(store)
        const args = [
          'elastic',
          'publish',
          '--follow',
          '--store',
          store.root,
          '--url',
          endpoint,
          '--prefix',
          to.prefix,
        ]
        const { code, stderr } = await throughline(args, {
          cwd: folder,
          during: async child => {
            await expect.poll(() => to.population(), FOREVER).toEqual(await expectedPopulation(store))
            await addGateway(handed)
            await expect.poll(() => to.population(), FOREVER).toEqual(await expectedPopulation(store))
            child.kill('SIGTERM')
          },
        })
        expect([code, stderr]).toEqual([0, expect.stringContaining('published')])
      }))

    test('a leg that comes late changes documents, and marks those of hops that are part of others now', () =>
      withApp(300, async handed => {
        const { store } = handed
        const to = await open()
        await to.setup(store)
        await to.publish(store)
        const alone = await to.documents()
        expect(new Set(alone.map(it => it._source?.['throughline.state']))).toEqual(
          new Set(['awaiting-gateway']),
        )
        await addGateway(handed)
        await to.publish(store)
        expect(await to.population()).toEqual(await expectedPopulation(store))
        const all = await to.documents(`${to.names.requests}-*`)
        const superseded = all.filter(it => it._source?.['throughline.superseded'] === true)
        const joined = all.filter(it => it._source?.['throughline.state'] === 'joined')
        expect(superseded.length).toBe(joined.length)
        const partners = new Map(joined.map(it => [String(it._source?.['throughline.app.hop_ids']), it._id]))
        for (const { _id, _source } of superseded) {
          expect(_source?.['throughline.superseded_by']).toBe(partners.get(_id))
          expect(REQUEST_DOCUMENT.parse(_source)).toEqual(_source)
        }
        expect((await to.deep(store)).map(it => it.differences)).toEqual([0, 0])
      }))

    test('without a checkpoint all is sent again, and what should not be there is marked', () =>
      withApp(120, async handed => {
        const { store } = handed
        const to = await open()
        await to.setup(store)
        await to.publish(store)
        rmSync(join(store.root, 'exports'), { recursive: true })
        const same = await to.publish(store)
        expect(same.tally).toMatchObject({ taken: 0, same: (await expectedPopulation(store)).requests })
        rmSync(join(store.root, 'exports'), { recursive: true })
        await addGateway(handed)
        await to.publish(store)
        expect(await to.population()).toEqual(await expectedPopulation(store))
        expect((await to.deep(store)).map(it => it.differences)).toEqual([0, 0])
      }))

    test('deep verification names what is missing, more, different and altered', () =>
      withApp(60, async ({ store }) => {
        const to = await open()
        await to.setup(store)
        await to.publish(store)
        const [a, b, c] = await to.documents()
        if (!a || !b || !c) throw new Error('three documents are needed')
        const index = async (id: string) =>
          (
            await ask<{ hits: { hits: { _index: string }[] } }>(to.elastic, {
              method: 'POST',
              path: `/${to.names.requests}-*/_search`,
              body: { query: { term: { 'event.id': id } } },
            })
          ).body.hits.hits[0]?._index
        // Asked before anything changes: a search may or may not find what was deleted a moment ago.
        const [ofA, ofB] = [await index(a._id), await index(b._id)]
        const put = async (where: string | undefined, id: string, body: object) =>
          ask(to.elastic, { method: 'PUT', path: `/${where}/_doc/${id}`, body })
        await ask(to.elastic, { method: 'DELETE', path: `/${ofA}/_doc/${a._id}` })
        await put(ofB, b._id, { ...b._source, 'user.name': 'mallory' })
        const extra = 'f'.repeat(32)
        await put(ofA, extra, { ...c._source, 'event.id': extra })
        const list = (await to.deep(store)).flatMap(it => it.list)
        expect(list.map(({ id, kind, fields }) => [id, kind, fields]).sort()).toEqual(
          [
            [a._id, 'missing', []],
            [b._id, 'altered', ['user.name']],
            [extra, 'extra', []],
          ].sort(),
        )
        expect((await to.quick(store)).flatMap(it => it.differences).length).toBeGreaterThan(0)
      }))

    test('people are hidden from a receiver that may not see them, and it is proved all the same', () =>
      withApp(80, async handed => {
        const { store } = handed
        await addGateway(handed)
        const to = await open()
        const redact = redactor(Buffer.alloc(32, 3))
        await to.setup(store)
        await to.publish(store, { redact })
        const text = JSON.stringify(await to.documents(`${to.prefix}-*`))
        expect(text).not.toMatch(/client-7|10\.9\.9\.9/)
        expect((await to.deep(store, { redact })).map(it => it.differences)).toEqual([0, 0])
        expect((await to.deep(store)).every(it => it.differences > 0)).toBe(true)
      }))

    test('long texts are kept whole, and found by what else the document says', () =>
      inFolder(folder =>
        withStore(join(folder, 'store'), async store => {
          const [call] = callsAroundMidnight(1)
          if (!call) throw new Error('a call is needed')
          const paths = [`/${'a'.repeat(8190)}`, `/${'b'.repeat(8191)}`, `/${'ü'.repeat(40_000)}`]
          const calls = paths.map((path, i) => ({
            ...call,
            path,
            id: `long-${i}-0123456789`,
            recorded: 'gateway' as const,
          }))
          const { 'export.json': text = '' } = logFiles(calls.map(it => ({ ...it, path: it.path })))
          await ingestInto(store, writeFiles(folder, { 'export.json': text.replaceAll('/v1/', '/') }))
          const to = await open()
          await to.setup(store)
          expect((await to.publish(store)).tally).toMatchObject({ taken: 3, rejected: 0 })
          const documents = await to.documents()
          expect(documents.map(it => it._source?.['url.path']).sort()).toEqual([...paths].sort())
          expect(await to.search({ term: { path: paths[0] } })).toHaveLength(1)
          expect(await to.search({ term: { path: paths[1] } })).toHaveLength(0)
          expect(await to.search({ term: { _ignored: 'url.path' } })).toHaveLength(2)
          expect((await to.deep(store)).map(it => it.differences)).toEqual([0])
        }),
      ))
  })
})
