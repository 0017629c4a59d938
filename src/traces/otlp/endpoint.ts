import { ThroughlineError } from '../../errors.ts'
import { safe } from '../../model/text.ts'

/** Where a backend takes each signal. */
export interface OtlpEndpoint {
  readonly traces: URL
  readonly logs: URL
}

const SIGNAL_PATH = /\/v1\/(?:traces|logs|metrics)(\/?)$/

/**
 * URLs of a backend, by the rule for OTEL_EXPORTER_OTLP_ENDPOINT (OpenTelemetry specification, "OTLP Exporter
 * Configuration"): the text is a base, `v1/traces` and `v1/logs` go below its path. A text that names one of them
 * already is taken as it is, and its neighbour for the other. A query stays.
 *
 * @param text `http://collector:4318`, `https://otlp.example/base`, `https://otlp.example/base/v1/traces`
 * @throws USAGE
 */
export function otlpEndpoint(text: string): OtlpEndpoint {
  const url = parse(text.trim())
  const named = SIGNAL_PATH.exec(url.pathname)
  const base = url.pathname.replace(SIGNAL_PATH, '').replace(/\/+$/, '')
  const at = (signal: string): URL => {
    const result = new URL(url)
    result.pathname = `${base}/v1/${signal}${named?.[1] ?? ''}`
    return result
  }
  return { traces: at('traces'), logs: at('logs') }
}

/** A URL for people: without its query, which may hold a key. */
export function shownUrl(url: URL): string {
  return `${url.origin}${url.pathname}`
}

/** A sentence where the port is the one that gRPC uses, which this client does not speak; else nothing. */
export function portHint(url: URL): string {
  return url.port === '4317'
    ? ' Port 4317 is OTLP over gRPC; this needs OTLP over HTTP, which is usually port 4318.'
    : ''
}

function parse(text: string): URL {
  if (!/^[a-z][a-z0-9+.-]*:\/\//i.test(text))
    throw refused(text, 'has no scheme', `write http://${text || 'host:4318'} or https://`)
  const url = URL.canParse(text) ? new URL(text) : undefined
  if (!url) throw refused(text, 'is not a URL', 'write it like http://host:4318')
  if (url.protocol !== 'http:' && url.protocol !== 'https:')
    throw refused(text, `has the scheme ${url.protocol}//`, 'OTLP is sent over http:// or https://')
  if (url.username !== '' || url.password !== '')
    throw refused(text, 'holds a user name or password', 'give them in a header, as endpoints are shown')
  url.hash = ''
  return url
}

function refused(text: string, found: string, advice: string): ThroughlineError {
  // What stands before an @ may be a password, what follows a ? a key.
  const hide = (part: string): string => safe(part.replace(/[^/@]*@/, '').replace(/\?.*/s, ''))
  const message = `endpoint "${hide(text)}" ${found}; expected the base URL of an OTLP/HTTP receiver, such as http://localhost:4318: ${hide(advice)}`
  return new ThroughlineError('USAGE', message, { endpoint: hide(text) })
}
