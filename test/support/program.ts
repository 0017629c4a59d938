import { type ChildProcess, spawn } from 'node:child_process'
import { dirname, join, resolve } from 'node:path'
import { pathToFileURL } from 'node:url'

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

/**
 * Runs a command in this process, which spares its start: for commands that end by themselves and tests that need no
 * process of their own. One at a time.
 */
export async function inProcess(args: readonly string[], { cwd, env }: Pick<ProgramOptions, 'cwd' | 'env'>): Promise<Ended> {
  const { createContext, createProgram, report } = await built()
  const { stdout, stderr } = process
  const before = { folder: process.cwd(), env: { ...process.env }, code: process.exitCode }
  const said = { stdout: '', stderr: '' }
  const writes = [stdout.write, stderr.write] as const
  const taking = (name: 'stdout' | 'stderr') => ((text: string | Uint8Array) => {
    said[name] += typeof text === 'string' ? text : Buffer.from(text).toString('utf8')
    return true
  }) as typeof stdout.write
  process.chdir(cwd)
  Object.assign(process.env, surroundingsOf(cwd), env)
  process.exitCode = 0
  Object.assign(stdout, { write: taking('stdout') })
  Object.assign(stderr, { write: taking('stderr') })
  try {
    const context = createContext()
    const program = await createProgram(context, args[0])
    await program.parseAsync(['node', 'throughline', ...(args.length > 0 ? args : ['help'])])
  } catch (error) {
    process.exitCode = report(error)
  } finally {
    Object.assign(stdout, { write: writes[0] })
    Object.assign(stderr, { write: writes[1] })
    process.chdir(before.folder)
    for (const name of Object.keys(process.env)) if (!(name in before.env)) delete process.env[name]
    Object.assign(process.env, before.env)
  }
  const code = Number(process.exitCode ?? 0)
  process.exitCode = before.code
  return { code, ...said }
} // biome-ignore format: one step a line

type Built = Pick<typeof import('../../src/cli/context.ts'), 'createContext'> &
  Pick<typeof import('../../src/cli/program.ts'), 'createProgram'> &
  Pick<typeof import('../../src/cli/report.ts'), 'report'>

/** The modules that were built, as they are. */
async function built(): Promise<Built> {
  const parts = await Promise.all(
    ['context.js', 'program.js', 'report.js'].map(name => import(/* @vite-ignore */ pathToFileURL(join(dirname(MAIN), name)).href)),
  )
  return Object.assign({}, ...parts)
} // biome-ignore format: one line

/** Runs a shell command in which `throughline` is the program. */
export async function shell(command: string, options: ProgramOptions): Promise<Ended> {
  const script = `set -o pipefail; throughline() { '${process.execPath}' '${MAIN}' "$@"; }; ${command}`
  return ended(start('bash', ['-c', script], options), options)
}

function start(program: string, args: readonly string[], { cwd, env }: ProgramOptions): ChildProcess {
  const surroundings = { PATH: process.env.PATH, ...surroundingsOf(cwd), ...env }
  return spawn(program, args, { cwd, env: surroundings, stdio: 'pipe' })
}

function surroundingsOf(cwd: string): Readonly<Record<string, string>> {
  return { HOME: cwd, XDG_CONFIG_HOME: join(cwd, 'config'), TMPDIR: cwd }
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
