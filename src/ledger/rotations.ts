import { fromBase64 } from './bytes.ts'
import { verifyEd25519 } from './ed25519.ts'
import { noteKeyOf } from './log.ts'
import { rotationText } from './public-key.ts'
import type { LedgerState } from './state.ts'

/** What is wrong with the line of a store's keys, one text for each key that the one before has not signed for. */
export function wrongRotations({ storeId, keys }: Pick<LedgerState, 'storeId' | 'keys'>): string[] {
  return keys.flatMap((key, at) => {
    const before = keys[at - 1]
    if (!before) return []
    const named = `key ${key.fingerprint} (entry ${key.seq})`
    if (key.signature === undefined) return [`${named}: the key before it was lost and has not signed for it`]
    const text = rotationText(storeId, before.fingerprint, key.fingerprint)
    const signature = fromBase64(key.signature) ?? new Uint8Array()
    const isRight = verifyEd25519(noteKeyOf(storeId, before).publicKey, text, signature)
    return isRight && key.replaces === before.fingerprint
      ? []
      : [`${named}: the signature by the key before it is wrong`]
  })
}
