import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { written } from '../support/exchanges.ts'
import { writeFiles } from '../support/folder.ts'
import { inProcess } from '../support/program.ts'

let folder = ''
const run = (...args: string[]) =>
  inProcess(args, { cwd: folder, env: { XDG_CONFIG_HOME: join(folder, 'config') } })
const out = async (...args: string[]): Promise<string> => {
  const { code, stdout, stderr } = await run(...args)
  expect({ code, stderr }).toMatchObject({ code: 0 })
  return stdout
}
const create = (filter: string, output: string, ...more: string[]): Promise<string> =>
  out('evidence', 'create', filter, '--from', '2026-07-01', '--to', '2026-07-02', '--purpose', 'Review', '--requester', 'Ada', '--output', output, ...more) // biome-ignore format: one line
const linesOf = (...path: string[]): Record<string, unknown>[] =>
  readFileSync(join(folder, ...path), 'utf8').split('\n').filter(line => line !== '').map(line => JSON.parse(line)) // biome-ignore format: one line
const partsOf = async (output: string, ...more: string[]) =>
  JSON.parse(await out('evidence', 'verify', output, '--json', ...more)).parts

/** Two callers past the gateway, and a request with both legs. */
const EXCHANGES = [
  { atMs: 0, path: '/past/1', recorded: 'app' as const, app: { 'c-ip': '10.40.7.9' } },
  { atMs: 60_000, path: '/past/2', recorded: 'app' as const, app: { 'c-ip': '10.40.7.8' } },
  {
    atMs: 180_000,
    path: '/whole',
    gateway: { dc_correlation_id: 'id-4-00000001' },
    app: { 'X-Correlation-ID': 'id-4-00000001', 'c-ip': '10.30.0.11' },
  },
]

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'tl-test-'))
  writeFiles(join(folder, 'logs'), written(EXCHANGES).files)
  writeFileSync(join(folder, 'throughline.yaml'), 'trustedProxies: [10.30.0.8/29]\n')
  await out(
    'ingest',
    'logs',
    ...['gateway', 'app'].flatMap(side => ['--covers', `${side}:2026-06-30/2026-07-03`]),
  )
})
afterAll(() => rmSync(folder, { recursive: true, force: true }))

test('a bundle has the findings of the period, what was not evaluated, and coverage', async () => {
  await create('*', 'all')
  const listed = JSON.parse(await out('findings', '--json', '--requests'))
  const found = linesOf('all', 'findings.ndjson')
  expect(found.map(f => f.incident)).toEqual(listed.incidents.map((it: { incident: string }) => it.incident))
  expect(found.map(f => (f.requests as unknown[]).length)).toEqual(listed.incidents.map((it: { requests: number }) => it.requests))
  const { notEvaluated, coverage } = JSON.parse(readFileSync(join(folder, 'all', 'completeness.json'), 'utf8'))
  const judged = ({ rule, day, application, reason, requests }: Record<string, unknown>) => ({ rule, day, application, reason, requests })
  expect(notEvaluated.map(judged)).toEqual(listed.not_evaluated.map(judged))
  expect(notEvaluated).toContainEqual(expect.objectContaining({ rule: 'stale-credential', reason: 'no-token-lifetime' }))
  const { hours } = JSON.parse(await out('coverage', '--json', '--from', '2026-07-01', '--to', '2026-07-02'))
  const shape = (rows: { side: string; hour: string; state: string; reason: string }[]) =>
    rows.map(({ side, hour, state, reason }) => `${side} ${hour.slice(0, 13)} ${state} ${reason}`)
  expect(shape(coverage)).toEqual(shape(hours))
  const report = readFileSync(join(folder, 'all', 'report.html'), 'utf8')
  expect(report).toContain('findings.tokenLifetimeMinutes is not configured')
  const parts = await partsOf('all')
  for (const part of ['integrity', 'soundness', 'completeness']) expect([part, parts[part].verdict]).toEqual([part, 'PASS'])
}) // biome-ignore format: one line each

test('conditions on findings are answered as in query, and a verifier does not check them', async () => {
  const filter = 'finding:gateway-bypass'
  await create(filter, 'bypass')
  const ids = (await out('query', filter, '--format', 'ndjson')).trim().split('\n').map(line => JSON.parse(line).request_id)
  expect(linesOf('bypass', 'population.ndjson').map(r => r.request_id)).toEqual(ids)
  expect(ids).toHaveLength(2)
  const parts = await partsOf('bypass', '--store', 'throughline-store')
  expect(parts.soundness).toMatchObject({ verdict: 'NOT CHECKED', failed: 0 })
  expect(parts.soundness.notChecked[0]).toMatch(/^findings are judged by the store: whether 2 of 2 requests/)
  expect(parts.agreement).toMatchObject({ verdict: 'NOT CHECKED', failed: 0 })
  expect(parts.completeness.verdict).toBe('PASS')
}) // biome-ignore format: one line each

test('without people, incidents do not say whom they are about', async () => {
  await create('*', 'hidden', '--redact')
  const text = ['findings.ndjson', 'report.html'].map(name => readFileSync(join(folder, 'hidden', name), 'utf8')).join('')
  for (const address of ['10.40.7.9', '10.40.7.8']) expect(text).not.toContain(address)
  const found = linesOf('hidden', 'findings.ndjson').filter(f => f.rule === 'gateway-bypass')
  expect(found).toHaveLength(2)
  for (const { incident, title } of found) {
    expect(incident).toMatch(/^hmac:[0-9a-f]{16}$/)
    expect(title).toBe('Reached past the gateway')
  }
}) // biome-ignore format: one line each
