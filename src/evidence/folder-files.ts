import { createHash, hash } from 'node:crypto'
import { createReadStream, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { sha256, verifyEd25519 } from '../ledger/ed25519.ts'
import { HASH_BYTES } from '../ledger/merkle.ts'
import type { BundleFiles, Crypto } from './verify/world.ts'

/** Node's own hash and signatures. */
export const NODE_CRYPTO: Crypto = {
  sha256,
  hashInto: (data, into, at) => {
    // As a text of one byte a character it costs half of what a buffer for each hash does.
    const text = hash('sha256', data, 'binary')
    for (let byte = 0; byte < HASH_BYTES; byte++) into[at + byte] = text.charCodeAt(byte)
  },
  hasher: () => {
    const hash = createHash('sha256')
    return { update: bytes => void hash.update(bytes), digest: () => hash.digest() }
  },
  verify: verifyEd25519,
}

/** Bytes that are read at once. */
const PIECE_BYTES = 1 << 20

/**
 * The files of a folder.
 *
 * @throws where the folder cannot be read
 */
export function folderFiles(folder: string): BundleFiles {
  return {
    names: namesIn(folder, ''),
    read: name => createReadStream(join(folder, name), { highWaterMark: PIECE_BYTES }),
  }
}

/** Names below a folder; a link or a device is named like a file, and is none that a bundle has. */
function namesIn(folder: string, prefix: string): string[] {
  return readdirSync(join(folder, prefix), { withFileTypes: true }).flatMap(entry => {
    const name = `${prefix}${entry.name}`
    if (!entry.isDirectory()) return entry.isFile() ? [name] : [`${name} (not a plain file)`]
    const inside = namesIn(folder, `${name}/`)
    return inside.length > 0 ? inside : [`${name}/`]
  })
}
