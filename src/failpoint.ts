import { appendFileSync } from 'node:fs'
import { basename } from 'node:path'
import { ThroughlineError } from './errors.ts'

/**
 * Places at which a test makes a run end or fail: before and after each step that changes a store. Unless armed they
 * cost a comparison.
 */
type Pass = (name: string, half?: () => void) => void

let pass: Pass | undefined

/** Folders of a store by which points are named. */
const FOLDERS = new Set([
  'facts', 'index', 'links', 'rejects', 'subjects', 'holds', 'ledger', 'snapshots', 'tmp', 'readers', 'access', 'log',
  'reads',
]) // biome-ignore format: a list

const SYSTEM_ERRORS: Readonly<Record<string, string>> = {
  ENOSPC: 'no space left on device',
  EIO: 'i/o error',
  EACCES: 'permission denied',
}
const SPEC = /^([\w.*]+?)(?::([1-9]\d*))?(?::(kill|half|ENOSPC|EIO|EACCES))?$/

/**
 * Takes a step between two points: `place.step`, and `place.step.done` once it is over. The place is the folder of the
 * store that the path lies in.
 *
 * @param half does half of the step, for a run that is to end in the middle of it
 */
export function passing<T>(step: string, path: string, action: () => T, half?: () => void): T {
  if (!pass) return action()
  const name = `${placeOf(path)}.${step}`
  pass(name, half)
  const result = action()
  pass(`${name}.done`)
  return result
}

/** The same for a step that takes its time. `half` runs after it. */
export async function passingLater<T>(
  step: string,
  path: string,
  action: () => Promise<T>,
  half: () => void,
): Promise<T> {
  if (!pass) return action()
  const name = `${placeOf(path)}.${step}`
  pass(name)
  const result = await action()
  pass(`${name}.done`, half)
  return result
}

/**
 * Arms the points, or disarms them where neither is given.
 *
 * @param spec `name[:nth][:action]`: at its nth hit (1 unless said) the point kills the process (`kill`), does half of
 *   its step first (`half`), or throws the system error that is named. The name `*` counts the hits of all points.
 * @param log file that every hit is appended to, one name a line
 */
export function armFailpoints(spec: string | undefined, log: string | undefined): void {
  pass = undefined
  if (!spec && !log) return
  const strike = spec ? striking(spec) : undefined
  pass = (name, half) => {
    if (log) appendFileSync(log, `${name}\n`)
    strike?.(name, half)
  }
}

function striking(spec: string): Pass {
  const [, wanted, nth = '1', action = 'kill'] = SPEC.exec(spec) ?? []
  if (!wanted)
    throw new ThroughlineError(
      'USAGE',
      `THROUGHLINE_FAILPOINT ${spec}: expected name[:nth][:action] with action kill, half, ${Object.keys(SYSTEM_ERRORS).join(', ')}`,
    )
  let left = Number(nth)
  return (name, half) => {
    if ((wanted !== '*' && wanted !== name) || --left !== 0) return
    const text = SYSTEM_ERRORS[action]
    if (text) throw Object.assign(new Error(`${action}: ${text}, failpoint ${name}`), { code: action })
    if (action === 'half') half?.()
    process.kill(process.pid, 'SIGKILL')
  }
}

function placeOf(path: string): string {
  if (/^(?:writer\.lock|\.lock-)/.test(basename(path))) return 'lock'
  return path.split('/').findLast(part => FOLDERS.has(part)) ?? 'other'
}
