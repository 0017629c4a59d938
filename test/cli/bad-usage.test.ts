import {
  cpSync,
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  truncateSync,
  unlinkSync,
  writeFileSync,
} from 'node:fs'
import { hostname, tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { inFolder, writeFiles } from '../support/folder.ts'
import { type Ended, inProcess, shell, throughline } from '../support/program.ts'
import { type Call, logFiles } from '../support/traffic.ts'

let folder = ''
const CALL: Call = {
  atMs: 0, takenMs: 500, host: 'web01', method: 'GET', path: '/a', id: 'id-1-0123456789', form: 'plain', status: 200,
  recorded: 'both', hasTwin: false,
} // biome-ignore format: one call

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'tl-test-'))
  writeFiles(join(folder, 'logs'), logFiles([CALL]))
  expect((await inProcess(['ingest', 'logs'], { cwd: folder })).code).toBe(0)
})
afterAll(() => rmSync(folder, { recursive: true, force: true }))

/** A store of one's own, with a copy of what was ingested. */
function withCopy(action: (cwd: string, store: string) => Promise<void>): Promise<void> {
  return inFolder(cwd => {
    cpSync(join(folder, 'throughline-store'), join(cwd, 'throughline-store'), { recursive: true })
    cpSync(join(folder, 'logs'), join(cwd, 'logs'), { recursive: true })
    return action(cwd, join(cwd, 'throughline-store'))
  })
}

function expectFailure(ended: Ended, code: number, words: readonly string[]): void {
  expect({ code: ended.code, stdout: ended.stdout }).toEqual({ code, stdout: '' })
  for (const word of words) expect(ended.stderr).toContain(word)
  expect(ended.stderr).not.toContain('a bug')
}

describe('options', () => {
  test.each([
    { args: ['query', '--from', 'yesterday'], words: ['--from yesterday', '2026-07-01', 'now-7d'] },
    { args: ['query', '--to', '2026-02-30'], words: ['--to 2026-02-30', 'expected a date'] },
    { args: ['query', '--from', '2026-07-02', '--to', '2026-07-01'], words: ['--from 2026-07-02 is not before --to 2026-07-01'] },
    { args: ['query', '--limit', '-1'], words: ['--limit -1', 'a whole number, 0 or more'] },
    { args: ['query', '--limit', 'ten'], words: ['--limit ten', 'a whole number'] },
    { args: ['query', '--columns', 'statuss'], words: ['--columns statuss: unknown column', 'did you mean status?'] },
    { args: ['ingest', 'logs', '--max-rejects', 'few'], words: ['--max-rejects few', 'a whole number'] },
    { args: ['ingest', 'logs', '--covers', 'gateway:2026-07-01'], words: ['--covers gateway:2026-07-01', 'SIDE:FROM/TO'] },
    { args: ['ingest', 'logs', '--covers', 'proxy:2026-07-01/2026-07-02'], words: ['side gateway or app'] },
    { args: ['ingest', 'logs', '--covers', 'app:2026-07-02/2026-07-01'], words: ['two days, the second not included'] },
    { args: ['ingest', 'logs', '--fields-from', 'missing.log'], words: ['--fields-from missing.log', '#Fields directive'] },
    { args: ['ingest', 'logs', '--fields-from', 'logs/export.json'], words: ['it has no #Fields directive'] },
    { args: ['link', '2026-02-30'], words: ['link 2026-02-30: no such date', 'YYYY-MM-DD'] },
    { args: ['link', '--close'], words: ['name the days to close'] },
    { args: ['simulate', 'new', '--hours', 'many'], words: ['hours', 'number'] },
    { args: ['simulate', 'new', '--id-share', '2'], words: ['idShare'] },
    { args: ['export', 'otlp'], words: ['no receiver is named', '--endpoint', '--dry-run'] },
    { args: ['export', 'otlp', '--endpoint', '127.0.0.1:4318'], words: ['127.0.0.1:4318', 'no scheme', 'http://127.0.0.1:4318'] },
    { args: ['export', 'otlp', '--endpoint', 'http://h', '--sample', '0'], words: ['--sample 0', 'more than 0 and 1 at most'] },
    { args: ['export', 'otlp', '--endpoint', 'http://h', '--sample', 'half'], words: ['--sample half', 'no number'] },
    { args: ['export', 'otlp', '--endpoint', 'http://h', '--header', 'authorization'], words: ['--header', '"name: value"'] },
    { args: ['export', 'otlp', '--endpoint', 'http://h', '--name', '../x'], words: ['--name ../x', 'letters'] },
    { args: ['elastic', 'publish', '--url', 'http://127.0.0.1:9', '--name', '../x'], words: ['--name ../x', 'letters'] },
    { args: ['export', 'otlp', '--endpoint', 'https://h', '--ca', 'missing.pem'], words: ['missing.pem'] },
    { args: ['export', 'otlp', '--endpoint', 'http://h', '--prometheus', '9464'], words: ['--prometheus', '--follow'] },
    { args: ['export', 'otlp', '--endpoint', 'http://h', '--filter', 'statsu:200'], words: ['did you mean status?'] },
    { args: ['query', 'status >= '], words: ['status >= ', '^'] },
    { args: ['query', '(status:200'], words: ['(status:200', '^'] },
    { args: ['query', 'statsu:200'], words: ['the field', 'statsu', 'did you mean status?'] },
    { args: ['query', 'status:abc'], words: ['status', 'abc'] },
  ])('throughline $args', async ({ args, words }) => {
    expectFailure(await inProcess(args, { cwd: folder }), 2, words)
  }) // biome-ignore format: a table

  test('wrong usage of ingest touches no store', async () => {
    const args = ['ingest', 'logs', '--store', 'untouched', '--max-rejects', 'few']
    expectFailure(await inProcess(args, { cwd: folder }), 2, ['--max-rejects'])
    expectFailure(await inProcess(['status', '--store', 'untouched'], { cwd: folder }), 2, ['no store there'])
  })

  test('an output file in a folder that does not exist', async () => {
    const args = ['export', 'links', '--output', 'nowhere/links.ndjson']
    expectFailure(await inProcess(args, { cwd: folder }), 3, ['nowhere/links.ndjson'])
  })

  test.each(['status', 'export facts'])(
    'throughline %s into a full disk fails and says so',
    async command => {
      const { code, stderr } = await shell(`throughline ${command} > /dev/full`, { cwd: folder })
      expect(code).toBe(3)
      expect(stderr).toContain('standard output')
      expect(stderr).toContain('no space left on device')
    },
  )
})

describe('configuration', () => {
  test.each([
    { text: 'engin:\n  threads: 2\n', words: ['config c.yaml: engin: unknown key', 'did you mean engine?'] },
    { text: 'engine:\n  thread: 2\n', words: ['engine.thread: unknown key', 'did you mean threads?'] },
    { text: 'engine:\n  threads: two\n', words: ['engine.threads', 'expected number', 'string'] },
    { text: 'engine:\n  memoryMiB: 10\n', words: ['engine.memoryMiB', '>=256'] },
    { text: 'hosts:\n  - host: web01\n', words: ['hosts.0.path'] },
    { text: 'store: [unclosed\n', words: ['config c.yaml: not YAML', 'line'] },
    { text: '- a list\n', words: ['config c.yaml', 'object'] },
  ])('$text', async ({ text, words }) => {
    await inFolder(async cwd => {
      writeFileSync(join(cwd, 'c.yaml'), text)
      expectFailure(await inProcess(['config', 'check', '--config', 'c.yaml'], { cwd }), 2, words)
    })
  })

  test('a file that does not exist', async () => {
    const args = ['status', '--config', 'missing.yaml']
    expectFailure(await inProcess(args, { cwd: folder }), 2, [
      'config missing.yaml: no such file',
      '--config',
    ])
  })
})

describe('the store', () => {
  test.each(['status', 'trace x', 'query', 'export facts'])(
    '%s without a store says how to make one',
    async command => {
      const args = [...command.split(' '), '--store', 'none']
      expectFailure(await inProcess(args, { cwd: folder }), 2, [
        'store none: no store there',
        'throughline ingest',
      ])
    },
  )

  test('a store of a newer version is not touched', async () => {
    await withCopy(async (cwd, store) => {
      const entry = join(store, 'ledger/000/000001.json')
      writeFileSync(entry, readFileSync(entry, 'utf8').replace('"version":1', '"version":99'))
      const words = ['store version 99', 'reads up to 1', 'upgrade Throughline']
      expectFailure(await inProcess(['status'], { cwd }), 2, words)
      expectFailure(await inProcess(['ingest', 'logs'], { cwd }), 2, words)
    })
  })

  test.each<{ name: string; damage: (store: string) => void; words: string[] }>([
    { name: 'altered entry', damage: store => edit(store, 1, text => text.replace(/"at":"20/, '"at":"19')), words: ['000002.json', 'does not continue the entry before it'] },
    { name: 'missing entry', damage: store => unlinkSync(join(store, 'ledger/000/000001.json')), words: ['000001.json', 'missing'] },
    { name: 'entry that is no JSON', damage: store => edit(store, 1, text => text.slice(0, 50)), words: ['000001.json', 'not JSON'] },
    { name: 'entry of an unknown kind', damage: store => edit(store, 2, text => text.replace('"kind":"config"', '"kind":"other"')), words: ['000002.json'] },
    { name: 'missing segment', damage: store => rmSync(join(store, 'facts'), { recursive: true }), words: ['facts/'] },
    { name: 'truncated segment', damage: store => truncateSegments(store), words: ['facts/'] },
  ])('an $name is damage: exit code 3 and where', async ({ damage, words }) => {
    await withCopy(async (cwd, store) => {
      damage(store)
      expectFailure(await inProcess(['query'], { cwd }), 3, [...words, 'Restore'])
    })
  }) // biome-ignore format: a table

  test('a store that another process is writing to is busy; readers go on', async () => {
    await withCopy(async (cwd, store) => {
      writeFileSync(join(store, 'writer.lock'), JSON.stringify({ pid: process.pid, host: hostname() }))
      const words = [`process ${process.pid} on ${hostname()} is writing to it`, 'writer.lock']
      expectFailure(await inProcess(['ingest', 'logs'], { cwd }), 3, words)
      expect((await inProcess(['query', '--count'], { cwd })).stdout).toBe('1\n')
    })
  })

  test('a lock whose process is gone is taken over', async () => {
    await withCopy(async (cwd, store) => {
      const { stdout: pid } = await shell('echo $$', { cwd })
      writeFileSync(join(store, 'writer.lock'), JSON.stringify({ pid: Number(pid), host: hostname() }))
      expect((await inProcess(['ingest', 'logs'], { cwd })).code).toBe(0)
    })
  })

  test('of several writers at once each does its work or says that the store is busy', async () => {
    await withCopy(async cwd => {
      rmSync(join(cwd, 'throughline-store'), { recursive: true })
      const ended = await Promise.all([1, 2, 3].map(() => throughline(['ingest', 'logs'], { cwd })))
      expect(ended.filter(e => e.code === 0).length).toBeGreaterThan(0)
      for (const { stderr } of ended.filter(e => e.code !== 0)) expect(stderr).toContain('store')
      expect(ended.map(e => e.code).filter(code => code !== 0 && code !== 3)).toEqual([])
      expect((await inProcess(['query', '--count'], { cwd })).stdout).toBe('1\n')
    })
  })
})

describe('signals', () => {
  test.each([
    { signal: 'SIGINT', code: 130 },
    { signal: 'SIGTERM', code: 143 },
  ] as const)(
    '$signal ends ingest with exit code $code and leaves no log lines behind',
    async ({ signal, code }) => {
      await withCopy(async (cwd, store) => {
        const ended = await throughline(['ingest', 'logs', '-'], {
          cwd,
          input: 'open',
          during: child => {
            const timer = setInterval(() => {
              if (!existsSync(join(store, 'tmp'))) return
              const names = readdirSync(join(store, 'tmp'), { recursive: true, encoding: 'utf8' })
              if (!names.some(name => name.endsWith('/chunks'))) return
              clearInterval(timer)
              child.kill(signal)
            }, 20)
          },
        })
        expect(ended.code).toBe(code)
        expect(ended.stderr).toContain(`${signal}: stopped`)
        expect(readdirSync(cwd).sort()).toEqual(['config', 'logs', 'throughline-store'])
        expect(existsSync(join(store, 'tmp'))).toBe(false)
        expect((await inProcess(['ingest', 'logs'], { cwd })).code).toBe(0)
      })
    },
  )
})

function edit(store: string, seq: number, change: (text: string) => string): void {
  const path = join(store, `ledger/000/00000${seq}.json`)
  writeFileSync(path, change(readFileSync(path, 'utf8')))
}

function truncateSegments(store: string): void {
  for (const name of readdirSync(join(store, 'facts'), { recursive: true, encoding: 'utf8' }))
    if (name.endsWith('.parquet')) truncateSync(join(store, 'facts', name), 100)
}
