// How long opening a store takes, by entries, with and without snapshots: `node bench/opening.mjs [entries...]`.
import { hash } from 'node:crypto'
import { appendFileSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { Ledger } from '../dist/ledger/chain.js'
import { entryPath } from '../dist/ledger/entry-file.js'
import { root } from '../scripts/install.mjs'
import { heading } from './heading.mjs'

const DIGEST = 'a'.repeat(64)
const file = path => ({ path, sha256: DIGEST, bytes: 1, rows: 1 })
const dayOf = seq => new Date(Date.UTC(2026, 0, 1 + Math.floor(seq / 50))).toISOString().slice(0, 10)

/** As a store looks that takes in 20 growing logs a few lines at a time, and links after each. */
function bodyOf(seq) {
  const day = dayOf(seq)
  if (seq === 0) return { kind: 'created', storeId: 's' }
  if (seq % 2 === 0)
    return {
      kind: 'link', application: 'default', day, generation: seq, file: file(`links/${seq}`), contentHash: DIGEST,
      counts: { linked: 9 }, warnings: [], method: 'm', config: DIGEST,
    } // biome-ignore format: one entry
  const segment = {
    ...file(`facts/app/date=${day}/${String(seq).padStart(6, '0')}-0000.parquet`), kind: 'app', day, applications: ['default'],
    firstUs: seq, lastUs: seq, versions: 0,
  } // biome-ignore format: one record
  const accounting = {
    lines: 9, decoded: 9, directives: 0, rejected: 0, rejectedBy: {}, duplicates: 0, possibleDuplicates: 0, scrubbed: 0,
    invalidUtf8: 0, bytes: 9, idFields: { 'X-Correlation-ID': 9 }, warnings: [],
  } // biome-ignore format: one record
  const fields = Array.from({ length: 20 }, (_, i) => `cs-some-field-${i}`)
  const source = {
    id: seq % 20, path: `/logs/${seq % 20}.log`, format: 'iis-w3c', gzip: false, sha256: DIGEST, rawBytes: 9, head: DIGEST,
    state: { lineNo: 9, byteOffset: 9, format: { fields } }, accounting, status: 'complete',
  } // biome-ignore format: one record
  const index = { ...file(`index/id/date=${day}/${String(seq).padStart(6, '0')}.parquet`), kind: 'id', day }
  return { kind: 'ingest', sources: [source], refused: [], segments: [segment], indexes: [index], rejects: [], config: DIGEST }
} // biome-ignore format: one entry

function writeChain(store, count) {
  let prev = '0'.repeat(64)
  for (let seq = 0; seq < count; seq++) {
    const text = `${JSON.stringify({ version: 1, seq, prev, at: '2026-07-10T12:00:00.000Z', by: 'bench', ...bodyOf(seq) })}\n`
    const path = entryPath(join(store, 'ledger'), seq)
    mkdirSync(dirname(path), { recursive: true })
    writeFileSync(path, text)
    prev = hash('sha256', text, 'hex')
  }
}

function median(action) {
  const times = Array.from({ length: 7 }, () => {
    const started = performance.now()
    action()
    return performance.now() - started
  }).sort((a, b) => a - b)
  return `${times[3].toFixed(1)} (${times[0].toFixed(1)}-${times[6].toFixed(1)})`
}

const counts = process.argv.slice(2).map(Number)
const rows = (counts.length > 0 ? counts : [500, 5000]).map(count => {
  const store = mkdtempSync(join(tmpdir(), 'tl-bench-'))
  try {
    // The worst place: one entry short of the next snapshot.
    const whole = count - (count % 256)
    writeChain(store, whole)
    Ledger.open(store).snapshotWhereDue()
    writeChain(store, whole + 255)
    const all = median(() => Ledger.open(store, true))
    return `| ${whole + 255} | ${median(() => Ledger.open(store))} | ${all} |`
  } finally {
    rmSync(store, { recursive: true })
  }
})
const command = `node bench/opening.mjs ${counts.join(' ')}`.trim()
const text = `${heading(command)}\n\n| entries | open from a snapshot, ms: median (range) | open from the first entry, ms |\n|---:|---|---|\n${rows.join('\n')}\n`
console.log(text)
appendFileSync(`${root}/bench/results.md`, `\n${text}`)
