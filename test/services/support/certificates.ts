import { execFileSync } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'

/** Paths of PEM files. */
export interface Certificates {
  readonly ca: string
  /** Of a server at 127.0.0.1 and localhost. */
  readonly server: { readonly cert: string; readonly key: string }
  readonly client: { readonly cert: string; readonly key: string }
}

/** Makes a certificate authority, and a server and a client that it vouches for, all for a day. Needs openssl. */
export function makeCertificates(folder: string): Certificates {
  const ca = selfSigned(folder, 'ca')
  return {
    ca: ca.cert,
    server: signed(
      folder,
      'server',
      ca,
      'subjectAltName=IP:127.0.0.1,DNS:localhost\nextendedKeyUsage=serverAuth',
    ),
    client: signed(folder, 'client', ca, 'extendedKeyUsage=clientAuth'),
  }
}

interface Pair {
  readonly cert: string
  readonly key: string
}

const NEW_KEY = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes']

function pairIn(folder: string, name: string): Pair {
  return { cert: join(folder, `${name}.crt`), key: join(folder, `${name}.key`) }
}

function selfSigned(folder: string, name: string): Pair {
  const pair = pairIn(folder, name)
  openssl([
    'req',
    '-x509',
    ...NEW_KEY,
    '-keyout',
    pair.key,
    '-out',
    pair.cert,
    '-days',
    '1',
    '-subj',
    `/CN=${name}`,
  ])
  return pair
}

function signed(folder: string, name: string, ca: Pair, extensions: string): Pair {
  const pair = pairIn(folder, name)
  const request = join(folder, `${name}.csr`)
  const extensionFile = join(folder, `${name}.ext`)
  writeFileSync(extensionFile, `${extensions}\n`)
  openssl(['req', ...NEW_KEY, '-keyout', pair.key, '-out', request, '-subj', `/CN=${name}`])
  const by = ['-CA', ca.cert, '-CAkey', ca.key, '-CAcreateserial', '-days', '1', '-extfile', extensionFile]
  openssl(['x509', '-req', '-in', request, ...by, '-out', pair.cert])
  return pair
}

function openssl(args: readonly string[]): void {
  execFileSync('openssl', args, { stdio: 'pipe' })
}
