import { createHash } from 'node:crypto'
import { chmodSync, mkdtempSync, rmSync, truncateSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { afterAll, describe, expect, test } from 'vitest'
import { ThroughlineError } from '../errors.ts'
import { prefixDigest } from './digests.ts'
import { openSource, type ReadFrom, readAt } from './read.ts'

const folder = mkdtempSync(join(tmpdir(), 'throughline-read-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

function file(name: string, content: string | Buffer): string {
  const path = join(folder, name)
  writeFileSync(path, content)
  return path
}

async function readAll(path: string, from?: ReadFrom): Promise<{ text: string; gzip: boolean; sha256: string; rawBytes: number }> {
  const source = await openSource(path, from)
  const blocks: Buffer[] = []
  for await (const block of source.blocks) blocks.push(block)
  return { text: Buffer.concat(blocks).toString('latin1'), gzip: source.gzip, ...source.digest() }
} // biome-ignore format: one line a step

async function failure(path: string): Promise<{ code: string; message: string }> {
  try {
    await readAll(path)
  } catch (error) {
    if (error instanceof ThroughlineError) return { code: error.code, message: error.message }
    throw error
  }
  throw new Error('was read')
}

const sha256 = (bytes: string | Buffer): string => createHash('sha256').update(bytes).digest('hex')

describe('bytes of a source', () => {
  const long = 'line\n'.repeat(500_000)
  const members = Buffer.concat([gzipSync('one\n'), gzipSync('two\n'), gzipSync(long)])
  test.each([
    { name: 'plain text', content: Buffer.from('a\nb'), want: 'a\nb', gzip: false },
    { name: 'an empty file', content: Buffer.alloc(0), want: '', gzip: false },
    { name: 'one byte', content: Buffer.from([0x1f]), want: '\x1f', gzip: false },
    { name: 'gzip under any name', content: gzipSync('a\nb'), want: 'a\nb', gzip: true },
    { name: 'gzip of nothing', content: gzipSync(''), want: '', gzip: true },
    { name: 'gzip of several members', content: members, want: `one\ntwo\n${long}`, gzip: true },
  ])('$name', async ({ content, want, gzip }) => {
    const found = await readAll(file('source.log', content))
    expect(found.text === want).toBe(true)
    expect(found).toMatchObject({ gzip, sha256: sha256(content), rawBytes: content.length })
  })

  test('from an offset', async () => {
    const from = { offset: 4, hash: createHash('sha256').update('one\n') }
    const found = await readAll(file('grown.log', 'one\ntwo\n'), from)
    expect(found).toMatchObject({ text: 'two\n', rawBytes: 8, sha256: sha256('one\ntwo\n') })
    expect(await readAll(file('grown.gz', gzipSync('one\ntwo\n')), { offset: 4 })).toMatchObject({
      text: 'two\n',
    })
  })

  test('a source that is given back closes its file', async () => {
    const source = await openSource(file('big.log', 'x'.repeat(3_000_000)))
    await source.blocks.next()
    await source.blocks.return(undefined)
    expect(await source.blocks.next()).toEqual({ value: undefined, done: true })
  })
})

describe('sources that cannot be read say why', () => {
  const damaged = gzipSync('x'.repeat(10_000))
  damaged.writeUInt32LE(1, damaged.length - 8)
  test.each([
    { name: 'gzip that was cut', content: gzipSync('x'.repeat(10_000)).subarray(0, -12), want: /gzip data is damaged/ },
    { name: 'gzip with a wrong checksum', content: damaged, want: /gzip data is damaged/ },
    { name: 'a second member that is cut', content: Buffer.concat([gzipSync('a'), gzipSync('b').subarray(0, -4)]), want: /gzip data is damaged/ },
    { name: 'text behind gzip data', content: Buffer.concat([gzipSync('a\n'), Buffer.from('2026-03-01 row\n')]), want: /gzip data is damaged/ },
    { name: 'a NUL and text behind gzip data', content: Buffer.concat([gzipSync('a\n'), Buffer.from('\0row\n')]), want: /5 bytes behind its gzip data are no gzip data/ },
  ])('$name', async ({ content, want }) => {
    const path = file('bad.gz', content)
    expect(await failure(path)).toEqual({ code: 'SOURCE_UNREADABLE', message: expect.stringMatching(want) })
    expect((await failure(path)).message).toContain(path)
  }) // biome-ignore format: a table

  test('a file that vanished', async () => {
    expect((await failure(join(folder, 'gone.log'))).message).toMatch(/it vanished before it was read/)
  })

  test('a folder', async () => {
    expect((await failure(folder)).code).toBe('SOURCE_UNREADABLE')
  })

  test.skipIf(process.getuid?.() === 0)('a file that this user may not read', async () => {
    const path = file('secret.log', 'x')
    chmodSync(path, 0)
    expect((await failure(path)).message).toMatch(/permission denied/)
  })

  test('a file that shrinks while it is read ends early, without a throw', async () => {
    const path = file('shrinking.log', 'x'.repeat(3_000_000))
    const source = await openSource(path)
    truncateSync(path, 0)
    let bytes = 0
    for await (const block of source.blocks) bytes += block.length
    expect(bytes).toBe(source.digest().rawBytes)
    expect(bytes).toBeLessThan(3_000_000)
  })
})

test('prefixDigest is the SHA-256 of the first bytes', async () => {
  const path = file('prefix.log', 'abcdef')
  expect(await prefixDigest(path, 3)).toBe(sha256('abc'))
  expect(await prefixDigest(path, 0)).toBe(sha256(''))
})

test('readAt gives bytes from an offset, fewer at the end', async () => {
  const path = file('at.log', 'abcdef')
  expect((await readAt(path, 2, 3)).toString()).toBe('cde')
  expect((await readAt(path, 4, 30)).toString()).toBe('ef')
})
