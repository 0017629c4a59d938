import { createHash } from 'node:crypto'
import { createReadStream } from 'node:fs'
import { relative } from 'node:path'
import { pipeline } from 'node:stream/promises'
import { ThroughlineError } from '../errors.ts'
import { Ledger } from '../ledger/chain.ts'
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
    if (!(error instanceof ThroughlineError)) return undefined
    const path = String(error.details?.path)
    return isReplaced(store.roots, path) ? changed(path, cause) : error
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

/** Whether an entry that came after this reader has started took the file out of the store. */
function isReplaced(roots: readonly string[], path: string): boolean {
  return roots.some(root => Ledger.open(root).state.replaced.has(relative(root, path)))
}

function changed(path: string, cause: unknown): ThroughlineError {
  return new ThroughlineError(
    'STORE_CHANGED',
    `store file ${path}: it was replaced and deleted while this command was reading; run the command again`,
    { path },
    cause,
  )
}
