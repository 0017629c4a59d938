import { createHash } from 'node:crypto'
import { createReadStream } from 'node:fs'
import { pipeline } from 'node:stream/promises'
import { ThroughlineError } from '../errors.ts'
import { damagedFile, filesInForce, wholeFiles } from './records.ts'
import type { Store } from './store.ts'

/**
 * The failure that stands behind another one where a file that the ledger names is missing or altered; undefined where
 * there is none. Reads every file of the store, so it is asked after something went wrong.
 */
export async function findDamage(store: Store, cause: unknown): Promise<ThroughlineError | undefined> {
  const files = filesInForce(store.state)
  try {
    wholeFiles(store.root, files)
  } catch (error) {
    return error instanceof ThroughlineError ? error : undefined
  }
  for (const { path, sha256 } of files) {
    const file = store.file(path)
    const found = await fileDigest(file).catch(() => 'it cannot be read')
    if (found !== sha256)
      return damagedFile(file, `its SHA-256 is ${found}, the ledger says ${sha256}`, cause)
  }
  return undefined
}

/** SHA-256 of a file's bytes. */
export async function fileDigest(path: string): Promise<string> {
  const digest = createHash('sha256')
  await pipeline(createReadStream(path, { highWaterMark: 1024 * 1024 }), digest)
  return digest.digest('hex')
}
