import { type ChildProcess, spawn } from 'node:child_process'
import { join, resolve } from 'node:path'

/** The built program; `npm test` builds it first. THROUGHLINE_DIST names another build. */
const MAIN = resolve(process.env.THROUGHLINE_DIST ?? 'dist', 'cli/main.js')

export interface Ended {
  readonly code: number | null
  readonly stdout: string
  readonly stderr: string
}

export interface ProgramOptions {
  /** Working directory; configuration and keys are kept below it. */
  readonly cwd: string
  readonly env?: Readonly<Record<string, string>>
  /** Standard input; `open` leaves it open and empty. */
  readonly input?: '' | 'open'
  /** Called with the running process. */
  readonly during?: (child: ChildProcess) => void
}

/** Runs the program to its end, in an environment of its own. */
export async function throughline(args: readonly string[], options: ProgramOptions): Promise<Ended> {
  return ended(start(process.execPath, [MAIN, ...args], options), options)
}

/** Runs a shell command in which `throughline` is the program. */
export async function shell(command: string, options: ProgramOptions): Promise<Ended> {
  const script = `set -o pipefail; throughline() { '${process.execPath}' '${MAIN}' "$@"; }; ${command}`
  return ended(start('bash', ['-c', script], options), options)
}

function start(program: string, args: readonly string[], { cwd, env }: ProgramOptions): ChildProcess {
  const surroundings = {
    PATH: process.env.PATH,
    HOME: cwd,
    XDG_CONFIG_HOME: join(cwd, 'config'),
    TMPDIR: cwd,
    ...env,
  }
  return spawn(program, args, { cwd, env: surroundings, stdio: 'pipe' })
}

function ended(child: ChildProcess, { input = '', during }: ProgramOptions): Promise<Ended> {
  return new Promise((resolve, reject) => {
    let stdout = ''
    let stderr = ''
    child.stdout?.setEncoding('utf8').on('data', (text: string) => {
      stdout += text
    })
    child.stderr?.setEncoding('utf8').on('data', (text: string) => {
      stderr += text
    })
    child.on('error', reject)
    child.on('close', code => resolve({ code, stdout, stderr }))
    if (input !== 'open') child.stdin?.end()
    during?.(child)
  })
}
