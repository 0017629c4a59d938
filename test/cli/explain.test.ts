import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { writeFiles } from '../support/folder.ts'
import { inProcess, type ProgramOptions } from '../support/program.ts'
import { type Call, gatewayRows, iisLog, iisRows, ndjson } from '../support/traffic.ts'

let folder = ''
const at = (): ProgramOptions => ({ cwd: folder })
const run = async (...args: string[]): Promise<string> => {
  const { code, stdout, stderr } = await inProcess(args, at())
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
  return stdout
}

const PLAIN = { takenMs: 500, method: 'GET', path: '/a', form: 'plain', status: 200, recorded: 'both', hasTwin: false } as const // biome-ignore format: one row

/** Twelve calls on each host with an id: from them the clocks are read. */
const WITH_IDS: readonly Call[] = Array.from({ length: 24 }, (_, i) => ({
  ...PLAIN,
  atMs: i * 70_000 + 137 * i,
  host: i % 2 ? 'web02' : 'web01',
  id: `id-${i}-0123456789`,
}))

/**
 * What there is to explain: a call that no id joins, a call and a line that share an id and differ in their path, a line
 * without a call.
 */
const CALLS: readonly Call[] = [
  ...WITH_IDS,
  { ...PLAIN, atMs: 400_300, host: 'web01', id: undefined, path: '/c+d', status: 204, takenMs: 321 },
  { ...PLAIN, atMs: 500_300, host: 'web01', id: 'id-shared-0123456789', recorded: 'gateway' },
  { ...PLAIN, atMs: 500_300, host: 'web01', id: 'id-shared-0123456789', path: '/a/b', recorded: 'app' },
  { ...PLAIN, atMs: 600_300, host: 'web01', id: 'id-alone-0123456789', path: '/a/b', recorded: 'app' },
]
const messageId = (call: number): string => `rrt-0a1b2c3d-c-1234-${5000 + call}-1`

/** web01 is 3.7 s ahead of the gateway; web02 logs local time, two hours behind. */
const FILES = {
  'export.json': ndjson(gatewayRows(CALLS)),
  'web01.log': iisLog(iisRows(CALLS, 'web01', 3_700)),
  'web02.log': iisLog(iisRows(CALLS, 'web02', -7_200_000)),
}

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'tl-test-'))
  writeFiles(join(folder, 'logs'), FILES)
  writeFiles(folder, { 'empty.log': iisLog([]) })
  await inProcess(['--quiet', 'ingest', 'empty.log', '--store', 'empty'], at())
  await inProcess(['--quiet', 'ingest', 'logs'], at())
  await inProcess(['--quiet', 'ingest', 'logs/web01.log', '--store', 'half'], at())
})
afterAll(() => rmSync(folder, { recursive: true, force: true }))

describe('explain', () => {
  test('a link by id: which fields, and what could have contradicted and did not', async () => {
    const stdout = await run('explain', 'id-0-0123456789')
    expect(stdout).toMatch(/^GET \/v1\/a {2}200 {2}joined$/m)
    expect(stdout).toMatch(/^call +GET \/v1\/a, logs\/export\.json:1$/m)
    expect(stdout).toMatch(/called 22:00:00\.001, answered 22:00:00\.501, wait 500 ms, status 200$/m)
    expect(stdout).toMatch(/^made by +method throughline\/\d+, generation 1 of 2026-07-01, configuration [0-9a-f]{12}; the day is open$/m) // biome-ignore format: one line
    expect(stdout).toMatch(/^counts +in requests and traces from 0\.9, as evidence from 0\.99 and on closed days only$/m) // biome-ignore format: one line
    expect(stdout).toMatch(/^line +logs\/web01\.log:3$/m)
    expect(stdout).toMatch(/^verdict +linked by id: dc_correlation_id equals x-correlation-id$/m)
    for (const row of ['method +GET on both sides +agrees', 'path +/a on both sides +agrees', 'target +the gateway called it +agrees']) // biome-ignore format: one line
      expect(stdout).toMatch(new RegExp(`^ {2}${row}$`, 'm'))
    expect(stdout).toMatch(/^ {2}duration +wait 500 ms, time-taken 500 ms: equal +shown only$/m)
  })

  test('a link by time alone is called weaker, and each evidence says how much it counts', async () => {
    const stdout = await run('explain', messageId(24))
    expect(stdout).toMatch(/^verdict +linked by time alone, no id and no subject: a weaker link$/m)
    expect(stdout).toMatch(
      /^chances +this pair (0\.9\d{3}|>0\.999999), no other call fits, no partner at all /m,
    )
    expect(stdout).toMatch(/^ {2}id +neither side has one +-$/m)
    expect(stdout).toMatch(/^ {2}request +GET \/c d, status 204 on both sides +required$/m)
    expect(stdout).toMatch(/^ {2}clock +web01 3\.\d{3}\.\.3\.\d{3} s ahead, read from pairs that an id joins +for the end$/m) // biome-ignore format: one line
    expect(stdout).toMatch(/^ {2}duration +wait 321 ms, time-taken 321 ms: equal +x [\d,.]+$/m)
    expect(stdout).toMatch(/^ {2}end +expected at 22:06:40\.622, .* +[x/] [\d,.]+$/m)
    expect(stdout).toMatch(/^ {2}values +.* +[x/] [\d,.]+$/m)
    expect(stdout).toMatch(/^ {2}together +against the line having no partner/m)
  })

  test('a candidate that the id names and the path contradicts', async () => {
    const stdout = await run('explain', messageId(25))
    expect(stdout).toMatch(/^verdict +not linked, contradicted: the id agrees, but the paths differ$/m)
    expect(stdout).toMatch(/^ {2}path +\/a and \/a\/b +contradicts$/m)
    expect(stdout).toMatch(/^chances +confidence 0\.00, by the id and not weighed; counts nowhere$/m)
  })

  test('a line that no call claims: why', async () => {
    const stdout = await run('explain', 'id-alone-0123456789')
    expect(stdout).toMatch(/^line +logs\/web01\.log:\d+$/m)
    expect(stdout).toMatch(/^no call +no candidate: no call was answered when it ended \(by the clock of web01, 3\.\d+\.\.3\.\d+ s ahead\)$/m) // biome-ignore format: one line
  })

  test('a line whose clock no link tells: why', async () => {
    const stdout = await run('explain', 'id-alone-0123456789', '--store', 'half')
    expect(stdout).toMatch(/^no call +no link of 2026-07-01 tells the clock of web01, /m)
  })

  test('--json is one document with a version, in a fixed order', async () => {
    const document = JSON.parse(await run('explain', messageId(24), '--json'))
    expect(Object.keys(document)).toEqual(['version', 'id', 'thresholds', 'requests'])
    const [request] = document.requests
    expect(Object.keys(request)).toEqual([
      'request_id',
      'state',
      'call',
      'made_by',
      'lines',
      'pairs',
      'why',
      'findings',
    ])
    const [pair] = request.pairs
    expect(Object.keys(pair)).toEqual([
      'call', 'line', 'verdict', 'verdict_text', 'counts_in', 'link', 'evidence', 'rivals',
    ]) // biome-ignore format: a list
    expect(document).toMatchObject({ version: 1, thresholds: { requests: 0.9, evidence: 0.99 } })
    expect(pair).toMatchObject({
      call: { wait_us: '321000', answered_us: '1782943600622000', target_status: 204 },
      line: { duration_us: '321000', host: 'web01', logged_ts: '2026-07-01T22:06:44Z' },
      verdict: 'linked',
      link: { method: 'time', how: 'answer', calibrated: true, duration_residual_us: '0' },
      rivals: [],
    })
    expect(pair.evidence.map((e: { compared: string }) => e.compared)).toEqual([
      'id', 'request', 'subject', 'clock', 'duration', 'end', 'values', 'rarity', 'together',
    ]) // biome-ignore format: a list
  })

  test('an id that no hop carries is exit code 1', async () => {
    const { code, stdout, stderr } = await inProcess(['explain', 'no-such-id'], at())
    expect({ code, stdout }).toEqual({ code: 1, stdout: '' })
    expect(stderr).toContain('explain no-such-id: no hop in the store carries this id; check it')
    const empty = await inProcess(['explain', 'no-such-id', '--store', 'empty'], at())
    expect(empty.stderr).toContain('the store is empty; add logs with: throughline ingest LOGS')
  })
})

describe('trace', () => {
  test('marks a link by time alone wherever it stands', async () => {
    const stdout = await run('trace', messageId(24))
    expect(stdout).toMatch(/^joined +by time alone, no id and no subject: a weaker link; confidence /m)
    expect(stdout).toMatch(/^ +iis web01 \(by time\) /m)
    expect(stdout).toMatch(/^app +logs\/web01\.log line \d+ {2}\(by time alone, no id and no subject: a weaker link\)$/m) // biome-ignore format: one line
  })

  test('names what contradicts a candidate and how to see more', async () => {
    const stdout = await run('trace', messageId(25))
    expect(stdout).toMatch(/app hop [0-9a-f]{32} carries the same id but contradicts it: the paths differ; not linked$/m) // biome-ignore format: one line
    expect(stdout).toMatch(/^ +throughline explain [0-9a-f]{32} shows what speaks for each$/m)
  })
})

describe('clocks', () => {
  test('shows by host and day how far each clock is off, and how that was read', async () => {
    const stdout = await run('clocks')
    const [web01 = '', web02 = ''] = stdout.split('\nweb0').slice(1)
    expect(web01).toMatch(/^ {2}2026-07-01 {2}3\.\d{3}\.\.3\.\d{3} s ahead$/m)
    expect(web01).toMatch(/^ {2}read from +12 id pairs \(hops that an id joins\)$/m)
    expect(web01).toMatch(/^ {2}over day +·{88}▄▄·{6}$/m)
    expect(web02).toMatch(/^ {2}zone +7,200 s behind: two hours; a time zone\?$/m)
    expect(web02).toMatch(/^ {2}over day +·{80}▄▄·{14}$/m)
  })

  test('--host and --day narrow; what there is not is said', async () => {
    expect(await run('clocks', '--host', 'WEB01')).not.toContain('web02')
    expect(await run('clocks', '--day', '2026-07-01')).toContain('web02')
    expect(await run('clocks', '--host', 'web03')).toBe(
      'host web03: no reading of its clock; there are readings of web01, web02\n',
    )
    expect(await run('clocks', '--day', '2026-07-03')).toMatch(/^no clock has been read on 2026-07-03: /)
    expect(await run('clocks', '--store', 'half')).toMatch(/^no clock has been read: a clock is read from hops that are linked, and none are;/) // biome-ignore format: one line
  })

  test('an empty store says how to fill it', async () => {
    expect(await run('clocks', '--store', 'empty')).toBe('the store is empty; add logs with: throughline ingest LOGS\n') // biome-ignore format: one line
  })

  test('a day that is no date is wrong usage', async () => {
    const { code, stderr } = await inProcess(['clocks', '--day', 'yesterday'], at())
    expect({ code, stderr }).toMatchObject({ code: 2, stderr: expect.stringContaining('--day yesterday: no date') }) // biome-ignore format: one line
  })

  test('--json is one document with a version, 64-bit integers as text', async () => {
    const document = JSON.parse(await run('clocks', '--host', 'web02', '--json'))
    expect(document).toMatchObject({ version: 1, clocks: [{ host: 'web02', read_from: 'id pairs', pairs: 12, zone_hours: -2, drift_ppm: 0, steps: [] }] }) // biome-ignore format: one line
    const [clock] = document.clocks
    expect(Object.keys(clock)).toEqual([
      'host', 'day', 'low_us', 'high_us', 'read_from', 'pairs', 'drift_ppm', 'zone_hours', 'steps', 'readings',
    ]) // biome-ignore format: a list
    expect(clock.low_us).toMatch(/^-72000\d{5}$/)
  })
})
