import { createServer, type IncomingMessage } from 'node:http'
import { expect, test } from 'vitest'
import { freePort } from '../../test/services/support/free-port.ts'
import { type Access, Elastic } from './client.ts'
import { importObjects } from './kibana.ts'
import { namesOf } from './names.ts'
import { refuseForeign } from './ours.ts'
import { ask, askServer } from './server.ts'

interface Reply {
  readonly status?: number
  readonly body: object | string
  readonly isElastic?: boolean
}

type Replies = (request: IncomingMessage) => Reply

/** A server that answers as told, and what it was asked. */
async function withServer<T>(
  replies: Replies,
  action: (url: string, asked: IncomingMessage[]) => Promise<T>,
): Promise<T> {
  const asked: IncomingMessage[] = []
  const server = createServer((request, response) => {
    asked.push(request)
    request.resume()
    const { status = 200, body, isElastic = true } = replies(request)
    response.writeHead(status, {
      'content-type': typeof body === 'string' ? 'text/plain' : 'application/json',
      ...(isElastic && { 'x-elastic-product': 'Elasticsearch' }),
    })
    response.end(typeof body === 'string' ? body : JSON.stringify(body))
  })
  const port = await freePort()
  await new Promise<void>(resolve => server.listen(port, '127.0.0.1', resolve))
  try {
    return await action(`http://127.0.0.1:${port}`, asked)
  } finally {
    server.closeAllConnections()
    server.close()
  }
}

const access = (url: string, more: Partial<Access> = {}): Access => ({
  url,
  timeoutMs: 5_000,
  userAgent: 'test',
  ...more,
})

const about = (number: string): Reply => ({ body: { version: { number } } })

test.each([
  { version: '8.19.0', isTaken: true },
  { version: '8.18.9', isTaken: false },
  { version: '9.0.0', isTaken: true },
  { version: '9.2.4', isTaken: true },
  { version: '10.0.0', isTaken: false },
  { version: '7.17.29', isTaken: false },
])('version $version is taken: $isTaken', ({ version, isTaken }) =>
  withServer(
    ({ url }) => (url === '/' ? about(version) : { body: { operation_mode: 'RUNNING' } }),
    async url => {
      const asking = askServer(await Elastic.open(access(url)))
      if (isTaken) expect(await asking).toMatchObject({ version, hasLifecycle: true })
      else
        await expect(asking).rejects.toMatchObject({
          code: 'EXPORT_REFUSED',
          message: expect.stringContaining(`found version ${version}; expected 8.19 or 9`),
        })
    },
  ),
)

// What OpenSearch 2 answers at its root.
test('OpenSearch is recognised and refused by name', () =>
  withServer(
    () => ({ body: { version: { distribution: 'opensearch', number: '2.19.1' } }, isElastic: false }),
    async url => {
      await expect(askServer(await Elastic.open(access(url)))).rejects.toMatchObject({
        code: 'EXPORT_REFUSED',
        message: expect.stringContaining('found OpenSearch 2.19.1'),
      })
    },
  ))

test('a web page is no Elasticsearch', () =>
  withServer(
    () => ({ body: '<html>Sign in</html>', isElastic: false }),
    async url => {
      await expect(askServer(await Elastic.open(access(url)))).rejects.toMatchObject({
        code: 'EXPORT_REFUSED',
      })
    },
  ))

test('nobody there is unavailable, and worth another try', async () => {
  const elastic = await Elastic.open(access(`http://127.0.0.1:${await freePort()}`))
  await expect(askServer(elastic)).rejects.toMatchObject({ code: 'EXPORT_UNAVAILABLE' })
})

// The form of what a server with security answers to a user without the privilege (elastic/elasticsearch, AuthorizationDenialMessages).
const DENIED =
  'action [indices:data/write/bulk[s]] is unauthorized for user [ann] with effective roles [viewer] on indices [throughline-requests-2026.03.02], this action is granted by the index privileges [create_doc,create,delete,index,write,all]'

test('a missing privilege is named', () =>
  withServer(
    () => ({ status: 403, body: { error: { type: 'security_exception', reason: DENIED }, status: 403 } }),
    async url => {
      const elastic = await Elastic.open(access(url))
      await expect(ask(elastic, { method: 'POST', path: '/x/_bulk', lines: '{}\n' })).rejects.toMatchObject({
        code: 'EXPORT_REFUSED',
        message: expect.stringMatching(
          /missing index privilege create_doc on throughline-requests-2026\.03\.02 \(403\)/,
        ),
      })
    },
  ))

test('who is not signed in is told how', () =>
  withServer(
    () => ({
      status: 401,
      body: { error: { type: 'security_exception', reason: 'missing authentication credentials' } },
    }),
    async url => {
      await expect(askServer(await Elastic.open(access(url)))).rejects.toMatchObject({
        code: 'EXPORT_REFUSED',
        message: expect.stringContaining('THROUGHLINE_ELASTIC_API_KEY'),
      })
    },
  ))

test.each([
  { name: 'API key', given: { apiKey: 'a2V5' }, want: 'ApiKey a2V5' },
  {
    name: 'basic',
    given: { username: 'ann', password: 'pw' },
    want: `Basic ${Buffer.from('ann:pw').toString('base64')}`,
  },
  { name: 'bearer', given: { bearer: 'tok' }, want: 'Bearer tok' },
  { name: 'none', given: {}, want: undefined },
])('credentials are sent: $name', ({ given, want }) =>
  withServer(
    ({ url }) => (url?.includes('_import') ? { body: { success: true, successCount: 6 } } : about('9.2.4')),
    async (url, asked) => {
      await askServer(await Elastic.open(access(url, given)))
      await importObjects({ url, space: 'audit', access: access(url, given) }, '{}')
      expect(asked.map(it => it.headers.authorization)).toEqual([want, want, want])
      expect(asked[0]?.headers.accept).toContain('compatible-with=8')
      expect(asked.at(-1)?.url).toBe('/s/audit/api/saved_objects/_import?overwrite=true')
      expect(asked.at(-1)?.headers['kbn-xsrf']).toBeDefined()
    },
  ),
)

test('objects that Kibana refuses are named', () =>
  withServer(
    () => ({
      body: {
        success: false,
        successCount: 1,
        errors: [{ type: 'dashboard', id: 'd1', error: { type: 'missing_references' } }],
      },
    }),
    async url => {
      await expect(importObjects({ url, access: access(url) }, '{}')).rejects.toMatchObject({
        code: 'EXPORT_REFUSED',
        message: expect.stringContaining('dashboard d1: missing_references'),
      })
    },
  ))

const NAMES = namesOf('tl')
const ours = { managed_by: 'throughline', deployment: 'one' } as const

test.each([
  { name: 'our own', indices: [{ index: 'tl-requests-2026.03.02', meta: ours }], takeover: false, found: undefined },
  { name: 'without a word', indices: [{ index: 'tl-requests-2026.03.02', meta: undefined }], takeover: true, found: 'was not made by Throughline' },
  { name: 'of another deployment', indices: [{ index: 'tl-coverage', meta: { ...ours, deployment: 'two' } }], takeover: false, found: 'belongs to deployment two' },
  { name: 'of another deployment, to be taken over', indices: [{ index: 'tl-coverage', meta: { ...ours, deployment: 'two' } }], takeover: true, found: undefined },
  { name: 'under the alias', indices: [{ index: 'tl-requests', meta: ours }], takeover: false, found: 'has the name of an alias' },
  { name: 'of no day', indices: [{ index: 'tl-requests-old', meta: ours }], takeover: true, found: 'has the name of an alias' },
])('an index $name', ({ indices, takeover, found }) => {
  const check = () => refuseForeign('http://es', NAMES, 'one', { indices, templates: [] }, takeover)
  if (found === undefined) expect(check).not.toThrow()
  else expect(check).toThrow(expect.objectContaining({ code: 'ELASTIC_FOREIGN', message: expect.stringContaining(found) }))
}) // biome-ignore format: a table
