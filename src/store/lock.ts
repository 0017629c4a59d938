import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { ThroughlineError } from '../errors.ts'
import { linkTo, moveOver, removeFile, writeFile } from '../ledger/durable.ts'
import { isAlive, isSelf, SELF, type Writer, writerName } from '../ledger/writer.ts'

export interface Lock {
  /** Whether it was that of a process that is gone. */
  readonly isTakenOver: boolean
  /** Gives the lock back; one that is no longer this process's stays. */
  release(): void
}

/**
 * Takes the writer's lock. It spares a second writer hours of work; what keeps two writers apart is the ledger's
 * exclusive create. A lock whose process is gone is taken over.
 *
 * @param takesOver whether that of a process that seems to live is taken over, too
 * @throws STORE_BUSY
 */
export function acquireLock(root: string, takesOver = false): Lock {
  const path = lockPath(root)
  const temporary = join(root, `.lock-${writerName()}`)
  writeFile(temporary, Buffer.from(JSON.stringify(SELF)))
  try {
    for (let attempt = 0; ; attempt++) {
      if (linkTo(temporary, path)) return { isTakenOver: attempt > 0, release: () => release(path) }
      const holder = readHolder(path)
      if (attempt > 2 || (holder && !takesOver && isAlive(holder))) throw busy(root, holder)
      setAside(path, `${temporary}.stale`, holder, takesOver)
    }
  } finally {
    removeFile(temporary)
  }
}

/** The process whose lock lies in a store; undefined without one, or where it cannot be read. */
export function lockHolder(root: string): Writer | undefined {
  return readHolder(lockPath(root))
}

/** Whether a process that lives writes to a store. */
export function isWritten(root: string): boolean {
  const holder = lockHolder(root)
  return holder !== undefined && isAlive(holder)
}

const lockPath = (root: string): string => join(root, 'writer.lock')

/** Removes a stale lock, unless another process has put its own in its place meanwhile. */
function setAside(path: string, aside: string, stale: Writer | undefined, takesOver: boolean): void {
  try {
    moveOver(path, aside)
  } catch (error) {
    if ((error as ThroughlineError).details?.code === 'ENOENT') return
    throw error
  }
  const moved = readHolder(aside)
  if (moved && moved.pid !== stale?.pid && !takesOver && isAlive(moved)) linkTo(aside, path)
  removeFile(aside)
}

function release(path: string): void {
  const holder = readHolder(path)
  if (holder && isSelf(holder)) removeFile(path)
}

function readHolder(path: string): Writer | undefined {
  try {
    const holder = JSON.parse(readFileSync(path, 'utf8')) as Partial<Writer> | null
    return typeof holder?.pid === 'number' && typeof holder.host === 'string' ? (holder as Writer) : undefined
  } catch {
    return undefined
  }
}

function busy(root: string, holder: Writer | undefined): ThroughlineError {
  const who = holder ? `process ${holder.pid} on ${holder.host}` : 'another process'
  return new ThroughlineError(
    'STORE_BUSY',
    `store ${root}: ${who} is writing to it; wait until it ends, or remove ${lockPath(root)} if it is gone`,
    { root, ...holder },
  )
}
