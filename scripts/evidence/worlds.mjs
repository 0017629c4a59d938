// Stores and bundles in which everything is that a bundle can have: lines of the gateway, of IIS and of HTTP.sys, rejects,
// aliases, findings, coverage, control totals, holds, records of reads, pruned days, and people withheld.
import { execFileSync } from 'node:child_process'
import { appendFileSync, cpSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

const CONFIG = `trustedProxies: [10.30.0.0/24]
subjects:
  aliases:
    - subject: pat@corp.example
      names: ['CORP\\pat']
  rules:
    - match: 'CORP\\*'
      as: "*@corp.example"
`

/**
 * @param main dist/cli/main.js
 * @returns the folders of bundles by name, and of the stores that they are of
 */
export function makeWorlds(work, main, { requests, seed }) {
  const env = { ...process.env, HOME: work, XDG_CONFIG_HOME: join(work, 'config') }
  const run = (...args) => execFileSync(process.execPath, [main, ...args], { cwd: work, env, encoding: 'utf8', stdio: ['ignore', 'pipe', 'inherit'] })
  writeFileSync(join(work, 'throughline.yaml'), CONFIG)
  // Half a minute before midnight, so that two days hold the traffic and each has links to the other.
  run('simulate', 'traffic', '--seed', String(seed), '--start', '2026-03-02T23:59:30Z', '--hours', String((requests * 1.1) / 10_000 + 0.009), '--rate-per-second', '3', '--lost-app-share', '0.05', '--lost-gateway-share', '0.05', '--refused-share', '0.05', '--kernel-noise-per-hour', '100', '--bypass-share', '0.05', '--retries-share', '0.1')
  rejected(join(work, 'traffic/iis'))
  run('ingest', 'traffic/apigee', 'traffic/iis', 'traffic/httperr', '--store', 'store', '--quiet')
  run('link', '2026-03-02', '2026-03-03', '--close', '--store', 'store', '--quiet')
  run('query', 'status:500', '--store', 'store')
  run('hold', 'add', '--filter', 'status:500', '--from', '2026-03-03', '--to', '2026-03-04', '--reason', 'case 17', '--author', 'legal', '--store', 'store')
  cpSync(join(work, 'store'), join(work, 'pruned-store'), { recursive: true })
  run('store', 'prune', '--before', '2026-03-03', '--no-wait', '--store', 'pruned-store')
  writeFileSync(join(work, 'stats.json'), statsOf(join(work, 'traffic/apigee')))
  const bundle = (name, store, ...more) => {
    run('evidence', 'create', ...more, '--store', store, '--from', '2026-03-02', '--to', '2026-03-04', '--purpose', name, '--requester', 'nobody', '--output', name)
    return join(work, name)
  }
  const bundles = {
    whole: bundle('whole', 'store', '--stats', 'stats.json', '--with-aliases'),
    redacted: bundle('redacted', 'store', '--redact'),
    filtered: bundle('filtered', 'store', 'status < 500'),
    pruned: bundle('pruned', 'pruned-store'),
  }
  return { bundles, stores: { whole: join(work, 'store'), pruned: join(work, 'pruned-store') }, keys: join(work, 'config/throughline/keys'), run }
} // biome-ignore format: one command a line

/** Lines that nobody can read. */
function rejected(folder) {
  for (const name of readdirSync(folder, { recursive: true }))
    if (name.endsWith('.log')) appendFileSync(join(folder, name), '2026-03-03 00:01:00 not a line\r\n')
}

/** The answer of the Stats API for these exports, in which one total is too high. */
function statsOf(folder) {
  const counts = {}
  for (const name of readdirSync(folder, { recursive: true }).filter(n => n.endsWith('.json'))) {
    const environment = name.split('/')[1]
    for (const line of readFileSync(join(folder, name), 'utf8').trimEnd().split('\n')) {
      const row = JSON.parse(line)
      const at = Math.floor(Date.parse(row.client_received_start_timestamp.replace(' UTC', 'Z').replace(' ', 'T')) / 3_600_000) * 3_600_000
      counts[environment] ??= {}
      counts[environment][row.apiproxy] ??= {}
      const spans = counts[environment][row.apiproxy]
      spans[at] = (spans[at] ?? 0) + 1
    }
  }
  const environments = Object.entries(counts).map(([name, proxies], e) => ({
    name,
    dimensions: Object.entries(proxies).map(([proxy, spans], p) => {
      const values = Object.entries(spans).map(([at, n], i) => ({ timestamp: Number(at), value: String(n + (e + p + i === 0 ? 2 : 0)) }))
      return { name: proxy, metrics: [{ name: 'sum(message_count)', values }] }
    }),
  }))
  return JSON.stringify({ environments, metaData: { errors: [], notices: ['Source:Big Query'] } })
} // biome-ignore format: one line each
