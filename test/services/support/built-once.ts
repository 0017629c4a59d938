import {
  existsSync,
  mkdirSync,
  readdirSync,
  renameSync,
  rmSync,
  statSync,
  utimesSync,
  writeFileSync,
} from 'node:fs'
import { basename, dirname, join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { guardedFolder, removeFolder } from './guard.ts'

export interface Pace {
  /** How often a builder says that it is alive. */
  readonly beatMs: number
  /** Silence after which a builder is taken for dead. */
  readonly deadMs: number
}

const PACE: Pace = { beatMs: 2_000, deadMs: 30_000 }

/**
 * Makes a file or folder once, whoever else wants it at the same moment: one process builds, the others wait. It is
 * built in a temporary folder beside it and renamed into place, so what exists is whole. A builder that was killed is
 * recognised by its silence. (Should two believe that they are alone, both build and one result stays: no harm.)
 *
 * @param build gets the temporary folder, and returns the path below it that is to become `target`
 */
export async function builtOnce(
  target: string,
  build: (temporary: string) => Promise<string>,
  pace: Pace = PACE,
): Promise<void> {
  mkdirSync(dirname(target), { recursive: true })
  while (!existsSync(target)) {
    if (takeLock(target, pace)) await buildLocked(target, build, pace)
    else await sleep(Math.min(pace.beatMs, 250))
  }
}

async function buildLocked(
  target: string,
  build: (temporary: string) => Promise<string>,
  { beatMs }: Pace,
): Promise<void> {
  const beat = setInterval(() => {
    const now = new Date()
    utimesSync(lockOf(target), now, now)
  }, beatMs)
  try {
    // Another builder may have finished between the look and the lock.
    if (existsSync(target)) return
    removeLeftovers(target)
    const temporary = guardedFolder(`${target}.tmp-`)
    try {
      renameSync(await build(temporary), target)
    } finally {
      removeFolder(temporary)
    }
  } finally {
    clearInterval(beat)
    rmSync(lockOf(target), { force: true })
  }
}

function lockOf(target: string): string {
  return `${target}.lock`
}

function takeLock(target: string, { deadMs }: Pace): boolean {
  const lock = lockOf(target)
  try {
    writeFileSync(lock, `${process.pid}\n`, { flag: 'wx' })
    return true
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'EEXIST')) throw error
  }
  const lastBeatMs = statSync(lock, { throwIfNoEntry: false })?.mtimeMs
  if (lastBeatMs !== undefined && Date.now() - lastBeatMs > deadMs) rmSync(lock, { force: true })
  return false
}

/** What builders that were killed left behind. */
function removeLeftovers(target: string): void {
  const folder = dirname(target)
  for (const name of readdirSync(folder)) {
    if (!name.startsWith(`${basename(target)}.tmp-`)) continue
    rmSync(join(folder, name), { recursive: true, force: true })
  }
}
