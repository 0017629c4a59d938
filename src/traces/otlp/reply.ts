import { STATUS_CODES } from 'node:http'
import { safe } from '../../model/text.ts'
import type { Answer, Reply, RetryReason } from './answer.ts'
import { portHint, shownUrl } from './endpoint.ts'
import { isPage, said } from './said.ts'
import type { Signal } from './signals.ts'

/** What an answer is read with. */
export interface ReplyContext {
  readonly url: URL
  readonly signal: Pick<Signal<never>, 'decode' | 'rejectedKey'>
  readonly nowMs: () => number
}

/** OTLP 1.x, "Retryable Response Codes": these and no others. */
const RETRYABLE: Readonly<Record<number, RetryReason>> = {
  429: 'too many requests',
  502: 'bad gateway',
  503: 'unavailable',
  504: 'gateway timeout',
}

const ADVICE: Readonly<Record<number, string>> = {
  400: 'The backend does not understand the request: it may want the other format (protobuf or JSON), or another path.',
  401: 'The backend wants credentials: give its header (often authorization or an API key), or correct its value.',
  403: 'The credentials are known and not enough: use a key that may write this signal.',
  404: 'There is no OTLP receiver at this path: correct the path of the endpoint, or switch on OTLP over HTTP there.',
  405: 'Something answers there that takes no POST: correct the path of the endpoint.',
  413: 'The request is too large for the backend.',
  415: 'The backend does not take this content type or encoding: try the other format, or no compression.',
}

/** What an HTTP answer means (opentelemetry-proto, "OTLP/HTTP Response"). */
export function judge(reply: Reply, context: ReplyContext): Answer {
  const { status } = reply
  if (status >= 200 && status < 300) return judgeSuccess(reply, context)
  const reason = RETRYABLE[status]
  if (reason) return retry(reply, reason, context.nowMs())
  if (status >= 300 && status < 400) return refused(reply, redirect(reply, context.url))
  const advice = ADVICE[status] ?? 'By the rules of OTLP this is final: the backend must be looked at.'
  return refused(reply, `${line(reply)}. ${advice}${portHint(context.url)}`)
}

function judgeSuccess(reply: Reply, { url, signal }: ReplyContext): Answer {
  if (reply.cut === 'broken')
    return { kind: 'retry', reason: 'connection', why: `its answer of ${reply.status} broke off` }
  const isOther = isPage(reply) || reply.cut === 'too long'
  const result = isOther ? undefined : partialSuccess(reply, signal)
  if (result) return result
  const found = said(reply) || 'bytes that it cannot be read from'
  const length = reply.cut === 'too long' ? ', and far longer than any answer of one' : ''
  const what = `${reply.status} with ${reply.contentType || 'no content type'}: ${found}${length}`
  return refused(
    reply,
    `it answers, but not as an OTLP receiver: ${what}. Nothing says that the data arrived: correct the endpoint.${portHint(url)}`,
  )
}

/** @returns undefined for what is no answer of an OTLP receiver */
function partialSuccess(reply: Reply, signal: ReplyContext['signal']): Answer | undefined {
  const { body, contentType, status } = reply
  const plain = { kind: 'accepted', rejected: 0, message: '' } as const
  if (body.length === 0) {
    if (contentType === 'application/x-protobuf') return plain
    const type = contentType === '' ? 'a content type' : 'that of OTLP'
    return { ...plain, doubt: `the backend answers ${status} without a body and without ${type}: it may be no OTLP receiver` } // biome-ignore format: one value
  }
  try {
    if (/^application\/(x-)?protobuf$/.test(contentType)) {
      const { rejected, message } = signal.decode(body)
      return accepted(rejected, message)
    }
    return contentType === 'application/json' ? fromJson(body, signal.rejectedKey) : undefined
  } catch {
    return undefined
  }
}

function fromJson(body: Uint8Array, rejectedKey: string): Answer | undefined {
  const value: unknown = JSON.parse(Buffer.from(body).toString('utf8'))
  if (!isRecord(value) || 'error' in value || 'errors' in value || 'code' in value) return undefined
  const partial = value.partialSuccess ?? {}
  if (!isRecord(partial)) return undefined
  const result = accepted(partial[rejectedKey], partial.errorMessage)
  const odd = Object.keys(value).find(key => key !== 'partialSuccess')
  if (odd === undefined || result?.kind !== 'accepted') return result
  return { ...result, doubt: `the backend's answer has "${safe(odd.slice(0, 40))}", which OTLP does not know: it may be no OTLP receiver` } // biome-ignore format: one value
}

/** An int64 is a text in JSON. */
function accepted(rejected: unknown, message: unknown): Answer | undefined {
  const count = Number(rejected ?? 0)
  if (!Number.isSafeInteger(count) || count < 0) return undefined
  return { kind: 'accepted', rejected: count, message: typeof message === 'string' ? safe(message.slice(0, 500)) : '' } // biome-ignore format: one value
}

function retry(reply: Reply, reason: RetryReason, nowMs: number): Answer {
  const afterMs = retryAfterMs(reply.retryAfter, nowMs)
  return { kind: 'retry', reason, why: `it answered ${line(reply)}`, ...(afterMs === undefined ? {} : { afterMs }) } // biome-ignore format: one value
}

/** Seconds, or a date (RFC 9110, 10.2.3). Anything else counts as not given. */
function retryAfterMs(text: string, nowMs: number): number | undefined {
  if (/^\d{1,10}$/.test(text)) return Number(text) * 1000
  const at = /\bGMT$/.test(text) ? Date.parse(text) : Number.NaN
  return Number.isNaN(at) ? undefined : Math.max(0, at - nowMs)
}

function redirect(reply: Reply, url: URL): string {
  const to = URL.canParse(reply.location, url.href) ? shownUrl(new URL(reply.location, url)) : 'nowhere'
  return `${line(reply)}: it redirects to ${safe(to)}. Redirects are not followed, as data and credentials would go to another place: name the right endpoint.`
}

/** `503 Service Unavailable: "overloaded"`. */
function line(reply: Reply): string {
  const words = said(reply)
  return `${reply.status} ${STATUS_CODES[reply.status] ?? ''}`.trim() + (words && `: ${words}`)
}

function refused(reply: Reply, why: string): Answer {
  return { kind: 'refused', status: reply.status, why }
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
