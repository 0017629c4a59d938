import { ThroughlineError } from '../errors.ts'
import type { Call } from './client.ts'

/** Statuses that a later try may not meet again. */
const PASSING = new Set([408, 429, 502, 503, 504])

/** As much of an error of the client as is looked at. */
interface ClientError extends Error {
  readonly statusCode?: number
  readonly meta?: { readonly statusCode?: number | undefined; readonly body?: unknown }
}

export function statusOf(error: unknown): number | undefined {
  const { statusCode, meta } = error as ClientError
  // The client says 0 where no answer came.
  return statusCode || meta?.statusCode || undefined
}

/** Whether the same request may succeed later: no answer came, or one that says so. */
export function isPassing(error: unknown): boolean {
  if (error instanceof ThroughlineError) return error.code === 'EXPORT_UNAVAILABLE'
  const { name } = error as Error
  if (name === 'ProductNotSupportedError' || name === 'ConfigurationError') return false
  const status = statusOf(error)
  return status === undefined ? isConnection(error as Error) : PASSING.has(status)
}

/** Certificates do not come right by waiting. */
function isConnection({ name, message }: Error): boolean {
  if (name === 'TimeoutError') return true
  return name === 'ConnectionError' && !/certificate|fingerprint|self.signed|altnames/i.test(message)
}

/** What a failure of a request means, and what to do. */
export function failure(address: string, { method, path }: Pick<Call, 'method' | 'path'>, error: unknown): ThroughlineError {
  if (error instanceof ThroughlineError) return error
  const what = `Elasticsearch at ${address}: ${method} ${path}`
  const status = statusOf(error)
  const details = { address, method, path, status }
  const fail = (code: 'EXPORT_UNAVAILABLE' | 'EXPORT_REFUSED', text: string) =>
    new ThroughlineError(code, text, details, error)
  const { name, message } = error as Error
  if (name === 'ProductNotSupportedError') return fail('EXPORT_REFUSED', notElasticsearch(address))
  if (status === undefined && isPassing(error))
    return fail('EXPORT_UNAVAILABLE', `${what}: no answer (${message || name}); check that it runs and that the address is right`)
  if (status === undefined)
    return fail('EXPORT_REFUSED', `${what}: ${message}; name the authority's certificates with elastic.ca, or their SHA-256 with elastic.caFingerprint`)
  if (status === 401)
    return fail('EXPORT_REFUSED', `${what}: not signed in (401): ${reasonOf(error)}; set THROUGHLINE_ELASTIC_API_KEY, or elastic.username and THROUGHLINE_ELASTIC_PASSWORD, or THROUGHLINE_ELASTIC_BEARER`)
  if (status === 403) return fail('EXPORT_REFUSED', `${what}: ${forbidden(error)}`)
  if (PASSING.has(status))
    return fail('EXPORT_UNAVAILABLE', `${what}: ${status}: ${reasonOf(error)}; try again later`)
  return fail('EXPORT_REFUSED', `${what}: ${status}: ${reasonOf(error)}`)
} // biome-ignore format: one case a line

/** What to say of a server that does not say that it is Elasticsearch. */
export function notElasticsearch(
  address: string,
  found = 'a server that does not say that it is Elasticsearch',
): string {
  return `${address}: found ${found}; expected Elasticsearch 8.19 or 9. OpenSearch is not supported: its clients, mappings and dashboards differ`
}

interface Reason {
  readonly type?: string
  readonly reason?: string
  readonly root_cause?: readonly Reason[]
}

/** What the server says went wrong. */
export function reasonOf(error: unknown): string {
  const body = (error as ClientError).meta?.body
  if (typeof body === 'string') return body.slice(0, 300)
  const { error: told } = (body ?? {}) as { error?: Reason | string }
  if (typeof told === 'string') return told.slice(0, 300)
  return (told?.reason ?? told?.root_cause?.[0]?.reason ?? told?.type ?? (error as Error).message).slice(
    0,
    600,
  )
}

/** A refusal that names the privilege: the server lists those that would do. */
function forbidden(error: unknown): string {
  const reason = reasonOf(error)
  const [, kind, privileges] = /granted by the (index|cluster) privileges \[([^\]]+)\]/.exec(reason) ?? []
  if (kind === undefined) return `forbidden (403): ${reason}`
  const [, indices] = /on indices \[([^\]]+)\]/.exec(reason) ?? []
  const on = indices === undefined ? '' : ` on ${indices}`
  const [weakest] = (privileges ?? '').split(',')
  return `missing ${kind} privilege ${weakest}${on} (403): ${reason}; give the user or API key one of: ${privileges}. schemas/elastic-role-publisher.json has all that is needed`
}
