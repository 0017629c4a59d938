import { readFileSync } from 'node:fs'
import { hostname } from 'node:os'

/** A process, so that a later one with its number is not taken for it. */
export interface Writer {
  readonly pid: number
  readonly host: string
  /** When it started, in ticks since the machine did, and that machine's start; absent where the system does not tell. */
  readonly started?: string
}

/** This process. */
export const SELF: Writer = describe()

function describe(): Writer {
  const started = statOf(process.pid)?.started
  return { pid: process.pid, host: hostname(), ...(started ? { started } : {}) }
}

/** A name for files of one process only. */
export function writerName({ pid, host, started = '' }: Writer = SELF): string {
  return `${pid}-${started}-${encodeURIComponent(host)}`
}

/** The process that a name was made for; undefined where it is no such name. */
export function parseWriterName(name: string): Writer | undefined {
  const [, pid, started, host] = /^(\d+)-([\w.]*)-(.+)$/.exec(name) ?? []
  if (!pid || host === undefined) return undefined
  return { pid: Number(pid), host: decodeURIComponent(host), ...(started ? { started } : {}) }
}

export function isSelf(writer: Writer): boolean {
  return writerName(writer) === writerName()
}

/** Whether a process lives, as far as this host can tell: one of another host counts as living. */
export function isAlive(writer: Writer): boolean {
  if (writer.host !== hostname()) return true
  try {
    process.kill(writer.pid, 0)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EPERM') return false
  }
  const now = statOf(writer.pid)
  if (now === undefined) return true
  // A zombie has ended; its parent only has not asked yet.
  return now.state !== 'Z' && (writer.started === undefined || writer.started === now.started)
}

/** Linux: proc_pid_stat(5), fields 3 and 22, the first behind the command in parentheses. */
function statOf(pid: number): { state: string; started: string } | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8')
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
    const boot = readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').slice(0, 8)
    return { state: fields[0] ?? '', started: `${boot}.${fields[19]}` }
  } catch {
    return undefined
  }
}
