import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { writeFiles } from '../support/folder.ts'
import { inProcess, type ProgramOptions, shell } from '../support/program.ts'
import { type Call, logFiles } from '../support/traffic.ts'

let folder = ''
const at = (options: Partial<ProgramOptions> = {}): ProgramOptions => ({ cwd: folder, ...options })

/** Five calls: three joined, one that only the gateway recorded, one that never passed it. */
const CALLS: readonly Call[] = [
  { path: '/a', status: 200, recorded: 'both' as const },
  { path: '/a/b', status: 500, recorded: 'both' as const },
  { path: '/c+d', status: 204, recorded: 'both' as const },
  { path: '/a', status: 200, recorded: 'gateway' as const },
  { path: '/a', status: 401, recorded: 'app' as const },
].map((call, i) => ({
  atMs: i * 60_000, takenMs: 500, host: 'web01', method: 'GET', id: `id-${i}-0123456789`, form: 'plain', hasTwin: false, ...call,
})) // biome-ignore format: five calls

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'tl-test-'))
  writeFiles(join(folder, 'logs'), logFiles(CALLS))
  const { code, stderr } = await inProcess(['ingest', 'logs'], at())
  expect({ code, stderr }).toMatchObject({ code: 0 })
})
afterAll(() => rmSync(folder, { recursive: true, force: true }))

describe('help', () => {
  test('throughline alone prints its commands on stdout and succeeds', async () => {
    const { code, stdout, stderr } = await inProcess([], at())
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
    for (const name of [
      'init',
      'ingest',
      'status',
      'doctor',
      'trace',
      'explain',
      'query',
      'export',
      'clocks',
      'link',
      'simulate',
      'config',
      'version',
    ])
      expect(stdout).toMatch(new RegExp(`^ +${name}\\b`, 'm'))
  })

  test.each([
    'init',
    'ingest',
    'status',
    'doctor',
    'trace',
    'explain',
    'query',
    'export',
    'clocks',
    'link',
    'simulate',
  ])('%s --help prints one sentence, options and examples on stdout', async name => {
    const { code, stdout, stderr } = await inProcess([name, '--help'], at())
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
    expect(stdout).toContain(`Usage: throughline ${name}`)
    expect(stdout).toContain('Examples:')
  })

  test('--version prints the version of the package', async () => {
    const { version } = JSON.parse(readFileSync('package.json', 'utf8')) as { version: string }
    expect(await inProcess(['--version'], at())).toEqual({ code: 0, stdout: `${version}\n`, stderr: '' })
    expect((await inProcess(['version'], at())).stdout).toMatch(
      new RegExp(`^throughline ${version}\nnode +\\d+\\.\\d+\\.\\d+\nduckdb +\\d+\\.\\d+\\.\\d+\n$`),
    )
  })

  test.each([
    { args: ['qurey'], words: ["unknown command 'qurey'", 'query'] },
    { args: ['query', '--limt', '3'], words: ["unknown option '--limt'", '--limit'] },
    { args: ['query', '--format', 'xml'], words: ['xml', 'table', 'ndjson'] },
    { args: ['ingest'], words: ["missing required argument 'source'"] },
    { args: ['trace'], words: ["missing required argument 'id'"] },
  ])('wrong usage $args is exit code 2, on stderr, with the nearest name', async ({ args, words }) => {
    const { code, stdout, stderr } = await inProcess(args, at())
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' })
    for (const word of words) expect(stderr).toContain(word)
  })
})

describe('ingest', () => {
  test('accounts for every line on stdout; what is only of passing interest goes to stderr', async () => {
    const { code, stdout, stderr } = await inProcess(['ingest', 'logs', '--store', 'fresh'], at())
    expect(code).toBe(0)
    expect(stdout).toMatch(/^lines +12 {2}read from 3 sources/m)
    expect(stdout).toMatch(/^decoded +8 {2}hops$/m)
    expect(stdout).toMatch(/^directives +4 /m)
    expect(stdout).toMatch(/^rejected +0$/m)
    expect(stdout).toMatch(/^linked +2026-07-01$/m)
    expect(stderr).toMatch(/^done in /m)
  })

  test('reads standard input, and reading the same again changes nothing', async () => {
    const first = await shell('cat logs/web01.log | throughline ingest - --store piped', at())
    expect(first.code).toBe(0)
    expect(first.stdout).toMatch(/^decoded +4 /m)
    const known = await inProcess(['ingest', 'logs/web01.log', '--store', 'piped'], at())
    expect(known.stdout).toMatch(/^known +1 source already in the store, skipped$/m)
    const again = await shell('cat logs/web01.log | throughline ingest - --store piped', at())
    expect(again.stdout).toMatch(/^duplicates +4 /m)
    expect((await inProcess(['query', '--count', '--store', 'piped'], at())).stdout).toBe('4\n')
  })

  test('--quiet leaves the result and nothing else', async () => {
    const { code, stdout, stderr } = await inProcess(['--quiet', 'ingest', 'logs', '--store', 'quiet'], at())
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
    expect(stdout).toMatch(/^decoded/m)
  })

  test('--fields-from takes the columns of a log without a header from another log', async () => {
    const rows = readFileSync(join(folder, 'logs/web01.log'), 'utf8')
      .split('\r\n')
      .filter(line => !line.startsWith('#'))
    writeFiles(folder, { 'bare/web01.log': rows.join('\r\n') })
    const args = ['ingest', 'bare', '--fields-from', 'logs/web01.log', '--store', 'fields']
    expect((await inProcess(args, at())).stdout).toMatch(/^decoded +4 /m)
  })

  test('--covers closes the days that are declared whole on both sides', async () => {
    const covers = ['--covers', 'gateway:2026-07-01/2026-07-02', 'app:2026-07-01/2026-07-02']
    const { code, stdout } = await inProcess(['ingest', 'logs', '--store', 'covered', ...covers], at())
    expect(code).toBe(0)
    expect(stdout).toMatch(/^closed +2026-07-01$/m)
    const states = await inProcess(
      ['query', '--columns', 'state', '--format', 'csv', '--store', 'covered'],
      at(),
    )
    expect(states.stdout.trim().split('\r\n')).toEqual([
      'state',
      'joined',
      'joined',
      'joined',
      'gateway-only',
      'app-only',
    ])
  })
})

describe('status', () => {
  test('shows sources, how far both sides were joined and why a day is open', async () => {
    const { code, stdout, stderr } = await inProcess(['status'], at())
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
    expect(stdout).toMatch(
      /^logs\/web01\.log +iis-w3c +6 +4 +2 +0 +0 +0 +2026-07-01T22:00:00 +2026-07-01T22:04:00$/m,
    )
    expect(stdout).toMatch(/3 of 4 calls to a target have their app hop +75\.0 %/)
    expect(stdout).toMatch(/3 of 4 app hops have their gateway hop +75\.0 %/)
    expect(stdout).toMatch(/^dc_correlation_id .* x-correlation-id .* equal +3$/m)
    expect(stdout).toMatch(/^2026-07-01 +open +3 +0 +0 +waits: .*no later line from web01/m)
  })

  test('--json is one document with a version', async () => {
    const { stdout } = await inProcess(['status', '--json'], at())
    const document = JSON.parse(stdout) as Record<string, unknown>
    expect(Object.keys(document)).toEqual([
      'version', 'store', 'storeId', 'ledgerHead', 'key', 'signedEntries', 'anchored', 'sources', 'refused', 'joined', 'fieldPairs', 'linksWithoutIds', 'idFields', 'days', 'bytes', 'size', 'pruned',
    ]) // biome-ignore format: a list
    expect(document).toMatchObject({
      version: 1,
      joined: { gatewayHops: 4, targetCalled: 4, gatewayJoined: 3, appHops: 4, appJoined: 3 },
      days: [{ day: '2026-07-01', state: 'open', counts: { linked: 3 }, generation: 1 }],
    })
  })
})

describe('trace', () => {
  test('shows both legs of a request by its correlation id', async () => {
    const { code, stdout, stderr } = await inProcess(['trace', 'id-1-0123456789'], at())
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
    expect(stdout).toMatch(/^GET \/v1\/a\/b {2}500 {2}joined$/m)
    expect(stdout).toContain('logs/export.json line 2')
    expect(stdout).toContain('logs/web01.log line 4')
  })

  test('--raw adds the original lines', async () => {
    const { stdout } = await inProcess(['trace', 'rrt-0a1b2c3d-c-1234-5001-1', '--raw'], at())
    expect(stdout).toContain('"gateway_flow_id":"rrt-0a1b2c3d-c-1234-5001-1"')
    expect(stdout).toContain(
      'web01 10.0.0.1 GET /a/b q=1 443 - 10.9.9.9 500 0 0 500 id-1-0123456789 agent/1.0',
    )
  })

  test('--hops is one document with a version', async () => {
    const { stdout } = await inProcess(['trace', 'id-1-0123456789', '--hops'], at())
    const document = JSON.parse(stdout) as { requests: Record<string, unknown>[] }
    expect(Object.keys(document)).toEqual([
      'version',
      'requests',
      'gateway_hops',
      'app_hops',
      'links',
      'findings',
    ])
    expect(document).toMatchObject({
      version: 1,
      requests: [{ state: 'joined', status: 500, start_ts: '2026-07-01T22:01:00Z', app_hops: 1 }],
      links: [{ verdict: 'linked', method: 'id', how: 'equal' }],
    })
  })

  test('--json is OTLP JSON', async () => {
    const { stdout } = await inProcess(['trace', 'id-1-0123456789', '--json'], at())
    const document = JSON.parse(stdout) as {
      resourceSpans: { scopeSpans: { spans: { name: string; kind: number }[] }[] }[]
    }
    const spans = document.resourceSpans.flatMap(r => r.scopeSpans.flatMap(s => s.spans))
    // SPAN_KIND_SERVER is 2, SPAN_KIND_CLIENT 3 (opentelemetry-proto, trace.proto).
    expect(spans.map(s => s.kind).sort()).toEqual([2, 2, 3])
  })

  test('an id that no hop carries is exit code 1', async () => {
    const { code, stdout, stderr } = await inProcess(['trace', 'no-such-id'], at())
    expect({ code, stdout }).toEqual({ code: 1, stdout: '' })
    expect(stderr).toContain('trace no-such-id: no hop in the store carries this id')
  })
})

describe('query', () => {
  test('prints a table with the number of requests', async () => {
    const { code, stdout, stderr } = await inProcess(['query', 'status >= 400'], at())
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
    const [head, ...rows] = stdout.trimEnd().split('\n')
    expect(head).toMatch(
      /^started \(UTC\) +state +method +path +status +decided by +subject +duration +request$/,
    )
    expect(rows[0]).toMatch(
      /^2026-07-01 22:01:00 +joined +GET +\/v1\/a\/b +500 +app 500\.0 +client-7 +502 ms +[0-9a-f]{32}$/,
    )
    expect(rows.slice(2)).toEqual(['', '2 requests'])
  })

  test('says so where nothing matches, and succeeds', async () => {
    const { code, stdout } = await inProcess(['query', 'status:418'], at())
    expect(code).toBe(0)
    expect(stdout).toContain('no requests match')
  })

  test('--ndjson, --json and --csv have the same rows; columns and their order are those asked for', async () => {
    const ask = async (format: string): Promise<string> =>
      (
        await inProcess(
          ['query', 'state:joined', '--columns', 'path,status,@timestamp', '--format', format],
          at(),
        )
      ).stdout
    const want = [
      { path: '/v1/a', status: 200, start_ts: '2026-07-01T22:00:00Z' },
      { path: '/v1/a/b', status: 500, start_ts: '2026-07-01T22:01:00Z' },
      { path: '/v1/c+d', status: 204, start_ts: '2026-07-01T22:02:00Z' },
    ]
    expect(await ask('ndjson')).toBe(want.map(row => `${JSON.stringify(row)}\n`).join(''))
    expect(JSON.parse(await ask('json'))).toEqual({ version: 1, requests: want })
    const csv = ['path,status,start_ts', ...want.map(row => Object.values(row).join(','))]
    expect(await ask('csv')).toBe(csv.map(line => `${line}\r\n`).join(''))
  })

  test('--count, --limit and a period', async () => {
    const period = ['--from', '2026-07-01T22:01:00Z', '--to', '2026-07-01T22:03:00Z']
    expect((await inProcess(['query', '--count'], at())).stdout).toBe('5\n')
    expect((await inProcess(['query', '--count', ...period], at())).stdout).toBe('2\n')
    const limited = await inProcess(['query', '--limit', '2', '--columns', 'status'], at())
    expect(limited.stdout).toBe('status\n200\n500\n\n2 of 5 requests, the oldest; --limit shows more\n')
  })

  test('--hash is the same for the same requests, and another for others', async () => {
    const hash = async (filter: string): Promise<string> =>
      (await inProcess(['query', filter, '--hash'], at())).stdout
    const all = await hash('')
    expect(all).toMatch(/^5 [0-9a-f]{64}\n$/)
    expect(await hash('status < 1000')).toBe(all)
    expect(await hash('status < 500')).not.toBe(all)
  })

  test('--fields lists what filters may name', async () => {
    const { code, stdout } = await inProcess(['query', '--fields'], at())
    expect(code).toBe(0)
    expect(stdout).toMatch(/^status +integer +http\.response\.status_code /m)
  })
})

describe('export', () => {
  test.each([
    { what: ['facts', '--kind', 'app'], rows: 4 },
    { what: ['facts', '--kind', 'gateway'], rows: 4 },
    { what: ['links'], rows: 3 },
    { what: ['requests', '--filter', 'state:joined'], rows: 3 },
    { what: ['rejects'], rows: 0 },
  ])('$what as NDJSON on stdout', async ({ what, rows }) => {
    const { code, stdout, stderr } = await inProcess(['export', ...what], at())
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
    expect(
      stdout
        .split('\n')
        .filter(line => line !== '')
        .map(line => typeof JSON.parse(line)),
    ).toEqual(Array(rows).fill('object'))
  })

  test('appends to what stdout already holds', async () => {
    await shell('echo first > out.txt; throughline export links >> out.txt; echo last >> out.txt', at())
    const lines = readFileSync(join(folder, 'out.txt'), 'utf8').trimEnd().split('\n')
    expect([lines.length, lines[0], lines.at(-1)]).toEqual([5, 'first', 'last'])
  })

  test('writes a file under its name at the end only, and replaces one only with --force', async () => {
    const args = ['export', 'links', '--format', 'csv', '--output', 'links.csv']
    const first = await inProcess(args, at())
    expect(first).toEqual({ code: 0, stdout: '', stderr: '3 rows written to links.csv\n' })
    expect(readFileSync(join(folder, 'links.csv'), 'utf8').trimEnd().split('\n')).toHaveLength(4)
    const second = await inProcess(args, at())
    expect(second.code).toBe(2)
    expect(second.stderr).toContain('links.csv: the file exists; name another one or give --force')
    expect((await inProcess([...args, '--force'], at())).code).toBe(0)
    expect(existsSync(join(folder, 'links.csv.part'))).toBe(false)
  })

  test('Parquet needs a file', async () => {
    const { code, stderr } = await inProcess(['export', 'facts', '--format', 'parquet'], at())
    expect(code).toBe(2)
    expect(stderr).toContain('--output')
    const args = ['export', 'facts', '--format', 'parquet', '--output', 'facts.parquet']
    expect((await inProcess(args, at())).code).toBe(0)
    expect(readFileSync(join(folder, 'facts.parquet')).subarray(0, 4).toString()).toBe('PAR1')
  })
})

describe('link, simulate, config', () => {
  test('link computes again and finds nothing changed; --close closes the days named', async () => {
    await inProcess(['ingest', 'logs', '--store', 'linked'], at())
    const again = await inProcess(['link', '--store', 'linked'], at())
    expect(again.stdout).toMatch(/^linked +1 day, 0 changed\nclosed +none\n$/)
    const closed = await inProcess(['link', '2026-07-01', '--close', '--store', 'linked'], at())
    expect(closed.stdout).toMatch(/^linked +1 day, 0 changed\nclosed +2026-07-01\n$/)
  })

  test('simulate writes the same bytes for the same seed', async () => {
    const args = ['--hours', '0.1', '--seed', '5']
    expect((await inProcess(['simulate', 'one', ...args], at())).stdout).toMatch(/^gateway +\d/)
    expect((await inProcess(['simulate', 'two', ...args], at())).code).toBe(0)
    expect((await shell('diff -r one two', at())).code).toBe(0)
    const again = await inProcess(['simulate', 'one', ...args], at())
    expect(again.code).toBe(2)
    expect(again.stderr).toContain('simulate one: the folder is not empty')
  })

  test('config check and show name the file they speak of', async () => {
    expect((await inProcess(['config', 'check'], at())).stdout).toContain('built-in defaults')
    writeFileSync(join(folder, 'mine.yaml'), 'engine:\n  threads: 2\n')
    expect((await inProcess(['config', 'check', '--config', 'mine.yaml'], at())).stdout).toBe(
      'mine.yaml: valid\n',
    )
    const { stdout } = await inProcess(['config', 'show', '--config', 'mine.yaml', '--json'], at())
    expect(JSON.parse(stdout)).toMatchObject({
      store: 'throughline-store',
      engine: { threads: 2, memoryMiB: 640 },
    })
  })
})

describe('surroundings', () => {
  test.each([
    { flags: ['--color', 'always'], env: {}, colored: true },
    { flags: ['--color', 'always'], env: { NO_COLOR: '1' }, colored: true },
    { flags: ['--color', 'never'], env: {}, colored: false },
    { flags: [], env: {}, colored: false },
    { flags: [], env: { FORCE_COLOR: '1' }, colored: false },
  ])('a pipe with $flags and $env is coloured: $colored', async ({ flags, env, colored }) => {
    const { stdout } = await inProcess([...flags, 'trace', 'id-1-0123456789'], at({ env }))
    expect(stdout.includes('\x1b[')).toBe(colored)
  })

  test.each(['query --format ndjson', 'export facts', 'status --sources', 'query --fields'])(
    'throughline %s into a pipe that closes after a line succeeds',
    async command => {
      const { code, stdout, stderr } = await shell(`throughline ${command} | head -n 1`, at())
      expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
      expect(stdout.trimEnd().split('\n')).toHaveLength(1)
    },
  )
})
