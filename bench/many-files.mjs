// npm run bench:files [-- --files 100000]
// A folder of many small logs: read once, handed over again, and followed from the start and from where it was left.
// Time must grow with the number of files, not with its square. Appends to bench/results.md.
import { spawn } from 'node:child_process'
import {
  appendFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { root, script } from '../scripts/install.mjs'
import { heading } from './heading.mjs'

const { values } = parseArgs({ options: { files: { type: 'string', default: '100000' } } })
const most = Number(values.files)
const HEADER =
  '#Software: Microsoft Internet Information Services 10.0\r\n#Fields: date time s-computername cs-method cs-uri-stem cs(User-Agent) sc-status time-taken\r\n'
const AGENT = 'Mozilla/5.0+(Windows+NT+10.0;+Win64;+x64)'
const ROWS = 5

script('build.mjs')
const work = mkdtempSync(join(tmpdir(), 'throughline-files-'))
const lines = [
  heading(`npm run bench:files -- --files ${most}`),
  '',
  '| files | what | seconds | us a file | peak RSS MiB |',
  '|---:|---|---:|---:|---:|',
]
try {
  for (const files of [Math.round(most / 10), most]) {
    const logs = join(work, `logs-${files}`)
    makeLogs(logs, files)
    const [one, two] = [join(work, `one-${files}`), join(work, `two-${files}`)]
    await report(files, 'ingest', ['ingest', logs, '--store', one])
    await report(files, 'ingest again', ['ingest', logs, '--store', one])
    const all = { lines: files * (ROWS + 2) }
    await report(files, 'follow, from nothing', ['ingest', '--follow', '--json', logs, '--store', two], all)
    await report(files, 'follow, all known', ['ingest', '--follow', '--json', logs, '--store', two], { one: join(logs, 'new.log') })
  }
  appendFileSync(`${root}/bench/results.md`, `\n${lines.join('\n')}\n`)
} finally {
  rmSync(work, { recursive: true, force: true })
} // biome-ignore format: a run a line

function makeLogs(folder, files) {
  for (let i = 0; i < files; i++) {
    const below = join(folder, `web${i % 10}`)
    if (i < 10) mkdirSync(below, { recursive: true })
    const minute = `2026-03-02 ${String(Math.floor(i / 60) % 24).padStart(2, '0')}:${String(i % 60).padStart(2, '0')}`
    const rows = Array.from({ length: ROWS }, (_, n) => `${minute}:0${n} web${i % 10} GET /orders/${i}/${n} ${AGENT} 200 ${n}\r\n`)
    writeFileSync(join(below, `u_ex${i}.log`), HEADER + rows.join(''))
  }
} // biome-ignore format: a row a line

async function report(files, what, args, end) {
  const { seconds, peakMiB } = await measure(args, end)
  lines.push(`| ${files.toLocaleString('en')} | ${what} | ${seconds.toFixed(1)} | ${((1e6 * seconds) / files).toFixed(0)} | ${peakMiB.toFixed(0)} |`)
  console.log(lines.at(-1))
} // biome-ignore format: a row

/** Runs the program to its end; a follower until it has read so many lines, or one that comes late. */
function measure(args, end) {
  const started = performance.now()
  const child = spawn(process.execPath, [`${root}/dist/cli/main.js`, ...args], { stdio: ['ignore', 'pipe', 'inherit'] })
  let peakMiB = 0
  let seconds = 0
  let seen = 0
  let rest = ''
  const look = setInterval(() => {
    const status = existsSync(`/proc/${child.pid}/status`) ? readFileSync(`/proc/${child.pid}/status`, 'utf8') : ''
    peakMiB = Math.max(peakMiB, Number(/VmHWM:\s+(\d+)/.exec(status)?.[1] ?? 0) / 1024)
  }, 100)
  if (end?.one) setTimeout(() => writeFileSync(end.one, `${HEADER}2026-03-02 23:59:59 web0 GET /new a 200 1\r\n`), 1000)
  child.stdout.setEncoding('utf8').on('data', text => {
    const parts = (rest + text).split('\n')
    rest = parts.pop()
    if (!end) return
    for (const part of parts) {
      const event = JSON.parse(part)
      if (event.event === 'committed') seen += event.lines
    }
    if (seconds || seen < (end.lines ?? 1)) return
    seconds = (performance.now() - started) / 1000
    child.kill('SIGTERM')
  })
  return new Promise((resolve, reject) => {
    child.on('error', reject)
    child.on('close', code => {
      clearInterval(look)
      if (code !== 0) return reject(new Error(`${args.join(' ')}: ended with ${code}`))
      resolve({ seconds: seconds || (performance.now() - started) / 1000, peakMiB })
    })
  })
} // biome-ignore format: one line a step
