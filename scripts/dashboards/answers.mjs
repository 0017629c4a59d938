// Answers of every panel over simulated traffic, for the pictures of the dashboards.

import { execFileSync } from 'node:child_process'
import { appendFileSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { root } from '../install.mjs'

const built = path => import(new URL(`../../dist/${path}`, import.meta.url).href)
const [{ Store }, view, sources, finding, settings, load, { DASHBOARDS }, { isAsking, isList }, { sqlOf }, { listSqlOf }, question, { createCoverageRelation }] =
  await Promise.all(
    [
      'store/store.js', 'requests/view.js', 'requests/findings-source.js', 'findings/request-findings.js', 'findings/settings.js', 'config/load.js', 'elastic/dashboards/dashboards.js', 'elastic/dashboards/description.js',
      'elastic/dashboards/sql.js', 'elastic/dashboards/list.js', 'elastic/dashboards/question.js',
      'elastic/dashboards/coverage-relation.js',
    ].map(built),
  ) // biome-ignore format: a table

/** A day of three applications: calls past the gateway, bursts of refusals, an hour without logs of one host. */
const TRAFFIC = [
  '--start', '2026-03-02T00:00:00Z', '--hours', '24', '--rate-per-second', '0.07', '--health-probe-seconds', '900', '--handshake-share', '0.03',
  '--rejection-bursts', '3', '--outages', '1', '--outage-minutes', '90', '--lost-gateway-share', '0.01', '--lost-app-share', '0.01',
] // biome-ignore format: a command line

/** Lines that a log writer left unfinished. */
const TORN = '2026-03-02 23:57:10 10.30.\n2026-03-02 23:58:41 10.30.0.11 GET\n'

const CONFIG = `trustedProxies: [10.30.0.8/29]
findings: { expectedDirect: [{ peers: [10.20.0.0/24], paths: [/healthz] }], publicPaths: [/healthz] }
applications:
  - { name: orders, gateway: { proxies: [orders-v2] }, app: { hostHeaders: [orders.corp.example] } }
  - { name: payroll, gateway: { proxies: [payroll-v1] }, app: { sites: [w3svc2] } }
  - { name: directory, gateway: { proxies: [directory-v1] }, app: { hostHeaders: [directory.corp.example] } }
hosts:
  - { path: "**/WEB-PAY-01/**", host: WEB-PAY-01, site: W3SVC2 }
  - { path: "**/WEB-PAY-02/**", host: WEB-PAY-02, site: W3SVC2 }
  - { path: "**/WEB-APP-*/**", site: W3SVC3 }
`

/** Rows of every panel by `dashboard/panel`: keys and metric values, or cells of a list. */
export async function answers() {
  const folder = mkdtempSync(join(tmpdir(), 'tl-dashboards-'))
  try {
    const run = (...args) =>
      execFileSync(process.execPath, [join(root, 'dist/cli/main.js'), ...args], {
        cwd: folder,
        stdio: 'ignore',
      })
    run('simulate', 'traffic', ...TRAFFIC)
    writeFileSync(join(folder, 'throughline.yaml'), CONFIG)
    appendFileSync(join(folder, 'traffic/iis/WEB-APP-01/W3SVC3/u_ex260302_x.log'), TORN)
    const covers = ['gateway', 'app'].flatMap(side => ['--covers', `${side}:2026-03-01/2026-03-04`])
    run(
      'ingest',
      'traffic/apigee',
      'traffic/iis',
      '--store',
      'store',
      '--config',
      'throughline.yaml',
      ...covers,
    )
    const store = await Store.read({ path: join(folder, 'store'), memoryMiB: 512 })
    try {
      const { config } = load.loadConfig(join(folder, 'throughline.yaml'))
      return await ask(store, settings.findingSettings(config))
    } finally {
      store.close()
    }
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

async function ask(store, findingSettings) {
  const days = [...new Set([...store.state.days.values()].map(d => d.day))]
  await finding.findingsOfRequests(findingSettings, () => Date.parse('2026-03-05T00:00:00Z'))(store, days)
  await view.createRequestsView(store)
  await store.db.run(`CREATE TEMP TABLE frozen AS SELECT * FROM ${sources.WITH_FINDINGS}`)
  await store.db.run('CREATE OR REPLACE TEMP VIEW requests AS SELECT * FROM frozen')
  await createCoverageRelation(store)
  const found = new Map()
  const options = { now: new Date('2026-03-03T00:00:00Z') }
  for (const { id, panels } of DASHBOARDS)
    for (const panel of panels) {
      if (isAsking(panel)) found.set(`${id}/${panel.name}`, await rowsOf(store, panel, options))
      if (isList(panel)) {
        const { sql, params } = listSqlOf(panel, options)
        found.set(`${id}/${panel.name}`, await store.db.rows(sql, params))
      }
    }
  return found
}

async function rowsOf(store, panel, options) {
  const asked = question.questionOf(panel)
  const { sql, params } = sqlOf(panel, options)
  const rows = await store.db.rows(sql, params)
  return rows.map(row => {
    const keys = asked.breakdowns.map((_, i) => String(row[`b${i + 1}`]))
    const measures = asked.measures.map((_, i) => row[`m${i + 1}`] ?? null)
    return { keys, values: question.metricValues(asked, { keys, measures }) }
  })
}
