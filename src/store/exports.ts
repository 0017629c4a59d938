import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { ThroughlineError } from '../errors.ts'
import { replace, writeDurably } from '../ledger/durable.ts'
import { acquireLock, type Lock } from './lock.ts'

/** Folder of a store for what was given to other systems: below it one a receiver. */
const EXPORTS = 'exports'

const CHECKPOINT = 'checkpoint.json'

/** Where it is kept what one receiver was given. */
export function exportFolder(root: string, name: string): string {
  return join(root, EXPORTS, name)
}

/** Folder of all receivers. */
export function exportsFolder(root: string): string {
  return join(root, EXPORTS)
}

/**
 * Keeps other processes from giving to the same receiver.
 *
 * @throws EXPORT_BUSY
 */
export function lockExport(folder: string, name: string): Lock {
  try {
    return acquireLock(folder)
  } catch (error) {
    if (!(error instanceof ThroughlineError) || error.code !== 'STORE_BUSY') throw error
    throw new ThroughlineError(
      'EXPORT_BUSY',
      `export to ${name}: another process is sending to this receiver (${JSON.stringify(error.details)}); stop it first, or name another receiver with --name`,
      { name },
      error,
    )
  }
}

export function hasCheckpoint(folder: string): boolean {
  return existsSync(join(folder, CHECKPOINT))
}

/**
 * How far a receiver has taken what it was given.
 *
 * @param fresh of one that has nothing yet
 * @throws EXPORT_STATE
 */
export function readCheckpoint<T>(folder: string, schema: { parse(value: unknown): T }, fresh: T): T {
  const path = join(folder, CHECKPOINT)
  if (!existsSync(path)) return fresh
  try {
    return schema.parse(JSON.parse(readFileSync(path, 'utf8')))
  } catch (cause) {
    throw new ThroughlineError(
      'EXPORT_STATE',
      `export state ${path}: cannot be read: ${(cause as Error).message.slice(0, 200)}; restore the file, or remove it to send everything again under the same ids`,
      { path },
      cause,
    )
  }
}

/** Puts a checkpoint in the place of the one before, durably. */
export function writeCheckpoint(folder: string, checkpoint: object): void {
  const path = join(folder, CHECKPOINT)
  writeDurably(`${path}.part`, `${JSON.stringify(checkpoint)}\n`)
  replace(`${path}.part`, path)
}
