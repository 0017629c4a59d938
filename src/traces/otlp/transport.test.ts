import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, describe, expect, test } from 'vitest'
import { inFolder } from '../../../test/support/folder.ts'
import type { Answer } from './answer.ts'
import { makeAuthority, makeCertificate, pem } from './certificates.fixture.ts'
import { freePort, type Handler, type Receiver, startRaw, startReceiver } from './receiver.fixture.ts'
import { spanSignal } from './signals.ts'
import { Transport, type TransportOptions } from './transport.ts'

const PROTOBUF = { 'content-type': 'application/x-protobuf' }
const JSON_TYPE = { 'content-type': 'application/json; charset=utf-8' }
const NOW_MS = Date.UTC(2026, 6, 10, 12, 0, 0)

let receivers: Receiver[] = []
let transports: Transport[] = []
afterEach(async () => {
  for (const transport of transports) transport.close()
  for (const receiver of receivers) await receiver.close()
  receivers = []
  transports = []
})

async function receiver(handler: Handler): Promise<Receiver> {
  const started = await startReceiver(handler)
  receivers.push(started)
  return started
}

function transport(url: URL, options: Partial<TransportOptions> = {}): Transport {
  const made = new Transport({ url, signal: spanSignal('protobuf'), connections: 2, nowMs: () => NOW_MS, ...options }) // biome-ignore format: one call
  transports.push(made)
  return made
}

async function post(url: URL, options: Partial<TransportOptions> = {}, body = 'body'): Promise<Answer> {
  const made = transport(url, options)
  return made.post(await made.pack(Buffer.from(body)))
}

/** What is made of an answer. */
async function answered(status: number, headers: Record<string, string>, body: string | Buffer = ''): Promise<Answer> {
  const { url } = await receiver((_request, _body, response) => response.writeHead(status, headers).end(body))
  return post(url)
} // biome-ignore format: the signature is one line

/** A partial_success by hand: field 1 of the answer; in it, 1 is the count, 2 the message. */
function partial(rejected: number, message: string): Buffer {
  const text = Buffer.from(message)
  const inner = Buffer.concat([Buffer.from(rejected > 0 ? [8, rejected] : []), Buffer.from([18, text.length]), text]) // biome-ignore format: one value
  return Buffer.concat([Buffer.from([10, inner.length]), inner])
}

/** A google.rpc.Status by hand: field 1 is the code, 2 the message. */
function status(message: string): Buffer {
  const text = Buffer.from(message)
  return Buffer.concat([Buffer.from([8, 3, 18, text.length]), text])
}

describe('what is sent', () => {
  test.each(['gzip', 'none'] as const)('the body, with compression %s', async compression => {
    const seen: unknown[] = []
    const { url } = await receiver(({ method, url: path, headers }, body, response) => {
      seen.push(method, path, headers['content-type'], headers['content-encoding'], headers['x-key'], `${body}`)
      response.writeHead(200, PROTOBUF).end()
    }) // biome-ignore format: one call
    await post(url, { compression, headers: { 'X-Key': 'secret', 'Content-Type': 'text/plain' } })
    const encoding = compression === 'gzip' ? 'gzip' : undefined
    expect(seen).toEqual(['POST', '/v1/traces', 'application/x-protobuf', encoding, 'secret', 'body'])
  })

  test('one socket serves one request after another', async () => {
    const ports = new Set<number | undefined>()
    const { url } = await receiver(({ socket }, _body, response) => {
      ports.add(socket.remotePort)
      response.writeHead(200, PROTOBUF).end(partial(0, 'hm'))
    })
    const made = transport(url)
    for (let i = 0; i < 5; i++) await made.post(await made.pack(Buffer.from('x')))
    expect(ports.size).toBe(1)
  })

  test.each([
    { name: 'a line break in a value', headers: { 'x-key': 'secret\nx' } },
    { name: 'a space in a name', headers: { 'x key': 'secret' } },
  ])('$name is refused without showing the value', ({ headers }) => {
    const make = () => transport(new URL('http://127.0.0.1/v1/traces'), { headers })
    expect(make).toThrow(/header "x.key" cannot be sent/)
    expect(make).not.toThrow(/secret/)
  })
})

describe('accepted', () => {
  const plain = { kind: 'accepted', rejected: 0, message: '' }
  test.each([
    { name: 'nothing, as Protocol Buffers', headers: PROTOBUF, body: '', want: plain },
    { name: 'an empty object', headers: JSON_TYPE, body: '{}', want: plain },
    { name: 'an empty partial success', headers: JSON_TYPE, body: '{"partialSuccess":{}}', want: plain },
    { name: 'a partial success', headers: PROTOBUF, body: partial(3, 'too old'), want: { ...plain, rejected: 3, message: 'too old' } },
    { name: 'a remark', headers: PROTOBUF, body: partial(0, 'use v2'), want: { ...plain, message: 'use v2' } },
    { name: 'a partial success in JSON, its count a text', headers: JSON_TYPE, body: '{"partialSuccess":{"rejectedSpans":"7","errorMessage":"old"}}', want: { ...plain, rejected: 7, message: 'old' } },
    { name: 'control characters in a message are written out', headers: PROTOBUF, body: partial(1, '\x1b[2J'), want: { ...plain, rejected: 1, message: '\\u001b[2J' } },
  ])('$name', async ({ headers, body, want }) => {
    expect(await answered(200, headers, body)).toEqual(want)
  }) // biome-ignore format: a table

  test.each([
    { name: 'no content type', status: 204, headers: {}, body: '', says: 'without a body and without a content type' },
    { name: 'text without content', status: 200, headers: { 'content-type': 'text/plain' }, body: '', says: 'without a body and without that of OTLP' },
    { name: 'an unknown key', status: 200, headers: JSON_TYPE, body: '{"ok":true}', says: '"ok"' },
  ])('with a doubt: $name', async ({ status: code, headers, body, says }) => {
    const answer = await answered(code, headers as Record<string, string>, body)
    expect(answer).toMatchObject({ kind: 'accepted', rejected: 0 })
    expect(answer.kind === 'accepted' && answer.doubt).toContain(says)
  }) // biome-ignore format: a table
})

describe('a success that is none', () => {
  const HTML = { 'content-type': 'text/html; charset=UTF-8' }
  test.each([
    { name: 'a page', headers: HTML, body: '<html><title>Sign\n in</title>', says: 'an HTML page, "Sign in"' },
    { name: 'a page without content', headers: HTML, body: '', says: 'an HTML page' },
    { name: 'a page under another type', headers: PROTOBUF, body: '<!DOCTYPE html><title>Hi</title>', says: '"Hi"' },
    { name: 'text', headers: { 'content-type': 'text/plain' }, body: 'OK', says: '200 with text/plain: "OK"' },
    { name: 'text without a type', headers: {}, body: 'OK', says: 'no content type: "OK"' },
    { name: 'no Protocol Buffers', headers: PROTOBUF, body: 'OK', says: 'application/x-protobuf' },
    { name: 'no JSON', headers: JSON_TYPE, body: '{', says: 'application/json: "{"' },
    { name: 'an array', headers: JSON_TYPE, body: '[]', says: '"[]"' },
    { name: 'an error in JSON', headers: JSON_TYPE, body: '{"error":"no tenant"}', says: '"no tenant"' },
    { name: 'a count that is none', headers: JSON_TYPE, body: '{"partialSuccess":{"rejectedSpans":"x"}}', says: 'rejectedSpans' },
    { name: 'two megabytes', headers: JSON_TYPE, body: '{}'.padEnd(2_000_000), says: 'far longer' },
  ])('$name', async ({ headers, body, says }) => {
    const answer = await answered(200, headers as Record<string, string>, body)
    expect(answer).toMatchObject({ kind: 'refused', status: 200 })
    expect(whyOf(answer)).toContain('not as an OTLP receiver')
    expect(whyOf(answer)).toContain(says)
  }) // biome-ignore format: a table
})

describe('to be sent again', () => {
  test.each([
    { status: 429, reason: 'too many requests' },
    { status: 502, reason: 'bad gateway' },
    { status: 503, reason: 'unavailable' },
    { status: 504, reason: 'gateway timeout' },
  ])('$status', async ({ status: code, reason }) => {
    const answer = await answered(code, PROTOBUF, status('busy'))
    expect(answer).toMatchObject({ kind: 'retry', reason })
    expect(whyOf(answer)).toContain(`${code}`)
    expect(whyOf(answer)).toContain('"busy"')
    expect(answer).not.toHaveProperty('afterMs')
  })

  test.each([
    { name: 'seconds', value: '7', want: 7000 },
    { name: 'none', value: '0', want: 0 },
    { name: 'a date', value: 'Fri, 10 Jul 2026 12:01:30 GMT', want: 90_000 },
    { name: 'a date that is past', value: 'Fri, 10 Jul 2026 11:00:00 GMT', want: 0 },
    { name: 'what is neither', value: 'soon', want: undefined },
    { name: 'a negative number', value: '-5', want: undefined },
  ])('Retry-After: $name', async ({ value, want }) => {
    const answer = await answered(503, { 'retry-after': value })
    expect(answer.kind === 'retry' && answer.afterMs).toBe(want)
  })

  test('nothing listens', async () => {
    const answer = await post(new URL(`http://127.0.0.1:${await freePort()}/v1/traces`))
    expect(answer).toMatchObject({ kind: 'retry', reason: 'connection' })
    expect(whyOf(answer)).toContain('connection refused')
  })

  test('nothing listens, under a name with several addresses', async () => {
    const answer = await post(new URL(`http://localhost:${await freePort()}/v1/traces`))
    expect(answer).toMatchObject({ kind: 'retry', reason: 'connection' })
  })

  test('the connection ends before an answer', async () => {
    const { url } = await receiver((_request, _body, response) => response.destroy())
    expect(await post(url)).toMatchObject({ kind: 'retry', reason: 'connection' })
  })

  test('a good answer breaks off', async () => {
    const { url } = await receiver((_request, _body, response) => {
      response.writeHead(200, { ...JSON_TYPE, 'content-length': 100 }).write('{"partial')
      setTimeout(() => response.destroy(), 20)
    })
    const answer = await post(url)
    expect(answer).toMatchObject({ kind: 'retry', reason: 'connection' })
    expect(whyOf(answer)).toContain('broke off')
  })

  test('no answer in time', async () => {
    const { url } = await receiver(() => undefined)
    const answer = await post(url, { timeoutMs: 100 })
    expect(answer).toMatchObject({ kind: 'retry', reason: 'timeout' })
    expect(whyOf(answer)).toContain('0.1 s')
  })

  test('an answer that does not end in time', async () => {
    const { url } = await receiver((_request, _body, response) => response.writeHead(200, JSON_TYPE).write('{'))
    expect(await post(url, { timeoutMs: 200 })).toMatchObject({ kind: 'retry' })
  }) // biome-ignore format: one call

  test('no connection in time', async () => {
    // Reserved for documentation (RFC 5737): nobody answers; some networks say at once that there is no route.
    const answer = await post(new URL('http://192.0.2.1:4318/v1/traces'), { connectTimeoutMs: 100 })
    expect(answer.kind).toBe('retry')
  })

  test('requests under way when it is closed', async () => {
    let made: Transport | undefined
    const { url } = await receiver(() => made?.close())
    made = transport(url, { connections: 1, timeoutMs: 1_000_000 })
    // The second waits for the only socket.
    const packed = await made.pack(Buffer.from('x'))
    for (const answer of await Promise.all([made.post(packed), made.post(packed)]))
      expect(answer).toMatchObject({ kind: 'retry' })
  })
})

describe('refused', () => {
  test.each([
    { code: 400, says: ['"bad span"', 'the other format'] },
    { code: 401, says: ['wants credentials'] },
    { code: 403, says: ['not enough'] },
    { code: 404, says: ['no OTLP receiver at this path'] },
    { code: 405, says: ['takes no POST'] },
    { code: 413, says: ['too large'] },
    { code: 415, says: ['content type'] },
    { code: 408, says: ['final'] },
    { code: 500, says: ['Internal Server Error', 'final'] },
  ])('$code', async ({ code, says }) => {
    const answer = await answered(code, PROTOBUF, status('bad span'))
    expect(answer).toMatchObject({ kind: 'refused', status: code })
    for (const words of [`${code}`, ...says]) expect(whyOf(answer)).toContain(words)
  })

  test.each([
    { name: 'a status in JSON', headers: JSON_TYPE, body: '{"code":3,"message":"bad \\u001b span"}', says: '"bad \\u001b span"' },
    { name: 'text', headers: { 'content-type': 'text/plain' }, body: 'no such tenant', says: '"no such tenant"' },
    { name: 'a page', headers: { 'content-type': 'text/html' }, body: '<html><title>Error</title>', says: 'an HTML page, "Error"' },
    { name: 'a status that is cut', headers: PROTOBUF, body: Buffer.from([18, 200]), says: '400 Bad Request' },
    { name: 'bytes', headers: {}, body: Buffer.from([0xff, 0xfe]), says: '400 Bad Request. ' },
  ])('says what it was told: $name', async ({ headers, body, says }) => {
    expect(whyOf(await answered(400, headers as Record<string, string>, body))).toContain(says)
  }) // biome-ignore format: a table

  test.each([
    {
      name: 'elsewhere',
      location: 'https://login.example/in?token=hunter2',
      says: 'https://login.example/in.',
    },
    { name: 'to another path', location: '/login', says: '/login' },
    { name: 'nowhere', location: 'http://[', says: 'nowhere' },
  ])('a redirect $name is not followed', async ({ location, says }) => {
    const answer = await answered(307, { location })
    expect(answer).toMatchObject({ kind: 'refused', status: 307 })
    expect(whyOf(answer)).toContain(says)
    expect(whyOf(answer)).not.toContain('hunter2')
  })

  test('an answer quotes a header', async () => {
    const { url } = await receiver(({ headers }, _body, response) => {
      const key = `${headers.authorization}`.replace('Bearer ', '')
      response.writeHead(401, { 'content-type': 'text/plain' }).end(`unknown: ${key}, ${headers.authorization}`)
    }) // biome-ignore format: one call
    const headers = { 'x-part': 'hunter2h', authorization: 'Bearer hunter2hunter2' }
    const why = whyOf(await post(url, { headers }))
    expect(why).toContain('unknown: [secret]')
    expect(why).not.toContain('nter2')
  })

  test('what answers before it has read all, and closes, is heard', async () => {
    const reply = 'HTTP/1.1 413 Too Large\r\nContent-Length: 0\r\nConnection: close\r\n\r\n'
    const raw = await startRaw(socket => socket.once('data', () => socket.end(reply)))
    receivers.push(raw)
    const answer = await post(raw.url, { compression: 'none' }, 'x'.repeat(8_000_000))
    expect(answer).toMatchObject({ kind: 'refused', status: 413 })
  })

  test('what speaks no HTTP, with a hint at the port of gRPC', async () => {
    const raw = await startRaw(socket => socket.end('\x00\x00\x06\x04\x00\x00\x00\x00\x00'))
    receivers.push(raw)
    const answer = await post(raw.url)
    expect(answer).toMatchObject({ kind: 'refused' })
    expect(whyOf(answer)).toContain('does not speak HTTP/1.1')
  })

  test('a host that does not exist', async () => {
    const answer = await post(new URL('http://collector.invalid:4318/v1/traces'))
    // Without a name server it is not known whether there is such a host.
    expect(answer.kind === 'refused' ? whyOf(answer) : answer.kind).toMatch(/no such host: collector|retry/)
  })
})

describe('TLS', () => {
  test('certificates', async () => {
    await inFolder(async folder => {
      const ca = makeAuthority(folder)
      const good = makeCertificate(folder, 'good', 'DNS:localhost,IP:127.0.0.1')
      const other = makeCertificate(folder, 'other', 'DNS:collector.example')
      const expired = makeCertificate(folder, 'expired', 'IP:127.0.0.1', -1)
      const takes: Handler = (_request, _body, response) => response.writeHead(200, PROTOBUF).end()
      const sent = async (server: object, tls = {}): Promise<Answer> => {
        const started = await startReceiver(takes, server)
        receivers.push(started)
        return post(started.url, { tls })
      }
      const trusting = { ca: ca.cert }
      expect(await sent(pem(good), trusting)).toMatchObject({ kind: 'accepted' })
      expect(whyOf(await sent(pem(good)))).toMatch(/authority that is not known here.*--ca/)
      expect(whyOf(await sent(pem(ca)))).toMatch(/self-signed.*--ca/)
      expect(whyOf(await sent(pem(other), trusting))).toMatch(/not for 127.0.0.1 but for DNS:collector.example/)
      expect(whyOf(await sent(pem(expired), trusting))).toContain('expired')
      const strict = { ...pem(good), ca: readFileSync(ca.cert), requestCert: true, rejectUnauthorized: true }
      expect(await sent(strict, { ...trusting, ...good })).toMatchObject({ kind: 'accepted' })
      const withoutOne = await sent(strict, trusting)
      // TLS 1.3 tells of a missing certificate after the handshake: the reset may come first.
      expect(withoutOne.kind === 'refused' ? whyOf(withoutOne) : withoutOne.kind).toMatch(/client certificate|retry/)
    })
  }) // biome-ignore format: a case a line

  test('the scheme does not fit the server', async () => {
    const plain = await receiver((_request, _body, response) => response.end())
    const answer = await post(new URL(`https://127.0.0.1:${plain.port}/v1/traces`))
    expect(answer).toMatchObject({ kind: 'refused' })
    expect(whyOf(answer)).toContain('Use http://')
  })

  test('files that cannot be used', async () => {
    await inFolder(folder => {
      const ca = makeAuthority(folder)
      const good = makeCertificate(folder, 'good', 'DNS:localhost')
      const text = join(folder, 'text')
      writeFileSync(text, 'no PEM')
      const broken = join(folder, 'broken')
      writeFileSync(broken, '-----BEGIN CERTIFICATE-----\nx\n-----END CERTIFICATE-----\n')
      const make = (tls: object) => () => transport(new URL('https://127.0.0.1/v1/traces'), { tls })
      expect(make({ ca: join(folder, 'none') })).toThrow(/none cannot be read \(ENOENT\)/)
      expect(make({ ca: text })).toThrow(/holds no certificate in PEM form/)
      expect(make({ ca: broken })).toThrow(/cannot be used/)
      expect(make({ cert: good.cert })).toThrow(/go together/)
      expect(make({ cert: good.cert, key: ca.key })).toThrow(/belongs to the certificate/)
      expect(make({ cert: good.cert, key: good.cert })).toThrow(/holds no private key/)
    })
  })
})

function whyOf(answer: Answer): string {
  return answer.kind === 'accepted' ? `accepted, ${answer.rejected} rejected` : answer.why
}
