import { createHash } from 'node:crypto'
import {
  type IncomingHttpHeaders,
  type IncomingMessage,
  type OutgoingHttpHeaders,
  request,
  type ServerResponse,
} from 'node:http'
import { setTimeout as sleep } from 'node:timers/promises'
import { gunzipSync } from 'node:zlib'
import type { Fault, RetryAfter } from './faults.ts'
import { dropSpans, errorAnswer, isJson, partialAnswer } from './otlp-wire.ts'

/** A request as the proxy saw it. */
export interface Arrival {
  /** From 0, in the order of arrival. */
  readonly index: number
  /** When its head had arrived: milliseconds since 1970, by a clock that is never set back. */
  readonly atMs: number
  readonly path: string
  readonly headers: IncomingHttpHeaders
  readonly fault: Fault
  /** Bytes of the body as it came (compressed or not); what was read of it before a reset. */
  bytes: number
  /** SHA-256 of the body as it came, '' until all of it was there. A retry with the same bytes has the same digest. */
  digest: string
  /** What the backend answered: undefined if nothing was forwarded or no answer came. */
  backendStatus: number | undefined
  /** What the client was answered: undefined if it was not. */
  status: number | undefined
  /** Spans that a partial success rejected. */
  rejected: number
  /** Before this moment, by the clock of `atMs`, the client was told not to come back. */
  retryAtMs: number | undefined
}

/** One request on its way. */
export interface Exchange {
  readonly incoming: IncomingMessage
  readonly response: ServerResponse
  readonly arrival: Arrival
  readonly backendPort: number
}

interface Answer {
  readonly status: number
  readonly headers: OutgoingHttpHeaders
  readonly body: Buffer
}

export function arrived({ url = '', headers }: IncomingMessage, index: number, fault: Fault): Arrival {
  const facts = { index, atMs: nowMs(), path: url, headers, fault }
  const unknown = { backendStatus: undefined, status: undefined, retryAtMs: undefined }
  return { ...facts, bytes: 0, digest: '', rejected: 0, ...unknown }
}

/** Does to a request what its fault says. Rejects if the client goes away before all of it was there. */
export async function meet(exchange: Exchange): Promise<void> {
  const { incoming, response, arrival } = exchange
  const { fault } = arrival
  if (fault.kind === 'outage') return
  if (fault.kind === 'reset-request') {
    const reset = (chunk?: Buffer) => {
      arrival.bytes = chunk?.length ?? 0
      incoming.socket.resetAndDestroy()
    }
    incoming.once('data', reset).once('end', reset)
    return
  }
  const body = await readBody(incoming, arrival)
  const answer = await answerTo(exchange, body)
  if (fault.kind === 'reset-answer') incoming.socket.resetAndDestroy()
  else if (answer && !response.destroyed) {
    arrival.status = answer.status
    response.writeHead(answer.status, answer.headers).end(answer.body)
  }
}

/** undefined: nothing is ever answered. */
async function answerTo(exchange: Exchange, body: Buffer): Promise<Answer | undefined> {
  const { fault, headers } = exchange.arrival
  switch (fault.kind) {
    case 'status':
      return refusal(exchange.arrival, fault.status, fault.retryAfter)
    case 'html':
      return answer(200, 'text/html', Buffer.from('<!doctype html><title>Sign in</title>'))
    case 'partial':
      return partial(exchange, body, fault.spans, fault.message ?? `${fault.spans} spans are not welcome`)
    case 'silent':
      if (fault.forward) await forward(exchange, body, headers)
      return undefined
    case 'slow': {
      const late = await forward(exchange, body, headers)
      await sleep(fault.delayMs)
      return late
    }
    default:
      return forward(exchange, body, headers)
  }
}

function answer(
  status: number,
  contentType: string,
  body: Buffer,
  headers: OutgoingHttpHeaders = {},
): Answer {
  return { status, headers: { ...headers, 'content-type': contentType, 'content-length': body.length }, body }
}

function refusal(arrival: Arrival, status: number, retryAfter: RetryAfter | undefined): Answer {
  const contentType = arrival.headers['content-type']
  const body = errorAnswer(contentType, `refused with ${status}`)
  if (!retryAfter) return answer(status, otlpType(contentType), body)
  const soonestMs = nowMs() + retryAfter.seconds * 1000
  const isDate = retryAfter.as === 'date'
  arrival.retryAtMs = isDate ? Math.ceil(soonestMs / 1000) * 1000 : soonestMs
  const value = isDate ? new Date(arrival.retryAtMs).toUTCString() : String(retryAfter.seconds)
  return answer(status, otlpType(contentType), body, { 'retry-after': value })
}

async function partial(exchange: Exchange, body: Buffer, spans: number, message: string): Promise<Answer> {
  const { arrival } = exchange
  const { 'content-encoding': encoding, ...headers } = arrival.headers
  const contentType = headers['content-type']
  const kept = dropSpans(encoding === 'gzip' ? gunzipSync(body) : body, contentType, spans)
  const theirs = await forward(exchange, kept.body, headers)
  // What the backend did not take was not rejected span by span.
  if (theirs.status !== 200) return theirs
  arrival.rejected = kept.dropped
  return answer(200, otlpType(contentType), partialAnswer(contentType, kept.dropped, message))
}

function otlpType(contentType: string | undefined): string {
  return isJson(contentType) ? 'application/json' : 'application/x-protobuf'
}

async function readBody(incoming: IncomingMessage, arrival: Arrival): Promise<Buffer> {
  const chunks: Buffer[] = []
  for await (const chunk of incoming) {
    chunks.push(chunk)
    arrival.bytes += chunk.length
  }
  const body = Buffer.concat(chunks)
  arrival.digest = createHash('sha256').update(body).digest('hex')
  return body
}

/** Hands a request on, by a connection of its own. Where the backend does not answer it is 502, as of any proxy. */
function forward({ incoming, arrival, backendPort }: Exchange, body: Buffer, headers: IncomingHttpHeaders) {
  const { connection: _, 'transfer-encoding': __, ...kept } = headers
  return new Promise<Answer>(resolve => {
    const noAnswer = () => resolve(answer(502, 'text/plain', Buffer.from('no answer from the backend')))
    const options = {
      host: '127.0.0.1',
      port: backendPort,
      path: incoming.url,
      method: incoming.method,
      headers: { ...kept, 'content-length': body.length },
      agent: false,
    } as const
    request(options, async reply => {
      const chunks: Buffer[] = []
      reply.on('data', (chunk: Buffer) => chunks.push(chunk)).on('error', noAnswer)
      reply.on('end', () => {
        const { connection: ___, 'transfer-encoding': ____, ...theirs } = reply.headers
        arrival.backendStatus = reply.statusCode
        resolve({ status: reply.statusCode ?? 502, headers: theirs, body: Buffer.concat(chunks) })
      })
    })
      .on('error', noAnswer)
      .end(body)
  })
}

function nowMs(): number {
  return performance.timeOrigin + performance.now()
}
