import http, { type ClientRequest, type IncomingMessage } from 'node:http'
import https from 'node:https'
import type { Socket } from 'node:net'
import { promisify } from 'node:util'
import { gzip } from 'node:zlib'
import { ThroughlineError } from '../../errors.ts'
import type { Answer, Reply } from './answer.ts'
import { shownUrl } from './endpoint.ts'
import { NO_ANSWER, NO_CONNECTION, networkFailure } from './network-failure.ts'
import { judge } from './reply.ts'
import type { Signal } from './signals.ts'
import { secureContext, type TlsFiles } from './tls.ts'

export interface TransportOptions {
  readonly url: URL
  readonly signal: Pick<Signal<never>, 'contentType' | 'decode' | 'rejectedKey'>
  /** Values are secrets: they are sent and never shown. */
  readonly headers?: Readonly<Record<string, string>>
  readonly compression?: 'gzip' | 'none'
  readonly tls?: TlsFiles
  /** Sockets at most; they are kept for the next request. */
  readonly connections: number
  readonly connectTimeoutMs?: number
  /** From the start of a request to the end of its answer. */
  readonly timeoutMs?: number
  readonly userAgent?: string
  /** For a Retry-After that is a date. */
  readonly nowMs: () => number
}

/** A request as it goes over the wire, made once for all attempts. */
export interface Packed {
  readonly body: Uint8Array
  readonly encoding: 'gzip' | undefined
}

const SECOND_MS = 1000
const MOST_REPLY_BYTES = 1024 * 1024
const SHORTEST_SECRET = 4
/** Fast rather than small: 3 takes half the time of 6 for a tenth more bytes, measured on spans. */
const GZIP_LEVEL = 3
const compress = promisify(gzip)

/** Sends requests to one URL. What can be expected to go wrong is a result; nothing is thrown for it. */
export class Transport {
  /** The URL as it may be shown. */
  readonly to: string
  readonly #options: TransportOptions
  readonly #agent: http.Agent
  readonly #headers: Readonly<Record<string, string>>
  readonly #secrets: readonly string[]
  readonly #underWay = new Set<ClientRequest>()
  #hasAnswered = false

  /** @throws USAGE for headers and TLS files that cannot be used */
  constructor(options: TransportOptions) {
    this.#options = options
    this.to = shownUrl(options.url)
    this.#headers = headersOf(options)
    this.#secrets = secretsOf(options)
    const sockets = { keepAlive: true, maxSockets: options.connections, scheduling: 'lifo' as const }
    const context = secureContext(options.tls ?? {})
    this.#agent =
      options.url.protocol === 'https:'
        ? new https.Agent({ ...sockets, ...(context ? { secureContext: context } : {}) })
        : new http.Agent(sockets)
  }

  async pack(body: Uint8Array): Promise<Packed> {
    if (this.#options.compression === 'none') return { body, encoding: undefined }
    return { body: await compress(body, { level: GZIP_LEVEL }), encoding: 'gzip' }
  }

  /** Sends a request once. */
  post(packed: Packed): Promise<Answer> {
    return new Promise(resolve => {
      const request = this.#request(packed)
      const stop = this.#limit(request)
      const settle = (answer: Answer): void => {
        stop()
        this.#underWay.delete(request)
        resolve(this.#withoutSecrets(answer))
      }
      this.#underWay.add(request)
      let hasReply = false
      request.on('error', error => {
        // Some answer before they have read all, and close: what they say counts.
        if (!hasReply) settle(networkFailure(error, this.#options.url, this.#hasAnswered))
      })
      request.on('response', response => {
        hasReply = true
        this.#hasAnswered = true
        read(response, reply => settle(judge(reply, this.#options)))
      })
      request.end(packed.body)
    })
  }

  /** Ends all connections; requests under way fail as if the network had. */
  close(): void {
    for (const request of this.#underWay) request.destroy()
    this.#agent.destroy()
  }

  #request({ body, encoding }: Packed): ClientRequest {
    const { url } = this.#options
    const { request } = url.protocol === 'https:' ? https : http
    return request(url, {
      method: 'POST',
      agent: this.#agent,
      headers: {
        ...this.#headers,
        'content-length': body.length,
        ...(encoding ? { 'content-encoding': encoding } : {}),
      },
    })
  }

  /** @returns stops the timers */
  #limit(request: ClientRequest): () => void {
    const { connectTimeoutMs = 10 * SECOND_MS, timeoutMs = 30 * SECOND_MS } = this.#options
    const end = (code: string, message: string): void => {
      request.destroy(Object.assign(new Error(message), { code }))
    }
    const whole = setTimeout(
      () => end(NO_ANSWER, `no whole answer came within ${timeoutMs / SECOND_MS} s`),
      timeoutMs,
    )
    let connect: NodeJS.Timeout | undefined
    request.once('socket', (socket: Socket) => {
      if (!socket.connecting) return
      connect = setTimeout(
        () => end(NO_CONNECTION, `no connection came about within ${connectTimeoutMs / SECOND_MS} s`),
        connectTimeoutMs,
      )
      socket.once(this.#options.url.protocol === 'https:' ? 'secureConnect' : 'connect', () =>
        clearTimeout(connect),
      )
    })
    return () => {
      clearTimeout(whole)
      clearTimeout(connect)
    }
  }

  /** Backends quote headers that they refuse. */
  #withoutSecrets(answer: Answer): Answer {
    const hide = (text: string): string =>
      this.#secrets.reduce((rest, secret) => rest.replaceAll(secret, '[secret]'), text)
    return answer.kind === 'accepted'
      ? { ...answer, message: hide(answer.message) }
      : { ...answer, why: hide(answer.why) }
  }
}

/** Reads an answer to its end, or as far as it comes. Calls back once. */
function read(response: IncomingMessage, done: (reply: Reply) => void): void {
  const chunks: Buffer[] = []
  let bytes = 0
  let cut: Reply['cut'] = 'broken'
  const finish = (): void => {
    const { statusCode = 0, headers } = response
    const [type = ''] = (headers['content-type'] ?? '').split(';')
    done({
      status: statusCode,
      contentType: type.trim().toLowerCase(),
      location: headers.location ?? '',
      retryAfter: headers['retry-after'] ?? '',
      body: Buffer.concat(chunks),
      cut: response.complete ? undefined : cut,
    })
  }
  response.on('data', (chunk: Buffer) => {
    bytes += chunk.length
    if (bytes <= MOST_REPLY_BYTES) chunks.push(chunk)
    else {
      cut = 'too long'
      response.destroy()
    }
  })
  response.on('error', () => undefined)
  response.on('close', finish)
}

function headersOf({ headers = {}, signal, userAgent = 'throughline' }: TransportOptions): Record<string, string> {
  const result: Record<string, string> = { 'user-agent': userAgent }
  for (const [name, value] of Object.entries(headers)) {
    try {
      http.validateHeaderName(name)
      http.validateHeaderValue(name, value)
    } catch (error) {
      const { code = 'no code' } = error as { code?: string }
      const message = `header "${name}" cannot be sent (${code}); expected a name without spaces and a value without line breaks, as in name=value`
      throw new ThroughlineError('USAGE', message, { header: name })
    }
    result[name.toLowerCase()] = value
  }
  return { ...result, 'content-type': signal.contentType, accept: signal.contentType }
} // biome-ignore format: the signature is one line

/** Values of headers, and what follows a scheme such as Bearer; the longest first. */
function secretsOf({ headers = {}, url }: TransportOptions): string[] {
  const values = [...Object.values(headers), ...url.searchParams.values()]
  return values
    .flatMap(value => [value, ...value.split(' ').slice(1)])
    .filter(value => value.length >= SHORTEST_SECRET)
    .sort((a, b) => b.length - a.length)
}
