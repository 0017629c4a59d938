import { X509Certificate } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { createSecureContext, rootCertificates, type SecureContext } from 'node:tls'
import { ThroughlineError } from '../../errors.ts'

/** Paths of PEM files. */
export interface TlsFiles {
  /** Certificates of authorities that are trusted beside those that Node.js knows. */
  readonly ca?: string
  /** The certificate that this client shows, with those between, and its key. */
  readonly cert?: string
  readonly key?: string
}

/**
 * Made once and used for all connections, since the roots take tens of milliseconds to read.
 *
 * @returns undefined where the defaults of Node.js hold, among them NODE_EXTRA_CA_CERTS
 * @throws USAGE
 */
export function secureContext(files: TlsFiles): SecureContext | undefined {
  const { ca, cert, key } = files
  if (ca === undefined && cert === undefined && key === undefined) return undefined
  if ((cert === undefined) !== (key === undefined))
    throw new ThroughlineError(
      'USAGE',
      `${cert === undefined ? 'the key' : 'the certificate'} of a client alone was given: --client-cert and --client-key go together`,
    )
  try {
    return createSecureContext({
      ...(ca === undefined ? {} : { ca: [...rootCertificates, ...readCertificates(ca)] }),
      ...(cert === undefined ? {} : { cert: readPem(cert, 'CERTIFICATE') }),
      ...(key === undefined ? {} : { key: readPem(key, 'PRIVATE KEY') }),
    })
  } catch (error) {
    if (error instanceof ThroughlineError) throw error
    const given = [ca, cert, key].filter(path => path !== undefined).join(', ')
    const { code = 'no code' } = error as { code?: string }
    throw new ThroughlineError(
      'USAGE',
      `the certificates or the key of ${given} cannot be used (${code}); expected PEM files whose key is not encrypted and belongs to the certificate`,
      { files: given },
      error,
    )
  }
}

/** OpenSSL passes over an authority that it cannot read; here it is an error. */
function readCertificates(path: string): string[] {
  const blocks = readPem(path, 'CERTIFICATE').match(/-----BEGIN .*?-----END [A-Z ]+-----/gs) ?? []
  return blocks.map(block => new X509Certificate(block).toString())
}

function readPem(path: string, what: string): string {
  let text: string
  try {
    text = readFileSync(path, 'utf8')
  } catch (error) {
    const { code = 'no code' } = error as { code?: string }
    throw new ThroughlineError(
      'USAGE',
      `${path} cannot be read (${code}); expected a PEM file`,
      { path },
      error,
    )
  }
  if (new RegExp(`-----BEGIN [A-Z ]*${what}-----`).test(text)) return text
  throw new ThroughlineError(
    'USAGE',
    `${path} holds no ${what.toLowerCase()} in PEM form; expected "-----BEGIN ${what}-----"`,
    { path },
  )
}
