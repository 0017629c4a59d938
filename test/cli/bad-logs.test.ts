import { createHash } from 'node:crypto'
import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { beforeAll, describe, expect, test } from 'vitest'
import { inFolder, writeFiles } from '../support/folder.ts'
import { type Ended, inProcess } from '../support/program.ts'
import { type Call, gatewayRows, IIS_HEADER, iisLog, iisRows, ndjson } from '../support/traffic.ts'

const CALLS: readonly Call[] = [0, 60_000, 120_000].map((atMs, i) => ({
  atMs, takenMs: 500, host: 'web01', method: 'GET', path: '/a', id: `id-${i}-0123456789`, form: 'plain', status: 200,
  recorded: 'both', hasTwin: false,
})) // biome-ignore format: three calls
const ROWS = iisRows(CALLS, 'web01')
const [FIRST = '', SECOND = '', THIRD = ''] = ROWS
const FIELDS = IIS_HEADER[1]

/** Ingests one file that the user names. */
async function ingestFile(name: string, content: string | Uint8Array): Promise<Ended> {
  return inFolder(async folder => {
    writeFiles(folder, { [name]: content })
    return inProcess(['ingest', name], { cwd: folder })
  })
}

/** Bytes that look random and are the same every time. */
function noise(blocks: number): Buffer {
  return Buffer.concat(
    Array.from({ length: blocks }, (_, i) => createHash('sha256').update(String(i)).digest()),
  )
}

describe('files that are no logs are refused by name, with what to hand over instead, and exit code 3', () => {
  const files: readonly { name: string; content: string | Uint8Array; words: string[] }[] = [
    { name: 'empty.log', content: '', words: ['an empty file', 'nothing to read'] },
    { name: 'noise.log', content: noise(64), words: ['a binary file'] },
    { name: 'wide.log', content: Buffer.from(`\ufeff${iisLog(ROWS)}`, 'utf16le'), words: ['UTF-16', 'convert it to UTF-8'] },
    { name: 'zeros.log', content: Buffer.alloc(65_536), words: ['nothing but NUL bytes'] },
    { name: 'bare.log', content: ROWS.join('\r\n'), words: ['without a #Fields directive', '--fields-from FILE'] },
    { name: 'notes.txt', content: 'buy milk\n', words: ['expected an Apigee analytics export or an IIS W3C log'] },
    { name: 'rows.csv', content: 'a,b\n1,2\n', words: ['expected an Apigee analytics export or an IIS W3C log'] },
    { name: 'logs.zip', content: Buffer.from('504b030414000000', 'hex'), words: ['a ZIP archive', 'unzip it'] },
  ] // biome-ignore format: a table
  let ended: Ended
  beforeAll(async () => {
    await inFolder(async folder => {
      writeFiles(folder, Object.fromEntries(files.map(({ name, content }) => [name, content])))
      ended = await inProcess(['ingest', ...files.map(({ name }) => name)], { cwd: folder })
    })
  })

  test('none of them is read', () => {
    expect(ended.code).toBe(3)
    expect(ended.stdout).not.toMatch(/^decoded +[1-9]/m)
  })

  test.each(files)('$name', ({ name, words }) => {
    const said = ended.stdout.split('\n').find(line => new RegExp(`^refused +${name}: `).test(line))
    for (const word of words) expect(said).toContain(word)
  })

  test('files that lie beside logs in a folder are refused too, and the rest succeeds', async () => {
    await inFolder(async folder => {
      writeFiles(folder, { 'logs/a.log': iisLog(ROWS), 'logs/read me.txt': 'hello\n', 'logs/today.log': '' })
      const { code, stdout } = await inProcess(['ingest', 'logs'], { cwd: folder })
      expect(code).toBe(0)
      expect(stdout).toMatch(/^refused +logs\/read me\.txt: /m)
      expect(stdout).toMatch(/^refused +logs\/today\.log: an empty file/m)
      expect(stdout).toMatch(/^decoded +3 /m)
    })
  })
})

describe('rows that cannot be read are rejected and counted by reason; the rest of the source is read', () => {
  const replaced = (from: string, to: string): string => iisLog([FIRST, SECOND.replace(from, to), THIRD])
  const broken = (change: (row: string) => string): string => {
    const [first = '', second = '', third = ''] = ndjson(gatewayRows(CALLS)).trimEnd().split('\n')
    return `${[first, change(second), third].join('\n')}\n`
  }
  const sources: readonly { name: string; content: string | Uint8Array; reason: string; decoded?: number }[] = [
    { name: 'a column too few', content: replaced(' 443 ', ' '), reason: 'too-few-columns' },
    { name: 'a column too many', content: replaced(' 443 ', ' 443 443 '), reason: 'too-many-columns' },
    { name: 'a raw space in a value', content: replaced('/a q=1', '/a b q=1'), reason: 'too-many-columns' },
    { name: 'a date that does not exist', content: replaced('2026-07-01', '2026-02-30'), reason: 'bad-date' },
    { name: 'a time that does not exist', content: replaced('22:01:00', '24:01:00'), reason: 'bad-date' },
    { name: 'a status that is no number', content: replaced(' 200 ', ' 2OO '), reason: 'bad-number' },
    { name: 'NULs inside a row', content: replaced('GET', 'G\0T'), reason: 'nul-bytes' },
    { name: 'a row before the first #Fields', content: `${IIS_HEADER[0]}\r\n${FIRST}\r\n${FIELDS}\r\n${SECOND}\r\n${THIRD}\r\n`, reason: 'no-fields' },
    { name: 'a last row that is torn', content: iisLog(ROWS).slice(0, -40), reason: 'truncated' },
    { name: 'a line of 100 MB', content: Buffer.concat([Buffer.from(iisLog([FIRST])), Buffer.alloc(100_000_000, 120), Buffer.from(`\r\n${SECOND}\r\n${THIRD}\r\n`)]), reason: 'too-long', decoded: 3 },
    { name: 'JSON that is cut', content: broken(row => row.slice(0, 80)), reason: 'bad-json' },
    { name: 'a record without its first stamp', content: broken(row => row.replace('client_received_start_timestamp', 'other')), reason: 'no-timestamp' },
    { name: 'a stamp that does not exist', content: broken(row => row.replace(/"2026-07-01 22:01:00.000 UTC"/, '"2026-02-30 22:01:00.000 UTC"')), reason: 'no-timestamp' },
  ] // biome-ignore format: a table
  const read = new Map<string, unknown>()
  beforeAll(async () => {
    await inFolder(async folder => {
      writeFiles(folder, Object.fromEntries(sources.map(({ name, content }) => [`logs/${name}`, content])))
      expect((await inProcess(['ingest', 'logs'], { cwd: folder })).code).toBe(0)
      const { stdout } = await inProcess(['status', '--json'], { cwd: folder })
      const status = JSON.parse(stdout) as { sources: { path: string; accounting: unknown }[] }
      for (const { path, accounting } of status.sources) read.set(path.slice('logs/'.length), accounting)
    })
  })

  test.each(sources)('$name: $reason', ({ name, reason, decoded = 2 }) => {
    expect(read.get(name)).toMatchObject({ decoded, rejected: 1, rejectedBy: { [reason]: 1 } })
  })

  test('what was rejected can be exported with its place', async () => {
    await inFolder(async folder => {
      writeFiles(folder, { 'a.log': replaced(' 443 ', ' ') })
      await inProcess(['ingest', 'a.log'], { cwd: folder })
      const { stdout } = await inProcess(['export', 'rejects'], { cwd: folder })
      expect(JSON.parse(stdout)).toMatchObject({
        file: 'a.log',
        reason: 'too-few-columns',
        detail: '15 columns, #Fields names 16',
        length: SECOND.length - 4,
      })
      expect(stdout).toMatch(/"line_no":"?4\b/)
    })
  })

  test('--max-rejects stops with what to look at', async () => {
    await inFolder(async folder => {
      writeFiles(folder, { 'a.log': iisLog(ROWS.map(row => row.replace(' 443 ', ' '))) })
      const { code, stderr } = await inProcess(['ingest', 'a.log', '--max-rejects', '2'], { cwd: folder })
      expect(code).toBe(3)
      for (const word of ['a.log', '3 lines rejected', '--max-rejects allows 2'])
        expect(stderr).toContain(word)
    })
  })
})

describe('headers', () => {
  test.each([
    { name: 'repeated', content: `${iisLog([FIRST])}${iisLog([SECOND, THIRD])}` },
    { name: 'changed in mid-file', content: `${iisLog([FIRST])}#Fields: time date cs-uri-stem\r\n22:05:00 2026-07-01 /x\r\n22:06:00 2026-07-01 /y\r\n` },
    { name: 'naming a column twice', content: `#Fields: date time cs-uri-stem cs-uri-stem\r\n${['/x', '/y', '/z'].map(path => `2026-07-01 22:00:00 ${path} ${path}\r\n`).join('')}` },
  ])('a #Fields directive $name is followed', async ({ content }) => {
    const { code, stdout } = await ingestFile('a.log', content)
    expect(code).toBe(0)
    expect(stdout).toMatch(/^decoded +3 /m)
    expect(stdout).toMatch(/^rejected +0$/m)
  }) // biome-ignore format: a table
})

describe('sources that cannot be read', () => {
  test('a path that does not exist is wrong usage: nothing is touched', async () => {
    await inFolder(async folder => {
      const { code, stdout, stderr } = await inProcess(['ingest', 'missing.log'], { cwd: folder })
      expect({ code, stdout }).toEqual({ code: 2, stdout: '' })
      expect(stderr).toContain(
        'source missing.log: no such file or folder; name a file, a folder, a glob in quotes',
      )
    })
  })

  test.each(['nothing', 'nothing/*.log'])(
    'a folder or pattern without files is wrong usage: %s',
    async source => {
      await inFolder(async folder => {
        mkdirSync(join(folder, 'nothing'))
        const { code, stderr } = await inProcess(['ingest', source], { cwd: folder })
        expect(code).toBe(2)
        expect(stderr).toContain(`source ${source}: holds no files`)
      })
    },
  )

  // /proc/self/mem opens and fails to read, for every user.
  test('a file that fails while it is read is named; the others are read', async () => {
    await inFolder(async folder => {
      writeFiles(folder, { 'a.log': iisLog(ROWS) })
      const { code, stdout } = await inProcess(['ingest', '/proc/self/mem', 'a.log'], { cwd: folder })
      expect(code).toBe(3)
      expect(stdout).toMatch(
        /^refused +\/proc\/self\/mem: unreadable; source \/proc\/self\/mem: .*check the disk/m,
      )
      expect(stdout).toMatch(/^decoded +3 /m)
    })
  })

  test.skipIf(process.getuid?.() === 0)(
    'a file without read permission says what to do (root may read all)',
    async () => {
      await inFolder(async folder => {
        const [path = ''] = writeFiles(folder, { 'a.log': iisLog(ROWS) })
        const { chmodSync } = await import('node:fs')
        chmodSync(path, 0)
        const { code, stdout } = await inProcess(['ingest', 'a.log'], { cwd: folder })
        expect(code).toBe(3)
        expect(stdout).toContain('permission denied; let this user read it')
      })
    },
  )

  test('a compressed log that is cut is read as far as it goes, and incomplete', async () => {
    const many = Array.from({ length: 20_000 }, (_, i) =>
      FIRST.replace('id-0', `id-${noise(1).readUInt32LE(i % 28)}-${i}`),
    )
    const { code, stdout } = await ingestFile('a.log.gz', gzipSync(iisLog(many)).subarray(0, -5000))
    expect(code).toBe(3)
    expect(stdout).toMatch(/^failed +source a\.log\.gz: its gzip data is damaged .*fetch it again$/m)
    expect(stdout).not.toMatch(/^decoded +0 /m)
  })
})
