import { once } from 'node:events'
import { createServer, type IncomingHttpHeaders, type IncomingMessage, request, type Server } from 'node:http'
import { setTimeout as sleep } from 'node:timers/promises'
import { gunzipSync, gzipSync } from 'node:zlib'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import type { Faults } from './faults.ts'
import { FaultyProxy } from './faulty-proxy.ts'

interface Taken {
  readonly path: string | undefined
  readonly headers: IncomingHttpHeaders
  readonly body: Buffer
}

let backend: Server
let taken: Taken[] = []
let proxy: FaultyProxy

beforeEach(async () => {
  taken = []
  backend = createServer(async (incoming, response) => {
    taken.push({ path: incoming.url, headers: incoming.headers, body: await bodyOf(incoming) })
    response.writeHead(200, { 'content-type': 'application/json', 'x-from': 'backend' }).end('{"ok":true}')
  })
  backend.listen(0, '127.0.0.1')
  await once(backend, 'listening')
  const address = backend.address()
  proxy = await FaultyProxy.start(typeof address === 'object' ? (address?.port ?? 0) : 0)
})

afterEach(async () => {
  await proxy.close()
  backend.close()
})

async function bodyOf(incoming: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = []
  for await (const chunk of incoming) chunks.push(chunk)
  return Buffer.concat(chunks)
}

interface Seen {
  readonly status: number | undefined
  readonly headers: IncomingHttpHeaders
  readonly body: string
}

const JSON_TYPE = { 'content-type': 'application/json' }

/** Posts and returns the answer; rejects with the code of a connection's failure. */
async function post(
  body: string | Buffer,
  headers: IncomingHttpHeaders = JSON_TYPE,
  signal?: AbortSignal,
): Promise<Seen> {
  const url = `${proxy.endpoint}/v1/traces?a=1`
  const sending = request(url, { method: 'POST', agent: false, headers, ...(signal && { signal }) })
  sending.end(body)
  const [response] = await once(sending, 'response')
  return { status: response.statusCode, headers: response.headers, body: String(await bodyOf(response)) }
}

const TWO_SPANS = JSON.stringify({
  resourceSpans: [{ scopeSpans: [{ spans: [{ name: 'a' }] }, { spans: [{ name: 'b' }, { name: 'c' }] }] }],
})

describe('a faulty proxy', () => {
  test('passes requests and answers on unchanged', async () => {
    const body = gzipSync('hello')
    const seen = await post(body, { 'content-type': 'x/y', 'content-encoding': 'gzip', 'x-mine': '1' })
    expect(seen).toMatchObject({ status: 200, headers: { 'x-from': 'backend' }, body: '{"ok":true}' })
    expect(taken).toMatchObject([
      { path: '/v1/traces?a=1', headers: { 'content-encoding': 'gzip', 'x-mine': '1' }, body },
    ])
    expect(proxy.requests).toMatchObject([
      { index: 0, path: '/v1/traces?a=1', bytes: body.length, backendStatus: 200, status: 200, rejected: 0 },
    ])
  })

  test('resets in the middle of a request, which the backend never sees', async () => {
    proxy.set([{ kind: 'reset-request' }])
    await expect(post('x'.repeat(5_000_000))).rejects.toMatchObject({ code: /ECONNRESET|EPIPE/ })
    expect(taken).toEqual([])
    expect(proxy.requests).toMatchObject([{ status: undefined, digest: '' }])
    expect(proxy.bytes).toBeLessThan(5_000_000)
  })

  test('resets an empty request, too', async () => {
    proxy.set([{ kind: 'reset-request' }])
    await expect(post('')).rejects.toMatchObject({ code: 'ECONNRESET' })
  })

  test('resets instead of answering, when the backend has the data', async () => {
    proxy.set([{ kind: 'reset-answer' }])
    await expect(post('x')).rejects.toMatchObject({ code: 'ECONNRESET' })
    expect(taken.map(({ body }) => String(body))).toEqual(['x'])
    expect(proxy.requests).toMatchObject([{ backendStatus: 200, status: undefined }])
  })

  test.each([429, 503, 404, 413])('answers %i and forwards nothing', async status => {
    proxy.set([{ kind: 'status', status }])
    expect(await post('x')).toMatchObject({ status, headers: JSON_TYPE })
    expect(taken).toEqual([])
    expect(proxy.requests).toMatchObject([{ status, backendStatus: undefined, retryAtMs: undefined }])
  })

  test('says in seconds when to come back, and sees who comes too early', async () => {
    proxy.set([{ kind: 'status', status: 429, retryAfter: { seconds: 30 } }])
    expect((await post('x')).headers['retry-after']).toBe('30')
    await post('x')
    await post('another request')
    expect(proxy.early.map(({ index }) => index)).toEqual([1])
  })

  test('sees that who waited is not too early', async () => {
    proxy.set([{ kind: 'status', status: 503, retryAfter: { seconds: 1 } }])
    await post('x')
    await sleep(1_000)
    await post('x')
    expect(proxy.early).toEqual([])
  })

  test('says by date when to come back: not sooner than the seconds asked for', async () => {
    proxy.set([{ kind: 'status', status: 503, retryAfter: { seconds: 30, as: 'date' } }])
    const before = Date.now()
    const date = Date.parse((await post('x')).headers['retry-after'] ?? '')
    // Two clocks of one machine, one of which may be set.
    expect(date).toBeGreaterThan(before + 29_000)
    expect(date).toBeLessThan(before + 40_000)
    expect(proxy.requests[0]?.retryAtMs).toBe(date)
  })

  test('is slow to answer; the backend has the data all the same', async () => {
    proxy.set([{ kind: 'slow', delayMs: 50 }])
    expect(await post('x')).toMatchObject({ status: 200 })
    expect(taken).toHaveLength(1)
  })

  test.each([
    { name: 'without the backend', forward: false, has: 0 },
    { name: 'while the backend has it', forward: true, has: 1 },
  ])('never answers, $name', async ({ forward, has }) => {
    proxy.set([{ kind: 'silent', forward }])
    const client = new AbortController()
    const answer = post('x', JSON_TYPE, client.signal)
    const isThere = () => proxy.requests[0]?.digest && (!forward || proxy.requests[0].backendStatus)
    while (!isThere()) await sleep(10)
    await sleep(100)
    client.abort()
    await expect(answer).rejects.toMatchObject({ name: 'AbortError' })
    expect(taken).toHaveLength(has)
    expect(proxy.requests).toMatchObject([{ status: undefined, bytes: 1 }])
  })

  test('answers 200 with a web page', async () => {
    proxy.set([{ kind: 'html' }])
    const { status, headers, body } = await post('x')
    expect([status, headers['content-type'], body.slice(0, 15)]).toEqual([
      200,
      'text/html',
      '<!doctype html>',
    ])
    expect(taken).toEqual([])
  })

  test.each([
    { name: 'plain', encode: (text: string) => Buffer.from(text), headers: JSON_TYPE },
    {
      name: 'gzip',
      encode: (text: string) => gzipSync(text),
      headers: { ...JSON_TYPE, 'content-encoding': 'gzip' },
    },
  ])(
    'rejects the first spans of a request, and the backend has the others: $name',
    async ({ encode, headers }) => {
      proxy.set([{ kind: 'partial', spans: 2, message: 'no' }])
      const { status, body } = await post(encode(TWO_SPANS), headers)
      expect([status, JSON.parse(body)]).toEqual([
        200,
        { partialSuccess: { rejectedSpans: '2', errorMessage: 'no' } },
      ])
      expect(JSON.parse(String(taken[0]?.body))).toEqual({
        resourceSpans: [{ scopeSpans: [{ spans: [] }, { spans: [{ name: 'c' }] }] }],
      })
      expect(proxy.requests).toMatchObject([{ rejected: 2, backendStatus: 200, status: 200 }])
    },
  )

  test('does not reject more spans than there are', async () => {
    proxy.set([{ kind: 'partial', spans: 10 }])
    expect(JSON.parse((await post(TWO_SPANS)).body).partialSuccess.rejectedSpans).toBe('3')
  })

  test('refuses connections until it accepts again, at the same address', async () => {
    const { endpoint } = proxy
    await proxy.refuse()
    await expect(post('x')).rejects.toMatchObject({ code: 'ECONNREFUSED' })
    await proxy.accept()
    expect(await post('x')).toMatchObject({ status: 200 })
    expect(proxy.endpoint).toBe(endpoint)
  })

  test('is away for a while and comes back by itself', async () => {
    proxy.set([{ kind: 'outage', forMs: 1_500 }])
    await expect(post('x')).rejects.toMatchObject({ code: 'ECONNRESET' })
    await expect(post('x')).rejects.toMatchObject({ code: 'ECONNREFUSED' })
    while ((await post('x').catch(() => undefined))?.status !== 200) await sleep(10)
    expect(taken).toHaveLength(1)
  })

  test('answers 502 when there is no backend', async () => {
    backend.close()
    backend.closeAllConnections()
    expect(await post('x')).toMatchObject({ status: 502 })
    expect(proxy.requests).toMatchObject([{ status: 502, backendStatus: undefined }])
  })

  test('takes one fault of a list for each request, then passes', async () => {
    proxy.set([
      { kind: 'status', status: 429 },
      { kind: 'status', status: 503 },
    ])
    const statuses: (number | undefined)[] = []
    for (let i = 0; i < 4; i++) statuses.push((await post('x')).status)
    expect(statuses).toEqual([429, 503, 200, 200])
  })

  test('asks a function, which counts from where it was set', async () => {
    const everySecond: Faults = index =>
      index % 2 === 0 ? { kind: 'status', status: 503 } : { kind: 'pass' }
    await post('x')
    proxy.set(everySecond)
    const statuses: (number | undefined)[] = []
    for (let i = 0; i < 3; i++) statuses.push((await post('x')).status)
    expect(statuses).toEqual([503, 200, 503])
  })

  test('gives retries of the same bytes the same digest, and counts bytes as they came', async () => {
    const body = gzipSync('x'.repeat(1000))
    await post(body)
    await post(body)
    await post('other')
    const [first, again, other] = proxy.requests.map(({ digest }) => digest)
    expect([again === first, other === first]).toEqual([true, false])
    expect(proxy.bytes).toBe(2 * body.length + 5)
    expect(taken.map(it => (it.body[0] === 0x1f ? gunzipSync(it.body) : it.body).length)).toEqual([
      1000, 1000, 5,
    ])
  })
})
