import { execFileSync, spawnSync } from 'node:child_process'
import {
  chmodSync,
  chownSync,
  cpSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'

/** A line of a Containerfile that copies: what, from which stage, to where. */
interface Copy {
  readonly stage: string | undefined
  readonly from: readonly string[]
  readonly to: string
}

/** Nobody's, as that of the image; only root may become it. */
const USER = 10001

let work: string

beforeAll(() => {
  work = mkdtempSync(join(tmpdir(), 'throughline-image-'))
  chmodSync(work, 0o755)
  const [first = '', second = ''] = readFileSync('Containerfile', 'utf8')
    .split(/^FROM /m)
    .slice(1)
  const build = join(work, 'build')
  mkdirSync(build)
  for (const copy of copiesOf(first)) take(copy, process.cwd(), build)
  // What `npm ci` and `npm prune --omit=dev` do: all packages, then those that are not for development.
  symlinkSync(join(process.cwd(), 'node_modules'), join(build, 'node_modules'))
  execFileSync(process.execPath, ['scripts/build.mjs'], { cwd: build })
  rmSync(join(build, 'node_modules'))
  takePackages(build)
  const image = join(work, 'image')
  mkdirSync(image)
  for (const copy of copiesOf(second)) take(copy, copy.stage ? build : process.cwd(), image)
  execFileSync('chmod', ['-R', 'a+rX,a-w', image])
})
afterAll(() => {
  execFileSync('chmod', ['-R', 'u+w', work])
  rmSync(work, { recursive: true, force: true })
})

function copiesOf(stage: string): Copy[] {
  return [...stage.matchAll(/^COPY (?:--from=(\S+) )?(.+) (\S+)$/gm)].map(
    ([, from, paths = '', to = '']) => ({
      stage: from,
      from: paths.split(' '),
      to,
    }),
  )
}

function take({ from, to }: Copy, context: string, image: string): void {
  for (const path of from) {
    // Of a stage, paths begin at its root.
    const relative = path.replace(/^\/build\//, '')
    const target = to.endsWith('/') ? join(image, to, relative) : join(image, to)
    cpSync(join(context, relative), target, { recursive: true })
  }
}

function takePackages(build: string): void {
  const { packages } = JSON.parse(readFileSync('package-lock.json', 'utf8')) as {
    packages: Record<string, { dev?: boolean; devOptional?: boolean }>
  }
  for (const [path, { dev, devOptional }] of Object.entries(packages)) {
    if (path === '' || dev || devOptional) continue
    mkdirSync(dirname(join(build, path)), { recursive: true })
    // Packages of other platforms are not there.
    spawnSync('cp', ['-r', path, dirname(join(build, path))])
  }
}

/** Runs the program as the image would: another user, nothing to write to but its volume and its folder for temporary files. */
function throughline(...args: string[]) {
  const volume = join(work, 'volume')
  const tmp = join(work, 'tmp')
  const isRoot = process.getuid?.() === 0
  for (const folder of [volume, tmp]) {
    mkdirSync(folder, { recursive: true })
    if (isRoot) chownSync(folder, USER, USER)
  }
  const ran = spawnSync(process.execPath, [join(work, 'image/dist/cli/main.js'), ...args], {
    cwd: join(work, 'image'),
    env: { TMPDIR: tmp, HOME: volume, XDG_CONFIG_HOME: join(volume, 'keys'), NODE_ENV: 'production' },
    encoding: 'utf8',
    ...(isRoot ? { uid: USER, gid: USER } : {}),
  })
  return { code: ran.status, stdout: ran.stdout, stderr: ran.stderr }
}

test('the files of the image are enough, and it writes to its volume only', () => {
  const volume = (path: string) => join(work, 'volume', path)
  expect(throughline('version')).toMatchObject({ code: 0, stderr: '' })
  expect(throughline('--quiet', 'simulate', volume('logs'), '--hours', '0.1')).toMatchObject({ code: 0 })
  const ingested = throughline('--quiet', 'ingest', volume('logs/iis'), volume('logs/apigee'), '--store', volume('store')) // biome-ignore format: one call
  expect(ingested).toMatchObject({ code: 0, stderr: '' })
  const asked = throughline('query', '', '--hash', '--store', volume('store'))
  expect(asked).toMatchObject({ code: 0, stdout: expect.stringMatching(/^\d+ [0-9a-f]{64}\n$/) })
  // What speaks to others is there, too: it fails for want of them, not of a package.
  for (const command of [['kafka', 'status', '--brokers', '127.0.0.1:1'], ['elastic', 'status', '--url', 'http://127.0.0.1:1', '--store', volume('store')]]) // biome-ignore format: two
    expect(throughline(...command)).toMatchObject({ code: 3, stderr: expect.stringContaining('127.0.0.1:1') })
})
