// What bench/fleet.mjs measures with.
import { spawn } from 'node:child_process'
import {
  appendFileSync,
  existsSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { root } from '../scripts/install.mjs'

/** Code that leaves behind what a program has used, as no one can ask for that once it has ended. */
export function noting(file) {
  const text = `import { writeFileSync } from 'node:fs'; process.on('exit', () => writeFileSync(${JSON.stringify(file)}, JSON.stringify(process.resourceUsage())))`
  return `data:text/javascript,${encodeURIComponent(text)}`
}

/** CPU that a process has used, seconds: proc_pid_stat(5), in ticks of 10 ms. */
export function cpuOf(pid) {
  const stat = readFileSync(`/proc/${pid}/stat`, 'utf8')
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
  return (Number(fields[11]) + Number(fields[12])) / 100
}

/** Bytes of files below the folders whose names begin so. */
export function bytesBelow(folder, prefix) {
  const bytes = path => {
    const stat = lstatSync(path)
    if (!stat.isDirectory()) return Math.min(stat.size, stat.blocks * 512)
    return readdirSync(path).reduce((sum, name) => sum + bytes(join(path, name)), 0)
  }
  return readdirSync(folder)
    .filter(name => name.startsWith(prefix))
    .reduce((sum, name) => sum + bytes(join(folder, name)), 0)
}

const RATE = 1000
const STEP_MS = 10
const HEADER =
  '#Software: Microsoft Internet Information Services 10.0\r\n#Fields: date time s-computername s-ip cs-method cs-uri-stem cs-uri-query s-port c-ip sc-status sc-substatus sc-win32-status time-taken X-Correlation-ID\r\n'

/**
 * How long lines take from their log to the ledger of a store, while a log grows by 1,000 lines a second. Files of the
 * ledger are looked for every 2 ms; each says how many rows it has taken.
 */
export async function latency(at, run, seconds) {
  const { cwd, name } = at
  await run(at, 'setup', 'kafka', 'setup')
  mkdirSync(join(cwd, 'grows'))
  const log = join(cwd, 'grows', 'u_ex260302.log')
  writeFileSync(log, HEADER)
  const [collector, worker] = [start(cwd, 'collect', 'grows'), start(cwd, 'work', '--stores', 'stores')]
  const entries = new Entries(join(cwd, 'stores'), name)
  const written = []
  // What is written first waits for both to start, and does not count.
  for (let lines = 0; entries.taken === 0; lines = 1) {
    if (lines === 0) appendFileSync(log, line(name, -1))
    await sleep(20)
    entries.look()
  }
  const before = [cpuOf(collector.pid), cpuOf(worker.pid)]
  const begin = performance.now()
  while (written.length < RATE * seconds) {
    const due = Math.floor(((performance.now() - begin) * RATE) / 1000)
    const now = performance.now()
    let text = ''
    for (; written.length < due; written.push(now)) text += line(name, written.length)
    if (text) appendFileSync(log, text)
    const next = now + STEP_MS
    while (performance.now() < next) {
      entries.look()
      await sleep(2)
    }
  }
  const cpu = [cpuOf(collector.pid) - before[0], cpuOf(worker.pid) - before[1]]
  while (entries.taken < written.length + 1) {
    entries.look()
    await sleep(2)
  }
  for (const child of [collector, worker]) await ended(child)
  const waits = written.map((at, n) => entries.whenTaken(n + 1) - at).sort((a, b) => a - b)
  const part = share => waits[Math.min(waits.length - 1, Math.floor(waits.length * share))]
  return {
    rate: RATE, median: part(0.5), p99: part(0.99), longest: part(1), collector: cpu[0], worker: cpu[1],
  } // biome-ignore format: one result
}

/** The ledger of the one store that has rows of an application. */
class Entries {
  #stores
  #name
  #next = new Map()
  /** Rows so far, with the time at which they were there. */
  #seen = []
  taken = 0

  constructor(stores, name) {
    this.#stores = stores
    this.#name = name
  }

  look() {
    if (!existsSync(this.#stores)) return
    for (const store of readdirSync(this.#stores)) {
      for (let seq = this.#next.get(store) ?? 0; ; seq++) {
        this.#next.set(store, seq)
        const number = String(seq).padStart(6, '0')
        const folder = String(Math.floor(seq / 1000)).padStart(3, '0')
        const file = join(this.#stores, store, 'ledger', folder, `${number}.json`)
        if (!existsSync(file)) break
        this.#note(JSON.parse(readFileSync(file, 'utf8')))
      }
    }
  }

  #note(entry) {
    const rows = (entry.sources ?? []).map(source => source.shipped?.taken[this.#name]?.rows ?? 0)
    const most = Math.max(0, ...rows)
    if (most <= this.taken) return
    this.taken = most
    this.#seen.push({ rows: most, at: performance.now() })
  }

  /** When the nth row, from 0, was there. */
  whenTaken(n) {
    return this.#seen.find(({ rows }) => rows > n)?.at ?? Number.POSITIVE_INFINITY
  }
}

function line(name, n) {
  const now = new Date().toISOString()
  const id = `6e5b1b6e-0f6e-4e55-9f3e-${String(n + 1).padStart(12, '0')}`
  return `${now.slice(0, 10)} ${now.slice(11, 19)} ${name.toUpperCase()} 10.20.1.11 GET /${name}/employees/${n} - 443 10.30.0.11 200 0 0 31 ${id}\r\n`
}

function start(cwd, ...args) {
  const child = spawn(process.execPath, [`${root}/dist/cli/main.js`, '--quiet', ...args], {
    cwd,
    stdio: 'ignore',
  })
  process.once('exit', () => child.kill('SIGKILL'))
  return child
}

function ended(child) {
  return new Promise(resolve => {
    child.once('exit', resolve)
    child.kill('SIGTERM')
  })
}
