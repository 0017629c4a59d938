// npm run evidence:mutations -- [--count 5000 --requests 1000 --seed 1 --program 200]
// Changes a bundle of at least so many requests at random, so often, and checks each: none may pass. Every so-manieth is
// also checked by the program in the bundle, which must answer the same. Appends to bench/results.md.
import { execFileSync, spawnSync } from 'node:child_process'
import { appendFileSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { parseArgs } from 'node:util'
import { heading } from '../bench/heading.mjs'
import { mutated, randomFrom } from './evidence/mutate.mjs'
import { installMissing, root, script } from './install.mjs'

const { values } = parseArgs({
  options: {
    count: { type: 'string', default: '5000' },
    requests: { type: 'string', default: '1000' },
    seed: { type: 'string', default: '1' },
    program: { type: 'string', default: '200' },
  },
})
const [count, requests, seed, program] = [values.count, values.requests, values.seed, values.program].map(
  Number,
)

installMissing()
script('build.mjs')
const { folderFiles, NODE_CRYPTO } = await import('../dist/evidence/folder-files.js')
const { verifyBundle } = await import('../dist/evidence/verify/verify.js')
const { exitCodeOf } = await import('../dist/evidence/verify/print.js')

const work = mkdtempSync(join(tmpdir(), 'throughline-mutations-'))
const run = (...args) =>
  execFileSync(process.execPath, [join(root, 'dist/cli/main.js'), ...args], {
    cwd: work,
    env: { ...process.env, HOME: work, XDG_CONFIG_HOME: join(work, 'config') },
    stdio: ['ignore', 'ignore', 'inherit'],
  })

try {
  run('simulate', 'traffic', '--seed', String(seed), '--hours', String((requests * 1.1) / 10_000), '--rate-per-second', '3', '--lost-app-share', '0.05', '--lost-gateway-share', '0.05')
  run('ingest', 'traffic/apigee', 'traffic/iis', '--store', 'store', '--quiet')
  run('evidence', 'create', '--store', 'store', '--from', '2026-03-02', '--to', '2026-03-03', '--purpose', 'mutations', '--requester', 'nobody', '--output', 'bundle')
  await tryAll(join(work, 'bundle'))
} finally {
  rmSync(work, { recursive: true, force: true })
} // biome-ignore format: one command a line

async function tryAll(folder) {
  const files = new Map(folderFiles(folder).names.map(name => [name, readFileSync(join(folder, name))]))
  const clean = await verify(files)
  const key = clean.fingerprint
  if (exitCodeOf(clean) !== 0)
    throw new Error(`the bundle itself does not pass: ${JSON.stringify(clean.parts)}`)
  const random = randomFrom(seed)
  const hits = new Map()
  const missed = []
  let programs = 0
  for (let n = 0; n < count; n++) {
    const mutation = mutated(files, random, n)
    hits.set(mutation.kind, (hits.get(mutation.kind) ?? 0) + 1)
    const verification = await verify(mutation.files, key)
    if (exitCodeOf(verification) === 0) missed.push(mutation.what)
    if (n % Math.max(1, Math.floor(count / program)) === 0) {
      programs++
      if (!agrees(mutation.files, key, verification))
        missed.push(`${mutation.what}: the program answers otherwise`)
    }
    if (n % 100 === 0) process.stderr.write(`\r${n} of ${count}, ${missed.length} missed`)
  }
  const kinds = [...hits].sort(([a], [b]) => (a < b ? -1 : 1)).map(([kind, hit]) => `${kind} ${hit}`)
  const lines = [
    heading(`npm run evidence:mutations -- --count ${count} --requests ${requests} --seed ${seed}`),
    '',
    `${clean.manifest.predicate.counts.requests} requests, ${files.size} files, each hit ${Math.floor(count / files.size)} times and more; ${programs} of the changes checked by verify.mjs as well.`,
    `Missed: ${missed.length === 0 ? 'none' : missed.join('; ')}. ${kinds.join(', ')}.`,
  ]
  console.log(`\n${lines.slice(2).join('\n')}`)
  appendFileSync(join(root, 'bench/results.md'), `\n${lines.join('\n')}\n`)
  if (missed.length > 0) process.exitCode = 1
}

function verify(files, key) {
  const read = async function* (name) {
    if (files.get(name).length > 0) yield files.get(name)
  }
  return verifyBundle({ names: [...files.keys()], read }, NODE_CRYPTO, { key })
}

function agrees(files, key, verification) {
  const folder = join(work, 'changed')
  rmSync(folder, { recursive: true, force: true })
  for (const [name, bytes] of files) {
    mkdirSync(dirname(join(folder, name)), { recursive: true })
    writeFileSync(join(folder, name), bytes)
  }
  const args = [join(work, 'bundle/verify.mjs'), folder, '--key', key, '--json']
  const { status, stdout } = spawnSync(process.execPath, args, { encoding: 'utf8', env: {} })
  const same = JSON.stringify(JSON.parse(stdout).parts) === JSON.stringify(verification.parts)
  return same && status === exitCodeOf(verification)
}
