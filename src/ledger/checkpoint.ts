import { fromBase64, toBase64 } from './bytes.ts'
import type { TreeHead } from './consistency.ts'
import { HASH_BYTES } from './merkle.ts'

/**
 * What a log says of itself at one size (C2SP tlog-checkpoint, https://c2sp.org/tlog-checkpoint): the text of a signed
 * note.
 */
export interface Checkpoint extends TreeHead {
  /** Name of the log, `throughline/` and the id of the store. */
  readonly origin: string
}

/** The origin of a store's log, which is the name of its key as well. */
export function originOf(storeId: string): string {
  return `throughline/${storeId}`
}

/** Three lines: origin, size, root in base64. */
export function formatCheckpoint({ origin, size, root }: Checkpoint): string {
  return `${origin}\n${size}\n${toBase64(root)}\n`
}

/** Undefined where a text is no checkpoint, or has lines beyond the three that are all ours have. */
export function parseCheckpoint(text: string): Checkpoint | undefined {
  const [, origin = '', digits = '', encoded = ''] = /^([^\n]+)\n(0|[1-9]\d*)\n([^\n]+)\n$/.exec(text) ?? []
  const [size, root] = [Number(digits), fromBase64(encoded)]
  if (!origin || !Number.isSafeInteger(size) || root?.length !== HASH_BYTES) return undefined
  return { origin, size, root }
}
