import { createHash } from 'node:crypto'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { LineFramer, type LineHandler, MAX_LINE_BYTES } from './lines.ts'

interface Seen {
  readonly lineNo: number
  readonly byteOffset: number
  readonly text?: string
  readonly terminated?: boolean
  readonly long?: { readonly length: number; readonly sha256: string; readonly head: string }
}

function frame(blocks: readonly Buffer[], maxLineBytes?: number): Seen[] {
  const seen: Seen[] = []
  const handler: LineHandler = {
    line: (buffer, start, end, at, terminated) =>
      seen.push({ ...at, text: buffer.toString('latin1', start, end), terminated }),
    tooLong: ({ head, length, sha256 }, at) =>
      seen.push({ ...at, long: { length, sha256, head: head.toString('latin1') } }),
  }
  const framer = new LineFramer(handler, undefined, maxLineBytes)
  for (const block of blocks) framer.push(block)
  framer.end()
  return seen
}

const sha256 = (text: string): string => createHash('sha256').update(text, 'latin1').digest('hex')

test('LF and CRLF end a line and are no part of it; a lone CR is', () => {
  expect(frame([Buffer.from('a\nb\r\n\r\nc\rd\n')])).toEqual([
    { lineNo: 1, byteOffset: 0, text: 'a', terminated: true },
    { lineNo: 2, byteOffset: 2, text: 'b', terminated: true },
    { lineNo: 3, byteOffset: 5, text: '', terminated: true },
    { lineNo: 4, byteOffset: 7, text: 'c\rd', terminated: true },
  ])
})

test('a last line without a line feed is said to be unterminated', () => {
  expect(frame([Buffer.from('a\nbc')])).toEqual([
    { lineNo: 1, byteOffset: 0, text: 'a', terminated: true },
    { lineNo: 2, byteOffset: 2, text: 'bc', terminated: false },
  ])
})

describe('the limit of a line', () => {
  test.each([
    { name: 'a line at the limit is read', text: 'abcd\n', want: 'abcd' },
    { name: 'its CR does not count', text: 'abcd\r\n', want: 'abcd' },
    { name: 'a line over it is not', text: 'abcde\nx', want: { length: 5, sha256: sha256('abcde'), head: 'abcd' } },
    { name: 'nor with CRLF, which is not digested', text: 'abcde\r\nx', want: { length: 5, sha256: sha256('abcde'), head: 'abcd' } },
    { name: 'nor without a line feed', text: 'abcdefgh', want: { length: 8, sha256: sha256('abcdefgh'), head: 'abcd' } },
    { name: 'a CR inside is digested', text: 'ab\rcdef\n', want: { length: 7, sha256: sha256('ab\rcdef'), head: 'ab\rc' } },
  ])('$name', ({ text, want }) => {
    const [first] = frame([Buffer.from(text)], 4)
    expect(first?.text ?? first?.long).toEqual(want)
  }) // biome-ignore format: a table

  test('is 1 MiB', () => {
    const lines = frame([Buffer.concat([Buffer.alloc(2 ** 20, 97), Buffer.from('\n'), Buffer.alloc(2 ** 20 + 1, 97)])])
    expect(MAX_LINE_BYTES).toBe(1_048_576)
    expect(lines.map(line => line.text?.length ?? line.long?.length)).toEqual([1_048_576, 1_048_577])
    expect(lines[1]?.long?.head).toBe('a'.repeat(512))
  }) // biome-ignore format: one line
})

test('a line of 100 MB is located and digested in flat memory', () => {
  const block = Buffer.alloc(1_000_000, 120)
  const hash = createHash('sha256')
  const seen: Seen[] = []
  const framer = new LineFramer({
    line: (buffer, start, end, at) => seen.push({ ...at, text: buffer.toString('latin1', start, end) }),
    tooLong: ({ head, length, sha256 }, at) => seen.push({ ...at, long: { head: String(head.length), length, sha256 } }),
  }) // biome-ignore format: one line a case
  const before = process.memoryUsage().arrayBuffers
  let most = 0
  for (let i = 0; i < 100; i++) {
    hash.update(block)
    framer.push(block)
    most = Math.max(most, process.memoryUsage().arrayBuffers - before)
  }
  framer.push(Buffer.from('\nb\n'))
  expect(seen).toEqual([
    { lineNo: 1, byteOffset: 0, long: { head: '512', length: 100_000_000, sha256: hash.digest('hex') } },
    { lineNo: 2, byteOffset: 100_000_001, text: 'b' },
  ])
  expect(most).toBeLessThan(16_000_000)
})

test('any cut into blocks gives the same lines', () => {
  const bytes = fc.array(fc.constantFrom(10, 13, 97, 98, 0, 0xff), { maxLength: 60 }).map(b => Buffer.from(b))
  fc.assert(
    fc.property(bytes, fc.array(fc.nat(60), { maxLength: 8 }), fc.integer({ min: 1, max: 8 }), (all, cuts, max) => {
      const ends = [...cuts.map(cut => Math.min(cut, all.length)), all.length].sort((a, b) => a - b)
      const blocks = ends.map((end, i) => all.subarray(ends[i - 1] ?? 0, end))
      expect(frame(blocks, max)).toEqual(frame([all], max))
    }),
    { numRuns: 500 },
  ) // biome-ignore format: one property
})
