import { ThroughlineError } from '../errors.ts'

export interface WebhookOptions {
  readonly url: URL
  readonly timeoutMs: number
  /** How long to go on while nothing is taken, ms. */
  readonly patienceMs: number
  readonly userAgent: string
  readonly nowMs: () => number
  /** 0 to 1. */
  readonly random: () => number
  readonly sleep: (ms: number, stop: AbortSignal) => Promise<void>
  readonly stop: AbortSignal
  readonly onRetry: (why: string, waitMs: number) => void
}

const FIRST_WAIT_MS = 1_000
const LONGEST_WAIT_MS = 60_000
const LOOPBACK = new Set(['localhost', '127.0.0.1', '[::1]'])

/**
 * The address of a webhook. Its path and query may be a secret, so that no message shows them.
 *
 * @throws USAGE where it is no https address, or http to another machine
 */
export function webhookUrl(text: string): URL {
  const url = URL.canParse(text) ? new URL(text) : undefined
  const isSafe = url?.protocol === 'https:' || (url?.protocol === 'http:' && LOOPBACK.has(url.hostname))
  if (url && isSafe && url.username === '' && url.password === '') return url
  const found = url ? `${url.protocol}//${url.host}` : 'no address'
  const why =
    url && isSafe ? 'it holds a user name or password' : 'findings go over https, or to this machine'
  throw new ThroughlineError(
    'USAGE',
    `--webhook: found ${found}; ${why}; expected an address such as https://hooks.example/findings`,
  )
}

/** An address as it may be shown. */
export function shownWebhook(url: URL): string {
  return url.origin
}

/**
 * Hands one document over: tries again, longer and longer apart, until it is taken.
 *
 * @param key names the document, so that a receiver may drop what it has already
 * @throws EXPORT_REFUSED, EXPORT_UNAVAILABLE after patience; what `stop` was aborted with
 */
export async function postDocument(document: object, key: string, options: WebhookOptions): Promise<void> {
  const startMs = options.nowMs()
  for (let attempt = 0; ; attempt++) {
    options.stop.throwIfAborted()
    const answer = await post(JSON.stringify(document), key, options)
    if (answer.kind === 'taken') return
    const to = shownWebhook(options.url)
    if (answer.kind === 'refused')
      throw new ThroughlineError(
        'EXPORT_REFUSED',
        `webhook at ${to}: ${answer.why}; expected a status of 200 to 299. Check the address and what it expects; nothing was noted as sent`,
        { to },
      )
    const backoff = Math.min(LONGEST_WAIT_MS, FIRST_WAIT_MS * 2 ** attempt) * (0.5 + options.random() / 2)
    const waitMs = Math.max(backoff, answer.retryAfterMs)
    if (options.nowMs() + waitMs - startMs > options.patienceMs)
      throw new ThroughlineError(
        'EXPORT_UNAVAILABLE',
        `webhook at ${to}: ${answer.why}, for too long; run the command again when it takes findings: what was taken is not sent again`,
        { to },
      )
    options.onRetry(`webhook at ${to}: ${answer.why}`, waitMs)
    await options.sleep(waitMs, options.stop)
  }
}

type Answer =
  | { readonly kind: 'taken' }
  | { readonly kind: 'refused'; readonly why: string }
  | { readonly kind: 'later'; readonly why: string; readonly retryAfterMs: number }

async function post(body: string, key: string, options: WebhookOptions): Promise<Answer> {
  try {
    const answer = await fetch(options.url, {
      method: 'POST',
      headers: {
        'content-type': 'application/json',
        'user-agent': options.userAgent,
        'idempotency-key': key,
      },
      body,
      // Another place than the one that was named gets nothing.
      redirect: 'manual',
      signal: AbortSignal.any([AbortSignal.timeout(options.timeoutMs), options.stop]),
    })
    await answer.body?.cancel()
    return judge(answer.status, answer.headers.get('retry-after'))
  } catch (error) {
    options.stop.throwIfAborted()
    return { kind: 'later', why: `no answer (${reasonOf(error)})`, retryAfterMs: 0 }
  }
}

function judge(status: number, retryAfter: string | null): Answer {
  if (status >= 200 && status < 300) return { kind: 'taken' }
  const why = `answered ${status}`
  if (status !== 408 && status !== 429 && status < 500) return { kind: 'refused', why }
  const seconds = /^\d{1,5}$/.test(retryAfter ?? '') ? Number(retryAfter) : 0
  return { kind: 'later', why, retryAfterMs: seconds * 1000 }
}

/** A code of the system where there is one: messages of a failed request may quote the address. */
function reasonOf(error: unknown): string {
  const { name, cause } = error as { name?: string; cause?: { code?: string } }
  return cause?.code ?? (name === 'TimeoutError' ? 'not in time' : 'connection failed')
}
