import { linkSync, readFileSync, unlinkSync, writeFileSync } from 'node:fs'
import { hostname } from 'node:os'
import { join } from 'node:path'
import { ThroughlineError } from '../errors.ts'

/** A process that holds something of a store. */
export interface Holder {
  readonly pid: number
  readonly host: string
}

/**
 * Takes the writer's lock. It spares a second writer hours of work; what keeps two writers apart is the ledger's
 * exclusive create. A lock whose process is gone is taken over.
 *
 * @returns releases the lock
 * @throws STORE_BUSY
 */
export function acquireLock(root: string): () => void {
  const path = join(root, 'writer.lock')
  const mine: Holder = { pid: process.pid, host: hostname() }
  const temporary = join(root, `.lock-${process.pid}`)
  writeFileSync(temporary, JSON.stringify(mine))
  try {
    for (let attempt = 0; ; attempt++) {
      try {
        linkSync(temporary, path)
        return () => unlinkSync(path)
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error
        const holder = readHolder(path)
        if (attempt > 2 || (holder && isAlive(holder))) throw busy(root, holder)
        unlinkSync(path)
      }
    }
  } finally {
    unlinkSync(temporary)
  }
}

function readHolder(path: string): Holder | undefined {
  try {
    return JSON.parse(readFileSync(path, 'utf8')) as Holder
  } catch {
    return undefined
  }
}

/** Whether a process still runs. One of another host cannot be asked and counts as alive. */
export function isAlive(holder: Holder): boolean {
  if (holder.host !== hostname()) return true
  try {
    process.kill(holder.pid, 0)
    return true
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM'
  }
}

function busy(root: string, holder: Holder | undefined): ThroughlineError {
  const who = holder ? `process ${holder.pid} on ${holder.host}` : 'another process'
  return new ThroughlineError(
    'STORE_BUSY',
    `store ${root}: ${who} is writing to it; wait until it ends, or remove ${join(root, 'writer.lock')} if it is gone`,
    { root, ...holder },
  )
}
