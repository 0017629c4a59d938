// node bench/evidence.mjs [--requests 1000000 --days 10 --store DIR --keys DIR]
// What a bundle of so many requests costs: to make, and to check by the program that lies in it. The store is made without
// logs (made-store.mjs) and sealed; it is kept where --store names a folder. Appends to bench/results.md.
import { spawnSync } from 'node:child_process'
import { appendFileSync, existsSync, mkdtempSync, readdirSync, rmSync, statSync } from 'node:fs'
import { loadavg, tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { installMissing, root, script } from '../scripts/install.mjs'
import { heading } from './heading.mjs'

const { values } = parseArgs({
  options: {
    requests: { type: 'string', default: '1000000' },
    days: { type: 'string', default: '10' },
    store: { type: 'string' },
    keys: { type: 'string' },
  },
})
const [requests, days] = [Number(values.requests), Number(values.days)]

installMissing()
script('build.mjs')
const { makeStore, dayOf } = await import('./made-store.mjs')

const work = mkdtempSync(join(tmpdir(), 'throughline-evidence-'))
const path = values.store ?? join(work, 'store')
const config = values.keys ?? join(work, 'config')
const lines = [
  heading(`node bench/evidence.mjs --requests ${requests} --days ${days}`),
  '',
  `Load average at the start ${loadavg()[0].toFixed(1)}; ${requests.toLocaleString('en')} requests of two log lines each.`,
  '',
  '| step | wall | CPU | peak RSS |',
  '|---|---:|---:|---:|',
]

/** Runs a program and says what it took. */
function timed(step, args) {
  const say = `data:text/javascript,process.on('exit',()=>{const u=process.resourceUsage();process.stderr.write('\\nUSED '+JSON.stringify({cpu:(u.userCPUTime+u.systemCPUTime)/1e6,rss:u.maxRSS/1024})+'\\n')})`
  const started = performance.now()
  const { status, stdout, stderr } = spawnSync(process.execPath, ['--import', say, ...args], {
    encoding: 'utf8',
    env: { ...process.env, XDG_CONFIG_HOME: config },
  })
  const wall = (performance.now() - started) / 1000
  const used = JSON.parse(/USED (.*)/.exec(stderr)?.[1] ?? '{}')
  if (status !== 0) throw new Error(`${step}: exit code ${status}\n${stdout}\n${stderr}`)
  const row = `| ${step} | ${wall.toFixed(1)} s | ${used.cpu.toFixed(1)} s | ${used.rss.toFixed(0)} MiB |`
  console.log(row)
  lines.push(row)
}

const sizeOf = folder =>
  readdirSync(folder, { recursive: true }).reduce((sum, name) => sum + statSync(join(folder, name)).size, 0)

try {
  if (!existsSync(join(path, 'ledger'))) {
    const keyFolder = join(config, 'throughline', 'keys')
    const store = await makeStore({
      path,
      requests,
      days,
      keyFolder,
      onDay: day => process.stderr.write(`\r${day}`),
    })
    store.close()
  }
  const bundle = join(work, 'bundle')
  timed('evidence create', [
    join(root, 'dist/cli/main.js'), 'evidence', 'create', '--store', path, '--from', dayOf(0), '--to', dayOf(days),
    '--purpose', 'bench', '--requester', 'bench', '--requested-at', '2026-01-01T00:00:00Z', '--output', bundle,
  ]) // biome-ignore format: one command
  timed('verify.mjs', [join(bundle, 'verify.mjs'), bundle])
  lines.push('', `The bundle has ${(sizeOf(bundle) / 2 ** 20).toFixed(0)} MiB.`)
  appendFileSync(`${root}/bench/results.md`, `\n${lines.join('\n')}\n`)
} finally {
  rmSync(work, { recursive: true, force: true })
}
