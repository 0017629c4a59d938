// npm run evidence:mutations -- [--count 5000 --stores 1000 --forged 30 --requests 1000 --seed 1 --every 25]
// Changes bundles of at least so many requests, and stores, at random, so often, and checks each: none may pass. Every so-manieth
// bundle is also checked by verify.mjs and by verify.html in a browser without a network, which must answer the same; every
// so-manieth store by the program. Rows are taken out of stores with everything in them made right again. Appends to
// bench/results.md.
import { spawnSync } from 'node:child_process'
import { appendFileSync, cpSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { heading } from '../bench/heading.mjs'
import { dropRow, LEVELS } from './evidence/forge-store.mjs'
import { mutated, randomFrom } from './evidence/mutate.mjs'
import { HARMLESS, mutateStore, SUPERSEDED, storeFiles } from './evidence/mutate-store.mjs'
import { inBrowser, inProcess, inProgram, isSameAnswer } from './evidence/verifiers.mjs'
import { makeWorlds } from './evidence/worlds.mjs'
import { installMissing, root, script } from './install.mjs'

const { values } = parseArgs({
  options: {
    count: { type: 'string', default: '5000' },
    stores: { type: 'string', default: '1000' },
    forged: { type: 'string', default: '30' },
    requests: { type: 'string', default: '1000' },
    seed: { type: 'string', default: '1' },
    every: { type: 'string', default: '25' },
  },
})
const { count, stores, forged, requests, seed, every } = Object.fromEntries(
  Object.entries(values).map(([name, value]) => [name, Number(value)]),
)

installMissing()
script('build.mjs')
const load = async (...names) =>
  Object.assign({}, ...(await Promise.all(names.map(name => import(`../dist/${name}.js`)))))
const code = await load(
  'evidence/folder-files', 'evidence/verify/verify', 'evidence/verify/print', 'store/check', 'store/store', 'store/keys', 'store/leaves',
  'cli/ledger-keys', 'ledger/public-key', 'ledger/ed25519', 'ledger/state', 'ledger/entry-file', 'ledger/log',
) // biome-ignore format: a list

const main = join(root, 'dist/cli/main.js')
const work = mkdtempSync(join(tmpdir(), 'throughline-mutations-'))
const missed = []
const lines = [heading(`npm run evidence:mutations -- ${Object.entries(values).map(([name, value]) => `--${name} ${value}`).join(' ')}`), ''] // biome-ignore format: one line

try {
  const world = makeWorlds(work, main, { requests, seed })
  await tryBundles(world.bundles)
  if (stores > 0) for (const name of Object.keys(world.stores)) await tryStore(name, world)
  if (forged > 0) await tryForged(world)
  lines.push('', `Missed: ${missed.length === 0 ? 'none' : missed.join('; ')}.`)
  console.log(`\n${lines.slice(2).join('\n')}`)
  appendFileSync(join(root, 'bench/results.md'), `\n${lines.join('\n')}\n`)
  if (missed.length > 0) process.exitCode = 1
} finally {
  rmSync(work, { recursive: true, force: true })
}

function miss(what) {
  missed.push(what)
  process.stderr.write(`\nmissed: ${what}\n`)
}

/** How often each kind of thing was done. */
function tally(counts) {
  return [...counts].sort(([a], [b]) => (a < b ? -1 : 1)).map(([kind, hit]) => `${kind} ${hit}`).join(', ') // biome-ignore format: one line
}

function add(counts, key) {
  counts.set(key, (counts.get(key) ?? 0) + 1)
}

function say(what, n, of) {
  if (n % 100 === 0) process.stderr.write(`\r${what}: ${n} of ${of}, ${missed.length} missed   `)
}

async function tryBundles(folders) {
  const bundles = new Map(
    Object.entries(folders).map(([name, folder]) => [
      name,
      new Map(code.folderFiles(folder).names.map(file => [file, readFileSync(join(folder, file))])),
    ]),
  )
  const check = inProcess(code)
  const program = inProgram(join(folders.whole, 'verify.mjs'), join(work, 'changed'))
  const browser = await inBrowser(join(folders.whole, 'verify.html'), bundles)
  const three = async (name, files, key) => [
    await check(files, key),
    program(files, key),
    await browser.check(name, files, key),
  ]
  try {
    const { fingerprint: key } = await check(bundles.get('whole'))
    const held = []
    for (const [name, files] of bundles) {
      const clean = await three(name, files, key)
      if (clean.some(answer => answer.exitCode !== 0 || !isSameAnswer(answer, clean[0])))
        throw new Error(`the bundle ${name} itself does not pass: ${JSON.stringify(clean, null, 1)}`)
      held.push(`${name} (${heldBy(files)})`)
    }
    const [random, kinds] = [randomFrom(seed), new Map()]
    let threes = 0
    for (let n = 0; n < count; n++) {
      const [name, files] = [...bundles][n % bundles.size]
      const mutation = mutated(files, random, Math.floor(n / bundles.size))
      add(kinds, mutation.kind)
      const what = `${name}: ${mutation.what}`
      const isThree = n % every === 0
      const [own, ...others] = isThree
        ? await three(name, mutation.files, key)
        : [await check(mutation.files, key)]
      if (own.exitCode === 0) miss(what)
      if (isThree) threes++
      if (others.some(answer => !isSameAnswer(answer, own)))
        miss(`${what}: verify.mjs or verify.html answers otherwise`)
      say('bundles', n, count)
    }
    lines.push(`Bundles: ${held.join(', ')}.`, `${count} changes, each of the ${bundles.get('whole').size} files of each bundle hit ${Math.floor(count / bundles.size / bundles.get('whole').size)} times and more: ${tally(kinds)}.`, `${threes} of them checked by verify.mjs and by verify.html in Chromium as well: ${missed.some(m => m.includes('otherwise')) ? 'not all alike' : 'all three alike'}.`) // biome-ignore format: one line a sentence
  } finally {
    await browser.close()
  }
}

/** What a bundle has in it. */
function heldBy(files) {
  const rows = name => String(files.get(name)).split('\n').length - 1
  return `${rows('population.ndjson')} requests, ${rows('facts.ndjson')} log lines, ${rows('findings.ndjson')} findings, ${rows('aliases.ndjson')} aliases`
}

async function tryStore(name, { stores: folders, keys }) {
  const store = folders[name]
  const kinds = storeFiles(store)
  const own = Math.floor(stores / Object.keys(folders).length)
  const random = randomFrom(seed + 1)
  const [hits, of] = [new Map(), new Map()]
  let [programs, harmless] = [0, 0]
  await code.withEngine({ path: store, memoryMiB: 512 }, async db => {
    // Roots are made again of some only: what changes bytes alone has another digest.
    const problems = n => problemsOf(store, db, n % every === 0 ? keys : undefined)
    const clean = await problems(0)
    if (clean.length > 0) throw new Error(`the store ${name} itself is not whole: ${JSON.stringify(clean)}`)
    for (let n = 0; n < own; n++) {
      const change = mutateStore(store, kinds, random, n)
      add(hits, change.kind)
      add(of, change.of)
      const what = `store ${name}: ${change.what}`
      const isNoticed = (await problems(n)).length > 0
      if (!isNoticed && change.isHarmless) harmless++
      else if (!isNoticed) miss(what)
      if (n % (2 * every) === 0 && isNoticed) {
        programs++
        if (program('store', 'check', '--store', store) === 0) miss(`${what}: by the program`)
      }
      change.undo()
      say(`store ${name}`, n, own)
    }
    if ((await problems(0)).length > 0) throw new Error(`the store ${name} was not put back`)
  })
  lines.push(
    `Store ${name}: ${own} changes (${tally(hits)}) of ${tally(of)}; ${programs} of them checked by the program as well.${harmless > 0 ? ` Not noticed, and harmless: ${harmless} (${SUPERSEDED}).` : ''}`,
  )
}

function program(...args) {
  const env = { ...process.env, HOME: work, XDG_CONFIG_HOME: join(work, 'config') }
  return spawnSync(process.execPath, [main, ...args], { cwd: work, env, encoding: 'utf8' }).status
}

/** What store check finds; a check that ends with an error has noticed something. */
async function problemsOf(store, db, keys) {
  try {
    return (await code.checkStore(store, db, keys === undefined ? {} : { rootKeys: code.rootKeysOf(keys) }))
      .problems
  } catch (error) {
    return [{ severity: 'damaged', found: error.message }]
  }
}

/** Rows taken out, and everything made right again. What has the owner's secret and no anchor, only an anchor shows. */
async function tryForged({ stores: { whole: store }, keys, run }) {
  const random = randomFrom(seed + 2)
  const pick = below => Math.floor(random() * below)
  const copy = join(work, 'forged')
  const fingerprint = /[0-9a-f]{64}/.exec(run('ledger', 'key', '--store', store))[0]
  const noticed = new Map(Object.keys(LEVELS).map(level => [level, 0]))
  const checkpoint = join(store, 'ledger/log/checkpoint')
  for (let n = 0; n < forged; n++) {
    const level = Object.keys(LEVELS)[n % 3]
    rmSync(copy, { recursive: true, force: true })
    cpSync(store, copy, { recursive: true })
    await code.withEngine({ path: copy, memoryMiB: 512 }, async db => {
      const state = stateOf(copy)
      const path = await dropRow(copy, db, { level, pick, code, saltsOf: id => code.saltsOf(state, keys, id) })
      const problems = await problemsOf(copy, db, keys)
      const isNoticed = level === 'sealed'
        ? program('ledger', 'verify', '--store', copy, '--key', fingerprint) === 1 &&
          program('ledger', 'verify', '--store', copy, '--known-checkpoint', checkpoint) === 1
        : problems.some(p => p.severity === 'damaged')
      if (isNoticed) noticed.set(level, noticed.get(level) + 1)
      else miss(`a row of ${path} dropped, ${LEVELS[level]}`)
    }) // biome-ignore format: one condition
    say('forged', n, forged)
  }
  const words = [...noticed].map(([level, n]) => `${LEVELS[level]}: ${n} noticed by ${level === 'sealed' ? 'ledger verify with a known key, and with a known checkpoint; without either nothing can show it' : 'store check'}`)
  lines.push(`A row dropped, ${forged} times: ${words.join('; ')}.`, `Not changed: ${HARMLESS.map(([pattern, why]) => `${String(pattern)} (${why})`).join('; ')}.`)
} // biome-ignore format: one line each

function stateOf(store) {
  const state = code.emptyState()
  for (const { entry, digest } of code.allEntries(join(store, 'ledger')))
    code.applyEntry(state, entry, digest)
  return state
}
