import { execFileSync } from 'node:child_process'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

/** Paths of a certificate and its key. */
export interface Certificate {
  readonly cert: string
  readonly key: string
}

const openssl = (folder: string, args: readonly string[]): void => {
  execFileSync('openssl', args, { cwd: folder, stdio: 'ignore' })
}
const NEW_KEY = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes']

/** An authority whose certificate nobody knows. */
export function makeAuthority(folder: string): Certificate {
  const out = ['-keyout', 'ca.key', '-out', 'ca.pem', '-subj', '/CN=Test CA', '-days', '2']
  openssl(folder, ['req', '-x509', ...NEW_KEY, ...out])
  return { cert: join(folder, 'ca.pem'), key: join(folder, 'ca.key') }
}

/** @param names as in `DNS:localhost,IP:127.0.0.1` */
export function makeCertificate(folder: string, name: string, names: string, days = 2): Certificate {
  writeFileSync(join(folder, `${name}.ext`), `subjectAltName=${names}\n`)
  const files = { csr: `${name}.csr`, key: `${name}.key`, cert: `${name}.pem` }
  openssl(folder, ['req', ...NEW_KEY, '-keyout', files.key, '-out', files.csr, '-subj', `/CN=${name}`])
  const signer = ['-CA', 'ca.pem', '-CAkey', 'ca.key', '-CAcreateserial', '-extfile', `${name}.ext`]
  openssl(folder, ['x509', '-req', '-in', files.csr, ...signer, '-days', `${days}`, '-out', files.cert])
  return { cert: join(folder, files.cert), key: join(folder, files.key) }
}

export function pem({ cert, key }: Certificate): { cert: Buffer; key: Buffer } {
  return { cert: readFileSync(cert), key: readFileSync(key) }
}
