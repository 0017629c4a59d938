import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { written } from '../support/exchanges.ts'
import { writeFiles } from '../support/folder.ts'
import { type Ended, type ProgramOptions, throughline } from '../support/program.ts'

let folder = ''
let server: Server
let received: { incident: string; event: string; rule: string }[] = []
let status = 200
const run = (args: readonly string[], more: Partial<ProgramOptions> = {}): Promise<Ended> =>
  throughline(args, { cwd: folder, ...more })
const out = async (...args: string[]): Promise<string> => {
  const { code, stdout, stderr } = await run(args)
  expect({ code, stderr }).toMatchObject({ code: 0 })
  return stdout
}
const incidents = async (...args: string[]): Promise<Record<string, unknown>[]> =>
  JSON.parse(await out('findings', '--json', ...args)).incidents

const hook = (): string => `http://127.0.0.1:${(server.address() as AddressInfo).port}/secret-path`

/** Two callers past the gateway, a call that nobody logged, and one with both legs. */
const id = (n: number) => ({
  gateway: { dc_correlation_id: `id-${n}-00000001`, client_id: 'c' },
  app: { 'X-Correlation-ID': `id-${n}-00000001`, 'c-ip': '10.30.0.11' },
})
const EXCHANGES = [
  { atMs: 0, path: '/past/1', recorded: 'app' as const, app: { 'c-ip': '10.40.7.9' } },
  { atMs: 60_000, path: '/past/2', recorded: 'app' as const, app: { 'c-ip': '10.40.7.8' } },
  { atMs: 120_000, path: '/ghost', recorded: 'gateway' as const, ...id(3) },
  { atMs: 180_000, path: '/whole', ...id(4) },
  // Calls around them, so that the line that is missing is one of many.
  ...Array.from({ length: 40 }, (_, n) => ({ atMs: 1 + n * 10_000, path: `/around/${n}`, ...id(100 + n) })),
]

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'tl-test-'))
  writeFiles(join(folder, 'logs'), written(EXCHANGES).files)
  writeFileSync(join(folder, 'throughline.yaml'), 'trustedProxies: [10.30.0.8/29]\n')
  const covers = ['gateway', 'app'].flatMap(side => ['--covers', `${side}:2026-06-30/2026-07-03`])
  await out('ingest', 'logs', ...covers)
  server = createServer((request, answer) => {
    let body = ''
    request.setEncoding('utf8').on('data', text => {
      body += text
    })
    request.on('end', () => {
      if (status === 200) received.push(JSON.parse(body))
      answer.writeHead(status).end()
    })
  })
  await new Promise<void>(done => server.listen(0, '127.0.0.1', done))
})
afterAll(() => {
  server.closeAllConnections()
  server.close()
  rmSync(folder, { recursive: true, force: true })
})

describe('findings', () => {
  test('lists incidents by rule, with what to do, and what was not evaluated', async () => {
    const text = await out('findings')
    expect(text).toMatch(/^high {4}Reached past the gateway {2}\[gateway-bypass\] {2}SOC 2 CC6\.6, CC6\.1$/m)
    expect(text).toMatch(/^ {2}inc-[0-9a-f]{16} {2}2026-07-01 0[78]:\d\d:\d\d .* address 10\.40\.7\.9 /m)
    expect(text).toMatch(
      /^ {2}stale-credential +- +2026-07-01 +findings\.tokenLifetimeMinutes is not configured$/m,
    )
    expect(text).toMatch(/\n\d open incidents: 2 high, /)
  })

  test('--json is one document with a version and fixed keys', async () => {
    const document = JSON.parse(await out('findings', '--json', '--requests', '--rule', 'ghost'))
    expect(Object.keys(document)).toEqual(['version', 'incidents', 'not_evaluated'])
    expect(Object.keys(document.incidents[0])).toEqual([
      'incident', 'series', 'rule', 'severity', 'status', 'provisional', 'title', 'criteria', 'day', 'application', 'about',
      'first_seen', 'last_seen', 'requests', 'looked_at', 'seen', 'hint', 'suppression', 'request_ids',
    ]) // biome-ignore format: a list
    expect(document.incidents[0]).toMatchObject({
      rule: 'ghost', requests: 1, first_seen: '2026-07-01T08:02:00.000Z', about: { target: 'one.corp.example', proxy: 'one' },
    }) // biome-ignore format: a row
    expect(document.incidents[0].request_ids).toHaveLength(1)
  })

  test('--severity takes that and what is worse, --rule one of them', async () => {
    expect((await incidents('--severity', 'high')).map(it => it.rule)).toEqual([
      'gateway-bypass',
      'gateway-bypass',
    ])
    expect((await incidents('--rule', 'ghost')).map(it => it.rule)).toEqual(['ghost'])
    const { code, stderr } = await run(['findings', '--rule', 'gohst'])
    expect({ code, stderr }).toEqual({ code: 2, stderr: expect.stringContaining('did you mean ghost?') })
  })

  test('a period leaves out what lies outside', async () => {
    expect(await incidents('--rule', 'gateway-bypass', '--from', '2026-07-01T08:00:30Z')).toHaveLength(1)
    expect(await out('findings', '--to', '2026-06-01')).toContain('nothing of that period is in the store')
  })

  test('rules lists every rule', async () => {
    const { rules } = JSON.parse(await out('findings', 'rules', '--json'))
    const text = await out('findings', 'rules')
    expect(rules.length).toBeGreaterThan(15)
    for (const rule of rules) expect(text).toContain(`\n${rule.id}  ${rule.severity}`.slice(1))
  })
})

describe('findings elsewhere', () => {
  test('filters find the requests of a rule and of an incident', async () => {
    const [first] = await incidents('--rule', 'gateway-bypass')
    expect(await out('query', 'finding:gateway-bypass', '--count')).toBe('2\n')
    expect(await out('query', 'not finding:*', '--count')).toBe('41\n')
    expect(await out('query', `incident:${first?.incident}`, '--columns', 'path,finding')).toMatch(
      /\/past\/1 +gateway-bypass,unauthenticated-access|\/past\/1 +gateway-bypass\n/,
    )
    const exported = await out('export', 'requests', '--filter', 'rule.id:ghost')
    expect(JSON.parse(exported)).toMatchObject({ path: '/api/ghost', rules: ['ghost'] })
    // Without a question about them nothing is said: an empty list would look like none.
    expect(Object.keys(JSON.parse(await out('query', 'path:*ghost', '--format', 'ndjson')))).not.toContain('rules')
  })

  test('trace and explain show those of a request, ready or not', async () => {
    for (const _ of [1, 2]) {
      expect(await out('trace', 'id-3-00000001')).toMatch(/^findings medium: Called, and nobody logged it \[ghost\], inc-/m)
      expect(await out('explain', 'id-3-00000001')).toMatch(/^findings {2}medium: Called/m)
      expect(await out('trace', 'id-4-00000001')).not.toContain('findings')
      expect(JSON.parse(await out('explain', 'id-3-00000001', '--json')).requests[0].findings).toMatchObject([{ rule: 'ghost' }])
      expect(await out('query', 'finding:ghost', '--count')).toBe('1\n')
      await out('store', 'compact')
    }
    expect(readdirSync(join(folder, 'throughline-store/index'))).toContain('findings')
    expect(await out('store', 'check')).toContain('problems   none')
  })

  test('ready findings of other settings are not read', async () => {
    writeFileSync(join(folder, 'other.yaml'), 'trustedProxies: [10.30.0.8/29]\nfindings: { expectedDirect: [{ peers: [10.40.7.9] }] }\n')
    expect(await out('query', 'finding:gateway-bypass', '--count', '--config', 'other.yaml')).toBe('1\n')
  })
}) // biome-ignore format: one call a line

describe('suppress', () => {
  const DECIDED = ['--reason', 'a job of ours', '--author', 'ann']

  test('is kept in the ledger, lists the incident as suppressed, and is lifted by a later decision', async () => {
    const [first] = await incidents('--rule', 'gateway-bypass')
    const incident = String(first?.incident)
    expect(await out('findings', 'suppress', incident, ...DECIDED, '--until', '2999-01-01')).toMatch(/^suppressed inc-/)
    expect(await out('findings', '--rule', 'gateway-bypass')).toMatch(/suppressed until 2999-01-01T00:00:00\.000Z by ann: a job of ours/)
    expect((await incidents('--rule', 'gateway-bypass')).map(it => it.status)).toEqual(['SUPPRESSED', 'OPEN'])
    expect(await out('findings', 'suppress', incident, ...DECIDED, '--until', 'now')).toMatch(/^open again inc-/)
    expect((await incidents('--rule', 'gateway-bypass')).map(it => it.status)).toEqual(['OPEN', 'OPEN'])
  })

  test.each([
    { name: 'no reason', args: ['inc-0123456789abcdef', '--author', 'a', '--until', '2999-01-01'], want: '--reason is missing', code: 2 },
    { name: 'no author', args: ['inc-0123456789abcdef', '--reason', 'r', '--until', '2999-01-01'], want: '--author is missing', code: 2 },
    { name: 'no end', args: ['inc-0123456789abcdef', ...DECIDED], want: '--until is missing', code: 2 },
    { name: 'an end in the past', args: ['inc-0123456789abcdef', ...DECIDED, '--until', '2020-01-01'], want: 'lies in the past', code: 2 },
    { name: 'an end that is no time', args: ['inc-0123456789abcdef', ...DECIDED, '--until', 'soon'], want: 'no time', code: 2 },
    { name: 'no id', args: ['ghost', ...DECIDED, '--until', '2999-01-01'], want: 'no id of a finding', code: 2 },
    { name: 'an id of nothing', args: ['inc-0123456789abcdef', ...DECIDED, '--until', '2999-01-01'], want: 'no finding of the store', code: 1 },
  ])('$name is refused', async ({ args, want, code }) => {
    const ended = await run(['findings', 'suppress', ...args])
    expect(ended).toMatchObject({ code, stderr: expect.stringContaining(want) })
  })
}) // biome-ignore format: one call a line

describe('a webhook', () => {
  test('gets each incident once, also after a failure and by the next run', async () => {
    status = 400
    expect(await run(['findings', '--webhook', hook()])).toMatchObject({ code: 3, stderr: expect.stringContaining('answered 400') })
    status = 200
    received = []
    const first = await run(['findings', '--webhook', hook(), '--severity', 'medium'])
    expect(first).toMatchObject({ code: 0 })
    expect(received.every(it => it.event === 'finding')).toBe(true)
    const ids = received.map(it => it.incident)
    expect(new Set(ids).size).toBe(ids.length)
    expect(received.map(it => it.rule)).toContain('gateway-bypass')
    await run(['findings', '--webhook', hook(), '--severity', 'medium'])
    expect(received).toHaveLength(ids.length)
    expect(first.stdout + first.stderr).not.toContain('secret-path')
    const notes = readdirSync(join(folder, 'throughline-store/exports'))
    for (const name of notes) expect(readFileSync(join(folder, 'throughline-store/exports', name, 'checkpoint.json'), 'utf8')).not.toContain('secret-path')
  })

  test('that is followed gets what is new, until a signal ends it', async () => {
    received = []
    const ended = await run(['findings', '--follow', '--webhook', hook(), '--name', 'followed', '--rule', 'ghost'], {
      during: child => {
        const timer = setInterval(() => {
          if (received.length === 0) return
          clearInterval(timer)
          child.kill('SIGTERM')
        }, 50)
      },
    })
    expect(ended).toMatchObject({ code: 0 })
    expect(received.map(it => it.rule)).toEqual(['ghost'])
    expect(ended.stdout).toMatch(/medium {2}inc-[0-9a-f]{16} {2}1 requests {2}Called, and nobody logged it/)
  })
}) // biome-ignore format: one call a line
