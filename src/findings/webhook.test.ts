import { createServer, type IncomingHttpHeaders, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterEach, describe, expect, test } from 'vitest'
import { postDocument, type WebhookOptions, webhookUrl } from './webhook.ts'

type Behaviour = number | 'silent' | 'reset' | ((answer: ServerResponse) => void)

interface Got {
  readonly headers: IncomingHttpHeaders
  readonly body: string
}

const closing: (() => void)[] = []
afterEach(() => {
  for (const close of closing.splice(0)) close()
})

/** A receiver that answers each request in turn as it is told, and the last way from then on. */
async function receiver(behaviours: readonly Behaviour[]): Promise<{ url: URL; got: Got[] }> {
  const got: Got[] = []
  const server = createServer((request, answer) => {
    let body = ''
    request.setEncoding('utf8').on('data', (text: string) => {
      body += text
    })
    request.on('end', () => {
      const behaviour = behaviours[Math.min(got.length, behaviours.length - 1)]
      got.push({ headers: request.headers, body })
      if (behaviour === 'reset') request.socket.destroy()
      else if (typeof behaviour === 'number') answer.writeHead(behaviour).end('secret-path')
      else if (typeof behaviour === 'function') behaviour(answer)
    })
  })
  await new Promise<void>(done => server.listen(0, '127.0.0.1', done))
  closing.push(() => {
    server.closeAllConnections()
    server.close()
  })
  const { port } = server.address() as AddressInfo
  return { url: new URL(`http://127.0.0.1:${port}/hooks/secret-path?key=secret-key`), got }
}

/** A clock that only waiting moves. */
function optionsFor(url: URL, more: Partial<WebhookOptions> = {}) {
  const waits: number[] = []
  const said: string[] = []
  let nowMs = 0
  const options: WebhookOptions = {
    url,
    timeoutMs: 300,
    patienceMs: 60_000,
    userAgent: 'test',
    nowMs: () => nowMs,
    random: () => 1,
    sleep: async ms => {
      waits.push(ms)
      nowMs += ms
    },
    stop: new AbortController().signal,
    onRetry: why => said.push(why),
    ...more,
  }
  return { options, waits, said }
}

describe('a webhook', () => {
  test('gets one JSON document, named by its key', async () => {
    const { url, got } = await receiver([204])
    await postDocument({ version: 1, incident: 'inc-1' }, 'inc-1', optionsFor(url).options)
    expect(got).toHaveLength(1)
    expect(JSON.parse(got[0]?.body ?? '')).toEqual({ version: 1, incident: 'inc-1' })
    expect(got[0]?.headers).toMatchObject({ 'content-type': 'application/json', 'idempotency-key': 'inc-1' })
  })

  test.each<{ name: string; behaviours: Behaviour[] }>([
    { name: '503', behaviours: [503, 500, 200] },
    { name: '429 and 408', behaviours: [429, 408, 200] },
    { name: 'connections that break', behaviours: ['reset', 'reset', 200] },
    { name: 'no answer in time', behaviours: ['silent', 'silent', 200] },
  ])('is asked again after $name, longer and longer apart', async ({ behaviours }) => {
    const { url, got } = await receiver(behaviours)
    const { options, waits } = optionsFor(url)
    await postDocument({}, 'k', options)
    expect(got).toHaveLength(3)
    expect(waits).toEqual([1000, 2000])
  })

  test('may say how long to wait', async () => {
    const { url } = await receiver([answer => answer.writeHead(429, { 'retry-after': '17' }).end(), 200])
    const { options, waits } = optionsFor(url)
    await postDocument({}, 'k', options)
    expect(waits).toEqual([17_000])
  })

  test.each([
    { name: 'a wrong address', behaviour: 404 },
    { name: 'a document that it does not take', behaviour: 400 },
    { name: 'a redirection: another place gets nothing', behaviour: 307 },
  ])('$name ends it', async ({ behaviour }) => {
    const { url, got } = await receiver([
      answer => answer.writeHead(behaviour, behaviour === 307 ? { location: '/elsewhere' } : {}).end(),
    ])
    await expect(postDocument({}, 'k', optionsFor(url).options)).rejects.toMatchObject({
      code: 'EXPORT_REFUSED',
    })
    expect(got).toHaveLength(1)
  })

  test('that takes nothing for too long ends it', async () => {
    const { url } = await receiver([503])
    const { options } = optionsFor(url)
    await expect(postDocument({}, 'k', options)).rejects.toMatchObject({ code: 'EXPORT_UNAVAILABLE' })
  })

  test('whose address holds a secret shows it nowhere', async () => {
    const { url } = await receiver([503])
    const { options, said } = optionsFor(url)
    const error = await postDocument({}, 'k', options).catch((e: Error) => e)
    const { url: refused } = await receiver([400])
    const other = await postDocument({}, 'k', optionsFor(refused).options).catch((e: Error) => e)
    const all = JSON.stringify([said, [error, other].map(e => [String(e), e])])
    expect(said.length).toBeGreaterThan(3)
    expect(all).not.toContain('secret')
  })

  test('is given up when it is stopped', async () => {
    const { url, got } = await receiver([503])
    const stop = new AbortController()
    const { options } = optionsFor(url, {
      stop: stop.signal,
      onRetry: () => stop.abort(new Error('stopped')),
    })
    await expect(postDocument({}, 'k', options)).rejects.toThrow('stopped')
    expect(got).toHaveLength(1)
  })
})

test.each([
  { text: 'https://hooks.example/a', isTaken: true },
  { text: 'http://127.0.0.1:8080/a', isTaken: true },
  { text: 'http://[::1]:8080/a', isTaken: true },
  { text: 'http://hooks.example/a', isTaken: false },
  { text: 'https://me:secret@hooks.example/a', isTaken: false },
  { text: 'ftp://hooks.example/secret', isTaken: false },
  { text: 'hooks.example/secret', isTaken: false },
])('the address $text is taken: $isTaken', ({ text, isTaken }) => {
  if (isTaken) return expect(webhookUrl(text).href).toBe(new URL(text).href)
  expect(() => webhookUrl(text)).toThrow(/--webhook: found/)
  expect(() => webhookUrl(text)).not.toThrow(/secret/)
})
