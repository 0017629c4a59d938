import { hash } from 'node:crypto'
import type { Config } from '../config/schema.ts'
import type { Store } from '../store/store.ts'

/** Parts of the configuration that change what is stored or linked. */
type Recorded = Pick<Config, 'fields' | 'trustedProxies' | 'scrub' | 'hosts'>

/** Digest of the configuration as far as facts and links depend on it; a change is a ledger entry. */
export function recordConfig(store: Store, config: Config): string {
  const { fields, trustedProxies, scrub, hosts } = config
  const recorded: Recorded = { fields, trustedProxies, scrub, hosts }
  const digest = hash('sha256', JSON.stringify(recorded), 'hex')
  const before = store.state.configDigest
  if (before !== digest) {
    store.append({
      kind: 'config',
      digest,
      changed: before === '' ? ['first configuration'] : Object.keys(recorded),
    })
  }
  return digest
}
