import { type ChildProcess, spawn } from 'node:child_process'
import { closeSync, mkdtempSync, openSync, rmSync } from 'node:fs'
import { Socket } from 'node:net'
import { fileURLToPath } from 'node:url'

/** A program that was started; it is the leader of a process group of its own. */
export interface Guarded {
  readonly pid: number
  isRunning(): boolean
  /** The exit code, or the name of the signal that ended it; the same answer every time. */
  readonly ended: Promise<number | NodeJS.Signals>
  /** Sends a signal to the whole group; nothing happens once it has ended. */
  signal(name: NodeJS.Signals): void
}

export interface GuardedOptions {
  readonly cwd: string
  readonly env?: NodeJS.ProcessEnv
  /** File that standard output and error are appended to. */
  readonly log: string
  /** User and group to run as; only root may choose. */
  readonly as?: { readonly uid: number; readonly gid: number } | undefined
}

/**
 * Starts a program that does not outlive this process, however this process ends: SIGKILL and a runner that was
 * interrupted included.
 */
export async function spawnGuarded(
  program: string,
  args: readonly string[],
  { cwd, env = process.env, log, as }: GuardedOptions,
): Promise<Guarded> {
  const out = openSync(log, 'a')
  const child = spawn(program, args, { cwd, env, detached: true, stdio: ['ignore', out, out], ...as })
  closeSync(out)
  const pid = await new Promise<number>((resolve, reject) => {
    child.on('error', reject)
    child.on('spawn', () => resolve(child.pid ?? 0))
  })
  tell('group', String(pid))
  const isRunning = () => child.exitCode === null && child.signalCode === null
  const ended = new Promise<number | NodeJS.Signals>(resolve => {
    child.on('exit', (code, signal) => {
      tell('ended', String(pid))
      resolve(signal ?? code ?? 0)
    })
  })
  const signal = (name: NodeJS.Signals) => {
    if (isRunning()) process.kill(-pid, name)
  }
  return { pid, isRunning, ended, signal }
}

/** An empty folder that is removed when this process has ended. */
export function guardedFolder(prefix: string): string {
  const folder = mkdtempSync(prefix)
  tell('folder', folder)
  return folder
}

/** Removes a guarded folder before the end. */
export function removeFolder(folder: string): void {
  rmSync(folder, { recursive: true, force: true })
  tell('removed', folder)
}

let guard: ChildProcess | undefined

function tell(verb: 'group' | 'ended' | 'folder' | 'removed', what: string): void {
  guard ??= startGuard()
  guard.stdin?.write(`${verb} ${what}\n`)
}

/** In a session of its own, so that what is typed at the terminal does not reach it. */
function startGuard(): ChildProcess {
  const program = fileURLToPath(new URL('guard.mjs', import.meta.url))
  const child = spawn(process.execPath, [program], { detached: true, stdio: ['pipe', 'ignore', 'ignore'] })
  child.unref()
  if (child.stdin instanceof Socket) child.stdin.unref()
  // A test runner that is ended alone leaves its workers behind.
  process.once('disconnect', () => process.exit(1))
  return child
}
