import { spawnSync } from 'node:child_process'
import { hash } from 'node:crypto'
import { cpSync, readFileSync } from 'node:fs'
import { homedir } from 'node:os'
import { join, resolve } from 'node:path'
import { builtOnce } from './built-once.ts'

/** Programs of test/services/interop, in other languages and with others' libraries. */
const SOURCES = resolve('test/services/interop')
const SECURESYSTEMSLIB = '1.6.0'

export interface Said {
  readonly code: number | null
  readonly stdout: string
  readonly stderr: string
}

const cacheFolder = (): string => join(process.env.XDG_CACHE_HOME || join(homedir(), '.cache'), 'throughline')

/** The Go program, built once in the user's cache folder. */
export async function goProgram(): Promise<(args: readonly string[]) => Said> {
  const files = ['main.go', 'go.mod', 'go.sum'].map(name => readFileSync(join(SOURCES, name)))
  const program = join(
    cacheFolder(),
    `interop-${hash('sha256', Buffer.concat(files), 'hex').slice(0, 16)}`,
    'interop',
  )
  await builtOnce(program, async temporary => {
    cpSync(SOURCES, join(temporary, 'source'), { recursive: true })
    const env = {
      ...process.env,
      GOFLAGS: '-mod=readonly -buildvcs=false',
      GOWORK: 'off',
      GOTOOLCHAIN: 'local',
      CGO_ENABLED: '0',
    }
    succeed('go', ['build', '-o', join(temporary, 'interop'), '.'], { cwd: join(temporary, 'source'), env })
    return join(temporary, 'interop')
  })
  return args => run(program, args)
}

/** The Python program, with its library in the user's cache folder. */
export async function pythonProgram(): Promise<(args: readonly string[]) => Said> {
  const packages = join(cacheFolder(), `securesystemslib-${SECURESYSTEMSLIB}`)
  await builtOnce(packages, async temporary => {
    const target = join(temporary, 'packages')
    const wanted = `securesystemslib[crypto]==${SECURESYSTEMSLIB}`
    succeed('python3', ['-m', 'pip', 'install', '--quiet', '--target', target, wanted], {})
    return target
  })
  return args => run('python3', [join(SOURCES, 'dsse.py'), ...args], { ...process.env, PYTHONPATH: packages })
}

function run(program: string, args: readonly string[], env = process.env): Said {
  const { status, stdout, stderr } = spawnSync(program, args, { encoding: 'utf8', env })
  return { code: status, stdout, stderr }
}

function succeed(
  program: string,
  args: readonly string[],
  options: { cwd?: string; env?: NodeJS.ProcessEnv },
): void {
  const { status, stderr, error } = spawnSync(program, args, { encoding: 'utf8', ...options })
  if (status !== 0) throw new Error(`${program} ${args.join(' ')}: ${error?.message ?? stderr}`)
}
