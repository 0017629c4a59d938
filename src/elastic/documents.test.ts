import { createHash } from 'node:crypto'
import { expect, test } from 'vitest'
import { inFolder, writeFiles } from '../../test/support/folder.ts'
import { LOGS } from '../../test/support/refused.ts'
import { ingestInto, NOON, withStore } from '../../test/support/store.ts'
import { logFiles, START } from '../../test/support/traffic.ts'
import { redactor } from '../model/redact.ts'
import { populationOf } from '../requests/population.ts'
import type { Store } from '../store/store.ts'
import { REQUEST_DOCUMENT } from './document.ts'
import { DOCUMENT_JSON } from './document-sql.ts'
import { createDocuments } from './documents.ts'
import { HASHED_FIELDS } from './fields.ts'
import { documentHash, recordHash } from './record.ts'

const CALL = {
  atMs: 0, takenMs: 40, host: 'web01', method: 'GET', path: '/a', id: 'id-1-0123456789', form: 'plain', status: 200,
  recorded: 'both', hasTwin: false,
} as const // biome-ignore format: a table

const CALLS = [
  CALL,
  {
    ...CALL,
    atMs: 1000,
    id: 'id-2-0123456789',
    path: '/b "c"\\\u0001\u001f/ü😀',
    status: 401,
    recorded: 'gateway',
  },
  { ...CALL, atMs: 2000, id: undefined, path: '/c', recorded: 'app' },
] as const

async function withCalls<T>(action: (store: Store) => Promise<T>): Promise<T> {
  return inFolder(async folder => {
    const sources = writeFiles(folder, logFiles(CALLS))
    return withStore(`${folder}/store`, async store => {
      await ingestInto(store, sources)
      return action(store)
    })
  })
}

const DAY = new Date(START).toISOString().slice(0, 10)

type Doc = Readonly<Record<string, unknown>>

async function documentsOf(store: Store, options = {}): Promise<Doc[]> {
  await createDocuments(store, DAY, options)
  const rows = await store.db.rows<{ doc: string }>(
    `SELECT ${DOCUMENT_JSON} AS doc FROM documents ORDER BY start_ts, request_id`,
  )
  return rows.map(row => JSON.parse(row.doc) as Doc)
}

test('documents are as the schema says, and hold what the view holds', () =>
  withCalls(async store => {
    const documents = await documentsOf(store)
    for (const document of documents) expect(REQUEST_DOCUMENT.parse(document)).toEqual(document)
    expect(documents).toHaveLength(3)
    expect(documents[0]).toMatchObject({
      '@timestamp': `${new Date(START).toISOString().slice(0, 23)}000Z`,
      'event.duration': 42_000_000,
      'event.outcome': 'success',
      'http.request.method': 'GET',
      'http.response.status_code': 200,
      'throughline.state': 'joined',
      'throughline.target.status': 200,
      'throughline.link.method': 'id',
      'throughline.link.final': false,
      'host.name': 'web01',
    })
    expect(documents[2]).toMatchObject({ 'source.address': '10.9.9.9', 'source.ip': '10.9.9.9' })
    expect(documents[1]).toMatchObject({ 'url.path': `/v1${CALLS[1].path}` })
    expect(documents[1]).not.toHaveProperty(['host.name'])
  }))

test('record hashes add up to the population hash', () =>
  withCalls(async store => {
    const documents = await documentsOf(store)
    const hash = createHash('sha256')
    const sorted = documents.toSorted((a, b) => (String(a['event.id']) < String(b['event.id']) ? -1 : 1))
    for (const document of sorted) hash.update(`${document['throughline.record_hash']}\n`)
    const { sha256 } = await populationOf(store, { filter: '', nowMs: NOON })
    expect(hash.digest('hex')).toBe(sha256)
  }))

test('people are hidden where they are to be, in hashes, too', () =>
  withCalls(async store => {
    const redact = redactor(Buffer.alloc(32, 1))
    const [plain] = await documentsOf(store)
    const [hidden, , last] = await documentsOf(store, { redact })
    expect(hidden?.['throughline.client.id']).toBe(redact('subject', 'client-7'))
    expect(last?.['source.address']).toBe(redact('address', '10.9.9.9'))
    expect(last).not.toHaveProperty(['source.ip'])
    expect(JSON.stringify([hidden, last])).not.toMatch(/client-7|10\.9\.9\.9/)
    expect(hidden?.['throughline.record_hash']).not.toBe(plain?.['throughline.record_hash'])
  }))

const ADDRESSES = [
  ['10.0.0.1', true], ['255.255.255.255', true], ['256.0.0.1', false], ['010.0.0.1', false], ['10.0.0', false],
  ['::', true], ['::1', true], ['2001:db8::1', true], ['2001:DB8:0:0:0:0:0:1', true], ['1::', true], ['1:2:3:4:5:6:7:8', true],
  ['1:2:3:4:5:6:7::', true], ['1:2:3:4:5:6:7:8:9', false], ['1::2::3', false], ['fe80::1%eth0', false], ['::ffff:10.0.0.1', true],
  ['unknown', false], ['hmac:0123456789abcdef', false], ['', false],
] as const // biome-ignore format: a table

test('an address field has addresses only', () =>
  withCalls(async store => {
    await documentsOf(store)
    for (const [text, isAddress] of ADDRESSES) {
      const { found } = await store.db.row<{ found: boolean }>(
        'SELECT valid_ip($text) IS NOT NULL AS found',
        { text },
      )
      expect([text, found]).toEqual([text, isAddress])
    }
  }))

test('documents of requests that HTTP.sys refused say so, and both ways to their hashes agree', () =>
  inFolder(folder =>
    withStore(`${folder}/store`, async store => {
      await ingestInto(store, writeFiles(folder, LOGS))
      await createDocuments(store, '2026-07-01', {})
      const rows = await store.db.rows<{ doc: string }>(`SELECT ${DOCUMENT_JSON} AS doc FROM documents`)
      const documents = rows.map(row => JSON.parse(row.doc) as Doc)
      const refused = documents.filter(document => document['throughline.kernel.reason'] === 'QueueFull')
      expect(refused).toHaveLength(12)
      expect(refused[0]).toMatchObject({
        'throughline.decided_by': 'kernel',
        'event.reason': '503 QueueFull',
        'throughline.kernel.queue': 'pool',
        'throughline.app.hops': 1,
      })
      for (const document of documents) {
        expect(REQUEST_DOCUMENT.parse(document)).toEqual(document)
        expect(document['throughline.document_hash']).toBe(documentHash(document))
        expect(document['throughline.record_hash']).toBe(recordHash(document))
      }
    }),
  ))

test('a document without a later field has the hash that it had before the field came', () => {
  const document = { 'event.id': 'a', 'throughline.state': 'joined' }
  const withReason = { ...document, 'throughline.kernel.reason': 'QueueFull' }
  expect(documentHash(withReason)).not.toBe(documentHash(document))
  const values = HASHED_FIELDS.filter(field => !field.isLater).map(
    ({ name }) => (document as Doc)[name] ?? '\\N',
  )
  const before = createHash('sha256').update(values.join('\u001f')).digest('hex').slice(0, 16)
  expect(documentHash(document)).toBe(before)
})
