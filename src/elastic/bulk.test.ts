import fc from 'fast-check'
import { expect, test } from 'vitest'
import { runs } from '../../test/support/runs.ts'
import type { ThroughlineError } from '../errors.ts'
import { Bulk, type RejectedItem } from './bulk.ts'
import type { Item } from './bulk-answer.ts'
import type { Answer, Call, Elastic } from './client.ts'
import { backoffMs, Pace } from './pace.ts'
import { versionAt } from './version.ts'

const VERSION = 1000

interface Stored {
  readonly version: number
  readonly hash: string
}

/** An index that keeps versions as Elasticsearch does, and does to documents what a plan says first. */
class FakeIndex {
  readonly stored = new Map<string, Stored>()
  requests = 0
  readonly #plan: (id: string, request: number) => number | undefined

  constructor(plan: (id: string, request: number) => number | undefined = () => undefined) {
    this.#plan = plan
  }

  get elastic(): Elastic {
    return {
      address: 'http://es',
      call: async (call: Call) => this.#answer(call),
      close: async () => undefined,
    } as never
  }

  #answer({ path, lines = '', body }: Call): Answer<unknown> {
    if (path.endsWith('_mget')) {
      const docs = (body as { ids: string[] }).ids.map(id => {
        const found = this.stored.get(id)
        return found
          ? { found: true, _version: found.version, _source: { 'throughline.document_hash': found.hash } }
          : { found: false }
      })
      return { status: 200, body: { docs } }
    }
    this.requests++
    const rows = lines.trimEnd().split('\n')
    const whole = this.#plan('', this.requests)
    if (whole !== undefined)
      throw Object.assign(new Error(`status ${whole}`), { name: 'ResponseError', statusCode: whole })
    const items = rows.flatMap((row, i) =>
      i % 2 ? [] : [{ index: this.#index(JSON.parse(row).index, rows[i + 1] ?? '') }],
    )
    return { status: 200, body: { items } }
  }

  #index(
    { _id, version, version_type }: { _id: string; version: number; version_type: string },
    doc: string,
  ) {
    const status = this.#plan(_id, this.requests)
    if (status !== undefined) return { _id, status, error: { type: `planned_${status}`, reason: 'because' } }
    const found = this.stored.get(_id)
    const isLower =
      found && (version_type === 'external' ? version <= found.version : version < found.version)
    if (isLower) return { _id, status: 409, error: { type: 'version_conflict_engine_exception' } }
    this.stored.set(_id, { version, hash: JSON.parse(doc).hash })
    return { _id, status: 201 }
  }
}

const items = (count: number): Item[] =>
  Array.from({ length: count }, (_, i) => ({
    id: `id${i}`,
    hash: `h${i}`,
    doc: JSON.stringify({ hash: `h${i}` }),
  }))

function bulkTo(index: FakeIndex, more: object = {}) {
  const rejected: RejectedItem[] = []
  let now = 0
  const options = {
    version: VERSION,
    takeover: false,
    patienceMs: 100_000,
    nowMs: () => now,
    random: () => 0,
    sleep: async (ms: number) => {
      now += ms
    },
    stop: new AbortController().signal,
    onRetry: () => undefined,
    ...more,
  }
  const bulk = new Bulk(
    index.elastic,
    'requests',
    new Pace(4),
    options,
    async refused => void rejected.push(...refused),
  )
  return { bulk, rejected }
}

test('each document is taken, refused or known to be there, whatever the answers', () =>
  fc.assert(
    fc.asyncProperty(
      fc.array(fc.constantFrom(0, 0, 0, 429, 503, 400), { minLength: 1, maxLength: 60 }),
      fc.array(fc.constantFrom(0, 0, 429, 503, 413), { maxLength: 5 }),
      async (fates, wholes) => {
        const failed = new Set<string>()
        const index = new FakeIndex((id, request) => {
          if (id === '') return (request <= wholes.length ? wholes[request - 1] : 0) || undefined
          const fate = fates[Number(id.slice(2))] ?? 0
          if (fate === 400) return 400
          // What the server could not take once it takes the next time.
          if (fate === 0 || failed.has(id)) return undefined
          failed.add(id)
          return fate
        })
        const { bulk, rejected } = bulkTo(index)
        await bulk.send(items(fates.length))
        const { taken, same, newer } = bulk.tally
        expect(taken + same + newer + bulk.tally.rejected).toBe(fates.length)
        expect(rejected.length).toBe(bulk.tally.rejected)
        expect(index.stored.size).toBe(taken)
      },
    ),
    runs(100),
  ))

test('of a version that is there, a higher one and the same content are good', async () => {
  const index = new FakeIndex()
  index.stored.set('id0', { version: VERSION + 1, hash: 'other' })
  index.stored.set('id1', { version: VERSION, hash: 'h1' })
  const { bulk } = bulkTo(index)
  await bulk.send(items(3))
  expect(bulk.tally).toMatchObject({ taken: 1, same: 1, newer: 1 })
})

test('other content of the same version stops it, unless it is to be taken over', async () => {
  const index = new FakeIndex()
  index.stored.set('id1', { version: VERSION, hash: 'other' })
  await expect(bulkTo(index).bulk.send(items(3))).rejects.toMatchObject({
    code: 'ELASTIC_CONFLICT',
    message: expect.stringContaining('document id1 has other content'),
  })
  await bulkTo(index, { takeover: true }).bulk.send(items(3))
  expect(index.stored.get('id1')).toEqual({ version: VERSION, hash: 'h1' })
})

test('it gives up after nothing was taken for too long, and not before', async () => {
  const patient = bulkTo(new FakeIndex((id, request) => (id === '' && request <= 5 ? 503 : undefined)))
  await patient.bulk.send(items(2))
  expect(patient.bulk.tally).toMatchObject({ taken: 2, retries: 5 })
  await expect(bulkTo(new FakeIndex(() => 503)).bulk.send(items(2))).rejects.toMatchObject({
    code: 'EXPORT_UNAVAILABLE',
  })
})

test.each([
  { status: 403, text: 'the index takes no documents' },
  { status: 404, text: 'throughline elastic setup' },
])('a closed index stops it: $status', async ({ status, text }) => {
  const { bulk } = bulkTo(new FakeIndex(id => (id === '' ? undefined : status)))
  const error = (await bulk.send(items(2)).catch(it => it)) as ThroughlineError
  expect([error.code, error.message]).toEqual(['EXPORT_REFUSED', expect.stringContaining(text)])
})

test('what is too large for a request goes in parts; one that is too large alone is refused with its size', async () => {
  const index = new FakeIndex()
  const rejected: RejectedItem[] = []
  const elastic = {
    ...index.elastic,
    call: async (call: Call) => {
      if ((call.lines ?? '').length > 250)
        throw Object.assign(new Error('too large'), { name: 'ResponseError', statusCode: 413 })
      return index.elastic.call(call)
    },
  } as unknown as Elastic
  const large = new Bulk(elastic, 'requests', new Pace(2), OPTIONS, async r => void rejected.push(...r))
  await large.send([...items(5), { id: 'big', hash: 'b', doc: JSON.stringify({ hash: 'x'.repeat(300) }) }])
  expect(large.tally).toMatchObject({ taken: 5, rejected: 1 })
  expect(rejected[0]).toMatchObject({ item: { id: 'big' }, status: 413 })
})

const OPTIONS = {
  version: VERSION,
  takeover: false,
  patienceMs: 1000,
  nowMs: () => 0,
  random: () => 0,
  sleep: async () => undefined,
  stop: new AbortController().signal,
  onRetry: () => undefined,
}

test('the pace grows with what goes well, and is halved by what is too much', async () => {
  const pace = new Pace(8)
  expect(pace.limit).toBe(3)
  for (let i = 0; i < 50; i++) pace.wentWell()
  expect(pace.limit).toBe(8)
  pace.tooMuch()
  pace.tooMuch()
  pace.tooMuch()
  pace.tooMuch()
  expect(pace.limit).toBe(1)
})

test('pauses grow to half a minute, between half and all of it', () => {
  expect([0, 1, 7, 99].map(n => backoffMs(n, () => 0))).toEqual([125, 250, 15_000, 15_000])
  expect(backoffMs(99, () => 0.999_999)).toBeLessThanOrEqual(30_000)
})

test('a version is exact in JSON, and grows with the entry and with the store', () => {
  const made = Date.UTC(2026, 6, 10, 12)
  const version = versionAt(made, 7)
  // 2020-01-01 to 2026-07-10T12:00Z: 2382.5 days of 24 hours.
  expect(version).toBe(57_180 * 4_294_967_296 + 7)
  expect(versionAt(made, 8)).toBeGreaterThan(version)
  expect(versionAt(made + 3_600_000, 0)).toBeGreaterThan(versionAt(made, 2 ** 32 - 1))
  expect(Number.isSafeInteger(versionAt(Date.UTC(2258, 0, 1), 2 ** 32 - 1))).toBe(true)
})
