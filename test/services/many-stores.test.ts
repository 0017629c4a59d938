import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { copyStore, filesBelow, makeFleet } from '../support/fleet.ts'
import { type Ended, inProcess } from '../support/program.ts'
import { withPage } from './support/chromium.ts'
import { needs } from './support/tools.ts'

const TRAFFIC = {
  start: '2026-03-02T00:00:00Z', hours: 26, ratePerSecond: 0.03, seed: 9, idShare: 0.75, reusedIdShare: 0.1, 
  lostAppShare: 0.02, lostGatewayShare: 0.02, bypassShare: 0.03,
} as const // biome-ignore format: a table

let folder = ''

const run = (...args: string[]): Promise<Ended> => inProcess(args, { cwd: folder })
const one = (...args: string[]): Promise<Ended> => run(...args, '--store', 'one')
const fleet = (...args: string[]): Promise<Ended> => run(...args, '--store', 'fleet')

/** Without what tells where lines stand: the split logs are other files. */
function placeless({ code, stdout }: Ended): { code: number | null; stdout: string } {
  const text = stdout
    .replace(/parts\/partition-\d+\//g, 'traffic/')
    .replace(/ {2}in partition-\d+$/gm, '')
    .replace(/ line \d+/g, ' line N')
    .replace(/\.(json|log):\d+/g, '.$1:N')
    .replace(/"(source_id|line_no|byte_offset)": \d+/g, '"$1": 0')
    .replace(/"(line_no|byte_offset)": "\d+"/g, '"$1": "0"')
    // Of all candidates of a day: one store also compares ids with lines of other applications (callouts).
    .replace(/"content_hash": "[0-9a-f]{64}"/g, '"content_hash": ""')
  return { code, stdout: text }
}

/** The same command gives the same on one store and on several. */
async function same(...args: string[]): Promise<string> {
  const [alone, together] = [await one(...args), await fleet(...args)]
  expect(placeless(together)).toEqual(placeless(alone))
  return alone.stdout
}

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'tl-test-'))
  await makeFleet(folder, {
    options: TRAFFIC,
    partitions: { payroll: 0, orders: 1, directory: 2, default: 2 },
    closed: '2026-03-02',
    // A line that cannot be read, in a log that several applications share.
    before: traffic => {
      const log = join(traffic, filesBelow(traffic).find(name => /WEB-APP-01.*ex260302/.test(name)) ?? '')
      writeFileSync(log, `${readFileSync(log, 'utf8')}2026-03-02 23:59:59 cut short\r\n`)
    },
  })
}, 240_000)

afterAll(() => rmSync(folder, { recursive: true, force: true }))

const PERIOD = ['--from', '2026-03-02T06:00:00Z', '--to', '2026-03-03T01:30:00Z']

describe('query answers for several stores as for one that had read everything', () => {
  const filters: readonly { name: string; args: readonly string[]; finds?: false }[] = [
    { name: 'everything', args: [''] },
    { name: 'what failed, in a period', args: ['status >= 400', ...PERIOD] },
    { name: 'one application', args: ['application:orders'] },
    { name: 'one subject, whom several applications know', args: ['subject:*meyer* or subject:*keller*'] },
    { name: 'what is not joined', args: ['not state:joined'] },
    { name: 'nothing', args: ['subject:nobody-of-that-name'], finds: false },
  ]
  test.each(filters)('$name: hash, count, rows and table', async ({ args, finds = true }) => {
    const hash = await same('query', ...args, '--hash')
    expect(hash).toMatch(finds ? /^[1-9]\d* [0-9a-f]{64}\n$/ : /^0 [0-9a-f]{64}\n$/)
    expect(await same('query', ...args, '--count')).toBe(`${hash.split(' ')[0]}\n`)
    await same('query', ...args, '--format', 'csv')
    await same('query', ...args)
  })

  test('what a rule finds, over a log that several stores have', async () => {
    expect(await same('query', 'finding:gateway-bypass or incident:*', '--hash')).toMatch(/^[1-9]/)
  })

  test.each(['json', 'ndjson', 'csv', 'table'])(
    'the first rows over all stores as %s, of some columns',
    async format => {
      await same(
        'query',
        'status < 400',
        '--limit',
        '7',
        '--format',
        format,
        '--columns',
        'application,path,subject',
      )
    },
  )

  test('stores that are named one by one are the same as their folder', async () => {
    const stores = [2, 0, 1].flatMap(n => ['--store', `fleet/partition-000${n}`])
    expect(await run('query', '--hash', ...stores)).toEqual(await one('query', '--hash'))
  })

  test('the configured store may be a folder of stores', async () => {
    writeFileSync(
      join(folder, 'fleet.yaml'),
      `store: fleet\n${readFileSync(join(folder, 'throughline.yaml'), 'utf8')}`,
    )
    expect(await run('query', '--hash', '--config', 'fleet.yaml')).toEqual(await one('query', '--hash'))
  })

  test('requests that were made ready are searched alike', async () => {
    for (const n of [0, 1, 2])
      expect((await run('store', 'compact', '--store', `fleet/partition-000${n}`)).code).toBe(0)
    for (const args of [[], ['subject:*meyer*'], ['status >= 400', ...PERIOD]])
      await same('query', ...args, '--hash')
  })
})

describe('other commands do, too', () => {
  test('findings: incidents, the requests behind them, and what was not evaluated', async () => {
    const [found, together] = [await one('findings', '--json', '--requests'), await fleet('findings', '--json', '--requests')].map(said => JSON.parse(said.stdout))
    // Of open days a store tells in the order in which it first heard of them.
    const sorted = ({ not_evaluated: rows }: { not_evaluated: object[] }): string[] => rows.map(row => JSON.stringify(row)).sort()
    expect(together.incidents).toEqual(found.incidents)
    expect(sorted(together)).toEqual(sorted(found))
    expect(found.incidents.map((it: { rule: string }) => it.rule)).toContain('gateway-bypass')
    // About a host whose lines lie in several stores.
    expect(found.incidents.map((it: { rule: string }) => it.rule)).toContain('clock-drift')
    await same('findings', '--requests', '--severity', 'high', ...PERIOD)
    await same('findings', '--open-days')
  })

  test('coverage of logs that several stores have lines of, and clocks', async () => {
    await same('coverage', '--json')
    await same('coverage', '--all')
    await same('coverage', '--strict', '--application', 'orders')
    await same('clocks', '--json')
  })

  test('export requests, in every format; of links and facts all but the places of their lines', async () => {
    for (const format of ['csv', 'ndjson']) await same('export', 'requests', '--format', format, '--filter', 'status >= 400')
    await same('export', 'requests', '--format', 'csv', ...PERIOD)
    for (const [store, name] of [['one', 'a'], ['fleet', 'b']] as const)
      expect((await run('export', 'requests', '--format', 'parquet', '--output', `${name}.parquet`, '--store', store)).code).toBe(0)
    expect(readFileSync(join(folder, 'b.parquet')).equals(readFileSync(join(folder, 'a.parquet')))).toBe(true)
    for (const what of [['links'], ['facts'], ['facts', '--kind', 'app', ...PERIOD]]) {
      const rows = async (store: string): Promise<object[]> => ndjson(await run('export', ...what, '--store', store)).map(placed)
      const all = await rows('one')
      expect(all.length).toBeGreaterThan(100)
      expect(await rows('fleet')).toEqual(all)
    }
  })

  test('export rejects, each with the file that it is from', async () => {
    const [alone] = ndjson(await one('export', 'rejects'))
    const rejects = ndjson(await fleet('export', 'rejects'))
    expect(rejects.map(it => it.sha256)).toEqual([alone?.sha256])
    expect(rejects[0]?.file).toMatch(/^parts\/partition-0002\/iis\/WEB-APP-01\/.*260302/)
  })

  test('trace and explain, by what any id stands for, and say in which store it is', async () => {
    const requests = ndjson(await one('query', 'correlation_id:*', '--format', 'ndjson', '--columns', 'id,correlation_id,application'))
    const ids = [requests[0]?.correlation_id, requests.at(-1)?.request_id].map(String)
    for (const id of ids) for (const flags of [[], ['--hops'], ['--json'], ['--raw']]) await same('trace', id, ...flags)
    for (const flags of [[], ['--json']]) await same('explain', ids[0] ?? '', ...flags)
    expect((await fleet('trace', ids[0] ?? '')).stdout).toMatch(/ {2}in partition-\d+$/m)
    await same('trace', 'an-id-that-nobody-sent')
  })

  test('status and subjects list', async () => {
    const { stdout } = await fleet('status', '--json')
    const { stores } = JSON.parse(stdout)
    expect(stores.map((it: { store: string }) => it.store)).toEqual([0, 1, 2].map(n => expect.stringContaining(`partition-000${n}`)))
    expect((await fleet('status')).stdout.match(/^store {5}/gm)).toHaveLength(3)
    await same('subjects', 'list')
  })

  test('every store that was read has a record of it, which names all', async () => {
    const before = recordsOf('fleet/partition-0001').length
    await fleet('query', 'status >= 500', '--hash')
    const [asked, given] = recordsOf('fleet/partition-0001').slice(before)
    expect(asked).toMatchObject({ command: 'query' })
    expect(JSON.parse(String(asked?.asked)).stores).toHaveLength(3)
    for (const n of [0, 2]) expect(recordsOf(`fleet/partition-000${n}`).slice(-2).map(unchained)).toEqual([asked, given].map(unchained))
    expect(`${given?.rows} ${given?.population}\n`).toBe((await one('query', 'status >= 500', '--hash')).stdout)
  })
}) // biome-ignore format: one step a line

type Row = Readonly<Record<string, unknown>>

function ndjson({ stdout }: Ended): Row[] {
  return stdout.trimEnd().split('\n').filter(line => line !== '').map(line => JSON.parse(line) as Row)
} // biome-ignore format: one line

/** Where a line stands in its file is left out. */
function placed({ source_id: _, line_no: _l, byte_offset: _b, app_line_no: _a, gateway_line_no: _g, app_file, gateway_file, ...row }: Row): Row {
  const names = [app_file, gateway_file].map(name => String(name).replace(/^(?:traffic|parts\/partition-\d+)\//, ''))
  return { ...row, names }
} // biome-ignore format: one line

/** Lines of records of reads that no writer has taken in yet, oldest first. */
function recordsOf(store: string): Row[] {
  const at = join(folder, store, 'readers/closed')
  const rows = readdirSync(at).map(name => readFileSync(join(at, name), 'utf8').trimEnd().split('\n').map(line => JSON.parse(line) as Row))
  return rows.sort((a, b) => (String(a[0]?.at) < String(b[0]?.at) ? -1 : 1)).flat()
} // biome-ignore format: one line each

function unchained({ prev: _, at: _at, ...row }: Row = {}): Row {
  return row
}

describe('what cannot be read as one store is refused, with what to do', () => {
  const refused: readonly { name: string; args: readonly string[]; words: readonly string[] }[] = [
    { name: 'a store that is not there', args: ['query', '--store', 'one', '--store', 'gone'], words: ['store gone', 'no store there'] },
    { name: 'a folder without stores', args: ['query', '--store', 'traffic'], words: ['store traffic', 'no store there'] },
    { name: 'a store that is named twice', args: ['query', '--store', 'one', '--store', './one'], words: ['--store ./one', 'the same store as one'] },
    { name: 'a store within a folder that is named, too', args: ['query', '--store', 'fleet', '--store', 'fleet/partition-0001'], words: ['named twice'] },
    { name: 'several, to read logs into', args: ['ingest', 'traffic/iis', '--store', 'fleet'], words: ['holds 3', 'takes one store'] },
    { name: 'several, to link', args: ['link', '--store', 'one', '--store', 'fleet'], words: ['given 2 times', 'takes one store'] },
    { name: 'several, to hold', args: ['hold', 'list', '--store', 'fleet'], words: ['takes one store'] },
    { name: 'several, to suppress a finding in', args: ['findings', 'suppress', 'inc-0123456789abcdef', '--reason', 'r', '--author', 'a', '--until', '2030-01-01', '--store', 'fleet'], words: ['takes one store'] },
    { name: 'several, to follow findings of', args: ['findings', '--follow', '--store', 'fleet'], words: ['--follow', 'takes one store'] },
    { name: 'several, to follow with traces', args: ['export', 'otlp', '--follow', '--endpoint', 'http://127.0.0.1:9', '--store', 'fleet'], words: ['--follow', 'takes one store'] },
  ] // biome-ignore format: a table
  test.each(refused)('$name', async ({ args, words }) => {
    const { code, stdout, stderr } = await run(...args)
    expect([code, stdout]).toEqual([2, ''])
    for (const word of words) expect(stderr).toContain(word)
  })

  test('a partition of which only the folder is there', async () => {
    mkdirSync(join(folder, 'fleet/partition-0003'))
    const { code, stderr } = await fleet('query', '--count')
    rmSync(join(folder, 'fleet/partition-0003'), { recursive: true })
    expect(code).toBe(2)
    expect(stderr).toContain('fleet/partition-0003: the folder is there and no store is in it')
  })

  test('a copy of a store', async () => {
    copyStore(folder, 'fleet/partition-0001', 'copy')
    const { code, stderr } = await run('query', '--count', '--store', 'fleet', '--store', 'copy')
    expect(code).toBe(2)
    expect(stderr).toContain('one is a copy of the other')
  })

  test('stores that hold the same requests: nothing is given out, and nobody is counted twice', async () => {
    for (const args of [['query'], ['findings'], ['export', 'requests']]) {
      const { code, stdout, stderr } = await run(...args, '--store', 'fleet', '--store', 'one')
      expect([code, stdout]).toEqual([2, ''])
      expect(stderr).toContain('both hold gateway hop ')
    }
  })

  test('an application that lies in two stores, and other settings, are told', async () => {
    writeFileSync(join(folder, 'other.yaml'), 'trustedProxies: [10.30.0.0/16]\n')
    const logs = filesBelow(join(folder, 'traffic/iis')).filter(name => /WEB-PAY-01.*260302/.test(name)).map(name => `traffic/iis/${name}`)
    mkdirSync(join(folder, 'two'))
    writeFileSync(join(folder, 'two/a.log'), readFileSync(join(folder, logs[0] ?? '')).toString().replaceAll('2026-03-02', '2026-03-03'))
    expect((await run('ingest', 'two/a.log', '--config', 'other.yaml', '--store', 'two/store')).code).toBe(0)
    const { code, stderr } = await run('query', '--count', '--store', 'fleet/partition-0002', '--store', 'two/store')
    expect(code).toBe(0)
    expect(stderr).toContain('application default has hops of 2026-03-03 in partition-0002, store: links are made within a store')
    expect(stderr).toMatch(/stores were written with other settings than partition-0002: store \(applications, .*trustedProxies/)
  })
}) // biome-ignore format: one step a line

describe('a bundle of evidence of several stores', () => {
  const ASK = ['status >= 400', '--from', '2026-03-02', '--to', '2026-03-03', '--purpose', 'Review', '--requester', 'Ada', '--requested-at', '2026-07-10T12:00:00Z']
  /** About an open day, which rules do not judge: that takes a while. */
  const LATER = ['--from', '2026-03-03', '--to', '2026-03-04', ...ASK.slice(5)]
  const verify = (dir: string, ...args: string[]): Promise<Ended> => run('evidence', 'verify', dir, ...args)
  let keys: string[] = []

  /** A copy of the bundle that was changed. */
  async function forged(change: (at: string) => void): Promise<Ended> {
    rmSync(join(folder, 'forged'), { recursive: true, force: true })
    cpSync(join(folder, 'evidence'), join(folder, 'forged'), { recursive: true })
    change(join(folder, 'forged'))
    return verify('forged')
  }

  beforeAll(async () => {
    const { code, stdout } = await run('evidence', 'create', ...ASK, '--output', 'evidence', '--store', 'fleet')
    expect(code).toBe(0)
    keys = [...stdout.matchAll(/--key ([0-9a-f]{64})/g)].map(([, key = '']) => key)
    expect(keys).toHaveLength(3)
  })

  test('has the population of one store, and equal bytes where it is made again', async () => {
    const { payload } = JSON.parse(readFileSync(join(folder, 'evidence/combined.json'), 'utf8'))
    const { predicate } = JSON.parse(Buffer.from(payload, 'base64').toString())
    const { stdout } = await one('query', 'status >= 400', '--from', '2026-03-02', '--to', '2026-03-03', '--hash')
    expect(`${predicate.requests} ${predicate.populationHash}\n`).toBe(stdout)
    expect((await run('evidence', 'create', ...ASK, '--output', 'again', '--store', 'fleet')).code).toBe(0)
    expect(filesBelow(join(folder, 'again'))).toEqual(filesBelow(join(folder, 'evidence')))
    for (const name of filesBelow(join(folder, 'again')))
      expect(readFileSync(join(folder, 'again', name)).equals(readFileSync(join(folder, 'evidence', name)))).toBe(true)
  })

  test('passes: with the keys of all it is anchored, and the stores agree', async () => {
    const all = keys.flatMap(key => ['--key', key])
    const { code, stdout } = await verify('evidence', ...all, '--store', 'fleet')
    expect([code, stdout]).toEqual([0, expect.stringMatching(/^AGREEMENT +PASS/m)])
    expect(stdout).toMatch(/^ANCHORED/m)
    expect((await verify('evidence', ...all.slice(0, 2))).code).toBe(1)
    expect((await verify('evidence')).stdout).toContain('UNANCHORED')
    expect((await verify('evidence', ...all, '--key', 'ab'.repeat(32))).stdout).toContain(`no store of the bundle has key ${'ab'.repeat(32)}`)
    expect((await verify('evidence/stores/partition-0001', '--key', keys[1] ?? '', '--store', 'fleet')).code).toBe(0)
  })

  test('the program that lies in it says the same', async () => {
    const { stdout } = await inProcess(['evidence', 'verify', 'evidence', '--json'], { cwd: folder })
    const { execFileSync } = await import('node:child_process')
    expect(execFileSync(process.execPath, [join(folder, 'evidence/verify.mjs'), '--json'], { encoding: 'utf8' })).toBe(stdout)
  })

  needs('chromium')('in a browser without a network', () => {
    test('the page that lies in it says the same, also of a bundle that was changed', async () => {
      rmSync(join(folder, 'changed'), { recursive: true, force: true })
      cpSync(join(folder, 'evidence'), join(folder, 'changed'), { recursive: true })
      edit(join(folder, 'changed'), it => { it.predicate.requests++ })
      await withPage(async page => {
        const asked: string[] = []
        page.on('request', request => void asked.push(request.url()))
        for (const [bundle, code] of [['evidence', 0], ['changed', 1]] as const) {
          await page.goto(pathToFileURL(join(folder, 'evidence/verify.html')).href)
          await page.setInputFiles('#folder', join(folder, bundle))
          const lines = page.locator('#lines')
          await lines.waitFor()
          const { stdout, code: own } = await verify(bundle)
          expect([own, await lines.textContent()]).toEqual([code, stdout.trimEnd()])
        }
        expect(asked.filter(url => !url.startsWith('file:'))).toEqual([])
      })
    })
  })

  const forgeries: readonly { name: string; change: (at: string) => void; words: string }[] = [
    { name: 'a bundle is left out', change: at => rmSync(join(at, 'stores/partition-0001'), { recursive: true }), words: 'stores/partition-0001' },
    { name: 'a bundle is put in the place of another', change: at => { rmSync(join(at, 'stores/partition-0001'), { recursive: true }); cpSync(join(at, 'stores/partition-0000'), join(at, 'stores/partition-0001'), { recursive: true }) }, words: 'the bundle is of' },
    { name: 'a file is added', change: at => writeFileSync(join(at, 'stores/note.txt'), 'x'), words: 'the file is not listed in combined.json' },
    { name: 'a bundle is added', change: at => cpSync(join(at, 'stores/partition-0000'), join(at, 'stores/partition-0007'), { recursive: true }), words: 'is not listed in combined.json' },
    { name: 'the page is changed', change: at => writeFileSync(join(at, 'report.html'), 'all is well'), words: 'report.html: its SHA-256 is not that in combined.json' },
    { name: 'a line of one of them is changed', change: at => { const file = join(at, 'stores/partition-0002/population.ndjson'); writeFileSync(file, readFileSync(file, 'utf8').replace('"status":4', '"status":2')) }, words: 'stores/partition-0002/population.ndjson' },
    { name: 'the statement is written anew without a store', change: at => edit(at, it => it.predicate.stores.pop()), words: 'combined.json' },
    { name: 'the statement says another total', change: at => edit(at, it => { it.predicate.requests++ }), words: 'it says' },
    { name: 'a store has not signed', change: at => edit(at, () => undefined, 1), words: 'has not signed it' },
    { name: 'it is no statement', change: at => writeFileSync(join(at, 'combined.json'), '{}'), words: 'it is no envelope' },
    { name: 'a name leads out of it', change: at => edit(at, it => { Object.assign(it.predicate.stores[0] ?? {}, { name: '..' }) }), words: 'its statement is not about bundles' },
  ] // biome-ignore format: a table
  test.each(forgeries)('fails where $name', async ({ change, words }) => {
    const { code, stdout } = await forged(change)
    expect([code, stdout]).toEqual([1, expect.stringContaining(words)])
  })

  test('a bundle of the same store that answers another question fails', async () => {
    expect((await run('evidence', 'create', ...LATER, '--output', 'other', '--store', 'fleet')).code).toBe(0)
    const { code, stdout } = await forged(at => {
      rmSync(join(at, 'stores/partition-0001'), { recursive: true })
      renameSync(join(folder, 'other/stores/partition-0001'), join(at, 'stores/partition-0001'))
    })
    expect([code, stdout]).toEqual([1, expect.stringContaining('its query.json is another one')])
  })

  test('people can be withheld: then it has no hash', async () => {
    expect((await run('evidence', 'create', ...LATER, '--redact', '--output', 'redacted', '--store', 'fleet')).code).toBe(0)
    const { code, stdout } = await verify('redacted')
    expect([code, stdout]).toEqual([0, expect.stringMatching(/^INTEGRITY +PASS/m)])
    expect(readFileSync(join(folder, 'redacted/report.html'), 'utf8')).not.toContain('Hash of all requests')
  })

  test('of a store that is at hand and was left out, answers are missed', async () => {
    const two = ['--store', 'fleet/partition-0000', '--store', 'fleet/partition-0001']
    expect((await run('evidence', 'create', ...LATER, '--output', 'fewer', ...two)).code).toBe(0)
    expect((await verify('fewer', ...two)).code).toBe(0)
    const { code, stdout } = await verify('fewer', '--store', 'fleet')
    expect([code, stdout]).toEqual([1, expect.stringMatching(/the bundle has nothing of store .* requests that answer the question/)])
  })

  test('stores that say otherwise together than each alone are refused', async () => {
    await run('simulate', 'more', '--start', '2026-03-02T00:00:00Z', '--hours', '1', '--rate-per-second', '0.05', '--seed', '77')
    await run('ingest', 'more/apigee', 'more/iis', '--store', 'open')
    const { code, stderr } = await run('evidence', 'create', ...ASK, '--output', 'torn', '--store', 'one', '--store', 'open')
    expect([code, stderr]).toEqual([2, expect.stringMatching(/some requests are others in the stores together than in each alone, as application \w+ has hops of one day in one and open/)])
    expect(existsSync(join(folder, 'torn'))).toBe(false)
  })

  test('totals of the Stats API are of calls of all stores', async () => {
    writeFileSync(join(folder, 'stats.json'), '{}')
    const { code } = await run('evidence', 'create', ...ASK, '--stats', 'stats.json', '--output', 'stats', '--store', 'fleet')
    expect(code).toBe(2)
  })
}) // biome-ignore format: one step a line

interface Statement {
  readonly predicate: { stores: { name: string }[]; requests: number }
}

/** Writes combined.json with another statement, and so many signatures fewer. */
function edit(at: string, change: (statement: Statement) => unknown, fewer = 0): void {
  const file = join(at, 'combined.json')
  const envelope = JSON.parse(readFileSync(file, 'utf8')) as { payload: string; payloadType: string; signatures: object[] }
  const statement = JSON.parse(Buffer.from(envelope.payload, 'base64').toString()) as Statement
  change(statement)
  const payload = Buffer.from(JSON.stringify(statement)).toString('base64')
  const { payloadType, signatures } = envelope
  writeFileSync(file, `${JSON.stringify({ payload, payloadType, signatures: signatures.slice(fewer) })}\n`)
} // biome-ignore format: one line each
