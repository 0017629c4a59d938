import { sameBytes } from '../../ledger/bytes.ts'
import type { Findings } from './findings.ts'
import { type FoldedLedger, type LogKey, openCheckpoint } from './ledger.ts'
import type { Crypto } from './world.ts'

/** What the person who checks knows from elsewhere. */
export interface Known {
  /** Fingerprint of the store's key: SHA-256 of its SPKI, hex; of several stores those of all, of which one is its own. */
  readonly key?: string | readonly string[] | undefined
  /** Text of a checkpoint of the same store that was kept elsewhere. */
  readonly checkpoint?: string | undefined
  /** Root of the first entries of the store's ledger, where the store is at hand; undefined where it has fewer. */
  readonly rootAt?: ((size: number) => Uint8Array | undefined) | undefined
}

/** Ties a bundle to what is known from elsewhere. @returns by what */
export async function checkAnchors(
  { key, checkpoint, rootAt }: Known,
  ledger: FoldedLedger,
  crypto: Crypto,
  findings: Findings,
): Promise<string[]> {
  const chain = vouching(ledger)
  const anchors: string[] = []
  if (key !== undefined) {
    const wanted = [key].flat().map(plainFingerprint)
    const own = chain.find(k => wanted.includes(k.fingerprint))
    if (own) anchors.push(`key ${own.fingerprint}`)
    else findings.fail('integrity', 'key', `the bundle is signed with ${chain[0]?.fingerprint ?? 'no key'}, not with ${wanted.join(' or ')}, nor with a key that it vouches for`)
  }
  if (checkpoint === undefined) return anchors
  const fail = (what: string): string[] => {
    findings.fail('integrity', 'known checkpoint', what)
    return anchors
  }
  const opened = await openCheckpoint(checkpoint, ledger, crypto)
  if (typeof opened === 'string') return fail(opened)
  if (opened.size > ledger.size) {
    if (!rootAt) return fail(newer(opened.size, ledger.size))
    if (!isRoot(rootAt(ledger.size), ledger.root)) return fail(`the first ${ledger.size} entries of the store are not those of the bundle`)
    if (!isRoot(rootAt(opened.size), opened.root)) return fail(`the store does not lead to it: its first ${opened.size} entries are others, or fewer`)
    return [...anchors, `checkpoint of ${opened.size} entries, to which the store leads from the ${ledger.size} of the bundle,`]
  }
  if (!isRoot(ledger.olderRoot, opened.root)) return fail(`the first ${opened.size} entries of the bundle are not those that it was made of`)
  if (chain.some(k => k.seq < opened.size)) return [...anchors, `checkpoint of ${opened.size} entries`]
  findings.notChecked('integrity', 'the known checkpoint is older than the key: it says nothing about the signature')
  return anchors
} // biome-ignore format: one line each

/** A fingerprint as bundles have it, however it was written down. */
export function plainFingerprint(text: string): string {
  return text
    .replace(/^sha256:/i, '')
    .replaceAll(':', '')
    .toLowerCase()
}

/** Such a bundle may be honest: made before the checkpoint. From the bundle alone nobody can tell. */
function newer(known: number, size: number): string {
  return (
    `it is of ${known} entries, the bundle is of the first ${size}. Either the bundle was made before this checkpoint, or somebody shows an older state of the store and hides what came since; ` +
    'the bundle alone cannot tell. Check with --store, which shows whether the one leads to the other, or with a checkpoint from before the bundle was made'
  )
}

function isRoot(one: Uint8Array | undefined, other: Uint8Array): boolean {
  return one !== undefined && sameBytes(one, other)
}

/** The key in force, the one that signed it, and so on: whoever knows one of them knows the first. */
function vouching({ keys }: FoldedLedger): LogKey[] {
  const chain: LogKey[] = []
  for (let key = keys.at(-1); key; key = key.vouchedBy) chain.push(key)
  return chain
}
