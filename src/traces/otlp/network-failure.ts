import { safe } from '../../model/text.ts'
import type { Answer } from './answer.ts'
import { portHint } from './endpoint.ts'

/** Set by the transport when its own timers end a request. */
export const NO_CONNECTION = 'NO_CONNECTION'
export const NO_ANSWER = 'NO_ANSWER'

const CONNECTION: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'nothing listens there (connection refused)',
  ECONNRESET: 'the connection was closed before an answer',
  ECONNABORTED: 'the connection was closed before an answer',
  EPIPE: 'the connection was closed before an answer',
  ETIMEDOUT: 'the network gave up (timed out)',
  ENETUNREACH: 'there is no route to it (network unreachable)',
  EHOSTUNREACH: 'there is no route to it (host unreachable)',
  ENETDOWN: 'the network is down',
  EHOSTDOWN: 'the host is down',
  EADDRNOTAVAIL: 'this machine has no free address or port',
  EMFILE: 'this process has too many open files',
  ENFILE: 'this machine has too many open files',
  ENOBUFS: 'this machine has no memory for connections',
}

const TRUST =
  'If it is to be trusted, name the certificate of its authority (a PEM file) with --ca; it is added to those that Node.js trusts.'
const CERTIFICATE: Readonly<Record<string, string>> = {
  DEPTH_ZERO_SELF_SIGNED_CERT: `its certificate is self-signed. ${TRUST}`,
  SELF_SIGNED_CERT_IN_CHAIN: `its certificate comes from an authority that is not known here. ${TRUST}`,
  UNABLE_TO_GET_ISSUER_CERT: `its certificate comes from an authority that is not known here. ${TRUST}`,
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: `its certificate comes from an authority that is not known here. ${TRUST}`,
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: `its certificate comes from an authority that is not known here, or the server does not send the ones between. ${TRUST}`,
  CERT_HAS_EXPIRED: 'its certificate has expired. It must be renewed, or the clock of this machine set.',
  CERT_NOT_YET_VALID: 'its certificate is not valid yet. Check the clock of this machine.',
  CERT_REVOKED: 'its certificate was revoked. It must be replaced.',
}

/** What a failure before an answer means: later tries may help, or none will. */
export function networkFailure(error: Error, url: URL, hasAnswered: boolean): Answer {
  const { code = '' } = error as { code?: string }
  if (code === NO_CONNECTION || code === NO_ANSWER)
    return { kind: 'retry', reason: 'timeout', why: error.message + portHint(url) }
  const connection = CONNECTION[code]
  if (connection) return { kind: 'retry', reason: 'connection', why: connection + portHint(url) }
  if (code === 'EAI_AGAIN' || (code === 'ENOTFOUND' && hasAnswered))
    return { kind: 'retry', reason: 'name lookup', why: `the name ${url.hostname} is not resolved just now` }
  return { kind: 'refused', why: finalReason(code, error, url) }
}

function finalReason(code: string, error: Error, url: URL): string {
  if (code === 'ENOTFOUND') return `no such host: ${url.hostname}. Correct the name in the endpoint.`
  if (code.startsWith('HPE_'))
    return `what answers there does not speak HTTP/1.1 (${code}). Correct the endpoint.${portHint(url)}`
  const certificate = CERTIFICATE[code]
  if (certificate) return `${certificate} (${code})`
  if (code === 'ERR_TLS_CERT_ALTNAME_INVALID') return wrongName(error, url)
  if (code === 'EPROTO' || code.startsWith('ERR_SSL_') || code.startsWith('ERR_TLS_'))
    return handshake(error, code)
  return `${safe(error.message)}${code && ` (${code})`}`
}

function wrongName(error: Error, url: URL): string {
  const names = (error as { cert?: { subjectaltname?: string } }).cert?.subjectaltname
  return `its certificate is not for ${url.hostname} but for ${safe(names ?? 'other names')}. Use a name that the certificate has in the endpoint.`
}

function handshake(error: Error, code: string): string {
  if (/wrong version number|packet length too long|http request/i.test(error.message))
    return 'what answers there speaks no TLS. Use http:// in the endpoint, or the port for TLS.'
  if (/alert/i.test(error.message))
    return `it refused the TLS handshake (${alertOf(error.message)}). It may want a client certificate: --client-cert and --client-key.`
  return `no TLS connection: ${safe(error.message.slice(0, 200))} (${code})`
}

/** OpenSSL: `...:error:0A00045C:SSL routines:ssl3_read_bytes:tlsv13 alert certificate required:../deps/...`. */
function alertOf(text: string): string {
  return safe(/(?:ssl|tls)v?[\d.]* alert [a-z ]+/i.exec(text)?.[0] ?? 'alert')
}
