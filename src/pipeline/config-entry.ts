import { hash } from 'node:crypto'
import type { Config } from '../config/schema.ts'
import type { Store } from '../store/store.ts'

/** Digest of the configuration as far as facts and links depend on it; a change is a ledger entry that names it. */
export function recordConfig(store: Store, config: Config): string {
  const { fields, trustedProxies, scrub, hosts, applications } = config
  const parts = Object.fromEntries(
    Object.entries({ fields, trustedProxies, scrub, hosts, applications }).map(([key, value]) => [
      key,
      sha256(JSON.stringify(value)),
    ]),
  )
  const digest = sha256(JSON.stringify(parts))
  const { configDigest, configParts } = store.state
  if (configDigest !== digest) {
    const changed = Object.keys(parts).filter(key => parts[key] !== configParts[key])
    store.append({ kind: 'config', digest, parts, changed })
  }
  return digest
}

function sha256(text: string): string {
  return hash('sha256', text, 'hex')
}
