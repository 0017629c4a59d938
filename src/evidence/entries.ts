import { readFileSync } from 'node:fs'
import { sha256 } from '../ledger/ed25519.ts'
import { entryPath } from '../ledger/entry-file.ts'
import { leafHash, TreeHasher } from '../ledger/merkle.ts'
import type { BundleFolder } from './bundle-folder.ts'
import { ENTRIES_FILE } from './verify/ledger.ts'

/**
 * Copies the entries of a ledger into a bundle, bytes as they are.
 *
 * @param head number of the last entry
 * @returns the tree over them
 */
export function copyEntries(ledger: string, head: number, folder: BundleFolder): { size: number; root: Uint8Array } {
  const file = folder.open(ENTRIES_FILE)
  const tree = new TreeHasher(sha256)
  for (let seq = 0; seq <= head; seq++) {
    const bytes = readFileSync(entryPath(ledger, seq))
    tree.add(leafHash(sha256, sha256(bytes)))
    file.write(bytes)
  }
  file.close()
  return { size: tree.size, root: tree.root() }
} // biome-ignore format: one line each
