import { createHash } from 'node:crypto'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { sha256 } from '../../ledger/ed25519.ts'
import { multiProof, rootOf } from '../../ledger/merkle.ts'
import { NODE_CRYPTO } from '../folder-files.ts'
import { DisclosedLeaves, rootFromLeaves } from './leaves.ts'
import { BadFile, LineReader } from './lines.ts'
import { orderOf } from './order.ts'
import { PopulationHash } from './population-hash.ts'
import type { RequestRecord } from './record.ts'
import { lineByColumn, microsOfStamp, populationLine, RECORD_COLUMNS, stampText } from './record-columns.ts'

describe('quick ways give what plain ones give', () => {
  test('numbers in order', () => {
    const key = fc.oneof(fc.nat(9), fc.integer({ min: -3 }), fc.maxSafeInteger(), fc.constant(Number.NaN))
    fc.assert(
      fc.property(fc.array(fc.oneof(fc.nat(99), fc.nat())), keys => {
        const plain = keys.map((_, at) => at).sort((a, b) => (keys[a] ?? 0) - (keys[b] ?? 0) || a - b)
        expect([...orderOf(Float64Array.from(keys))]).toEqual(plain)
      }),
    )
    fc.assert(
      fc.property(fc.array(key), keys => {
        expect([...orderOf(Float64Array.from(keys))].sort((a, b) => a - b)).toEqual(keys.map((_, at) => at))
      }),
    )
  })

  test('records as lines', () => {
    const values = {
      text: fc.oneof(fc.string(), fc.string({ unit: 'binary' }), fc.constant('a\u2028"\\\u0007')),
      whole: fc.oneof(fc.maxSafeInteger(), fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n })),
      stamp: fc.maxSafeInteger(),
      flag: fc.boolean(),
      fraction: fc.oneof(fc.double(), fc.constantFrom(0, 1, 1e-7)),
      texts: fc.array(fc.string()),
    }
    const record = fc.record(
      Object.fromEntries(
        RECORD_COLUMNS.map(([name, shape]) => [name, values[shape] as fc.Arbitrary<unknown>]),
      ),
      { requiredKeys: [] },
    ) as fc.Arbitrary<RequestRecord>
    const hops = fc.array(fc.tuple(fc.nat(), fc.nat()))
    fc.assert(
      fc.property(record, hops, (r, h) => {
        expect(populationLine(r, h)).toBe(lineByColumn(r, h))
      }),
    )
  })

  test('stamps read as they are written', () => {
    fc.assert(
      fc.property(fc.maxSafeInteger(), us => {
        const [day, micros] = [new Date(Math.floor(us / 1000)), ((us % 1_000_000) + 1_000_000) % 1_000_000]
        const text = `${day.toISOString().slice(0, 19)}.${String(micros).padStart(6, '0')}Z`
        expect(stampText(us)).toBe(text)
        expect(microsOfStamp(text)).toBe(us)
      }),
    )
  })

  test('roots of some leaves', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 70 }), fc.array(fc.nat(69)), fc.boolean(), (size, some, all) => {
        const tree = new Uint8Array(size * 32)
        for (let n = 0; n < size; n++) tree.set(sha256(Uint8Array.of(n)), n * 32)
        const wanted = [...Array(size).keys()].filter(n => all || some.includes(n))
        const disclosed = new DisclosedLeaves()
        for (const n of [...wanted].reverse()) disclosed.add(n, tree.slice(n * 32, n * 32 + 32))
        const sorted = disclosed.sorted(false)
        if ('problem' in sorted) throw new Error(sorted.problem)
        const proof = Buffer.concat(multiProof(sha256, tree, wanted))
        const root = Buffer.from(rootOf(sha256, tree)).toString('hex')
        expect(rootFromLeaves(NODE_CRYPTO, size, sorted, new Uint8Array(proof))).toBe(root)
      }),
    )
  })

  test('hashes of records by id, added in parts', () => {
    const id = fc
      .tuple(fc.constantFrom('0000000a', 'ffffffff'), fc.stringMatching(/^[0-9a-f]{24}$/))
      .map(parts => parts.join(''))
    fc.assert(
      fc.property(fc.uniqueArray(id), fc.nat(20), (ids, cut) => {
        const [one, other] = [new PopulationHash(NODE_CRYPTO), new PopulationHash(NODE_CRYPTO)]
        for (const [n, request_id] of ids.entries()) (n < cut ? one : other).add({ request_id })
        one.addAll(other.parts)
        const plain = createHash('sha256')
        const absent = `\x1f\\N`.repeat(20)
        for (const request_id of [...ids].sort())
          plain.update(`${createHash('sha256').update(`${request_id}${absent}`).digest('hex')}\n`)
        expect(one.digest(NODE_CRYPTO.hasher())).toBe(plain.digest('hex'))
      }),
    )
  })
})

async function* pieces(bytes: Uint8Array, size: number): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size)
}

const lines = fc.array(fc.stringMatching(/^[ä€😀a-c]{0,9}$/u))

describe('lines', () => {
  test('are those of the text, however it comes', async () => {
    await fc.assert(
      fc.asyncProperty(lines, fc.integer({ min: 1, max: 40 }), async (texts, size) => {
        const reader = new LineReader('f', pieces(Buffer.from(texts.map(t => `${t}\n`).join('')), size))
        for (const [at, text] of texts.entries()) expect(await reader.next()).toEqual({ no: at + 1, text })
        expect(await reader.next()).toBeUndefined()
      }),
    )
  })

  test('are cut as bytes, and go on as texts', async () => {
    await fc.assert(
      fc.asyncProperty(lines, fc.nat(9), fc.integer({ min: 1, max: 40 }), async (texts, count, size) => {
        const reader = new LineReader('f', pieces(Buffer.from(texts.map(t => `${t}\n`).join('')), size))
        let left = count
        const cut = await reader.cut(() => left-- > 0)
        expect(Buffer.from(cut).toString()).toBe(
          texts
            .slice(0, count)
            .map(t => `${t}\n`)
            .join(''),
        )
        for (const text of texts.slice(count)) expect((await reader.next())?.text).toBe(text)
        expect(await reader.next()).toBeUndefined()
      }),
    )
  })

  test('before bytes that are not UTF-8 are read', async () => {
    const reader = new LineReader('f', pieces(Uint8Array.of(97, 10, 255, 10), 9))
    expect((await reader.next())?.text).toBe('a')
    await expect(reader.next()).rejects.toThrow(new BadFile('f line 2: bytes that are not UTF-8'))
  })

  test('without an end are refused', async () => {
    const reader = new LineReader('f', pieces(Uint8Array.of(97, 10, 97), 9))
    await expect(reader.cut(() => true)).rejects.toThrow(BadFile)
  })
})
