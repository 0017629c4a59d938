import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { joinBytes, toHex } from './bytes.ts'
import { sha256 } from './ed25519.ts'
import { hashAt, leafHash, rootOf } from './merkle.ts'
import { allTiles, furtherTiles, rootFromTiles, type Tile, tilePath } from './tiles.ts'

// C2SP tlog-tiles: "index 1234067 will be encoded as x001/x234/067".
test.each([
  { tile: { level: 0, index: 1234067, width: 256 }, path: 'tile/0/x001/x234/067' },
  { tile: { level: 1, index: 0, width: 17 }, path: 'tile/1/000.p/17' },
  { tile: { level: 'entries', index: 999, width: 1 }, path: 'tile/entries/999.p/1' },
  { tile: { level: 'entries', index: 1000, width: 256 }, path: 'tile/entries/x001/000' },
] as const)('$path', ({ tile, path }) => expect(tilePath(tile)).toBe(path))

const recordsOf = (size: number) => {
  const records = new Uint8Array(32 * size)
  const view = new DataView(records.buffer)
  for (let at = 0; at < size; at++) view.setUint32(32 * at, at)
  return records
}

const keyOf = ({ level, index }: Omit<Tile, 'bytes'>) => `${level} ${index}`

/** What a folder of tiles holds: the last of each place. */
const held = (tiles: readonly Tile[]) => new Map(tiles.map(tile => [keyOf(tile), tile.bytes]))
const inHex = (tiles: ReadonlyMap<string, Uint8Array>) =>
  [...tiles].map(([key, bytes]) => `${key} ${toHex(bytes)}`).sort()
const reader = (tiles: ReadonlyMap<string, Uint8Array>) => (tile: Omit<Tile, 'bytes'>) =>
  tiles.get(keyOf(tile))

describe('the tiles of a log', () => {
  // "a tree of size 70,000 will be represented by 273 full level 0 tiles, one partial level 0 tile of width 112, one full
  // level 1 tile, one partial level 1 tile of width 17, and one partial level 2 tile of width 1"
  test('of 70,000 entries are those of the specification', () => {
    const records = recordsOf(70_000)
    const tiles = allTiles(sha256, records)
    const widths = (level: Tile['level']) => tiles.filter(t => t.level === level).map(t => t.width)
    expect(widths(0)).toEqual([...Array(273).fill(256), 112])
    expect(widths('entries')).toEqual([...Array(273).fill(256), 112])
    expect(widths(1)).toEqual([256, 17])
    expect(widths(2)).toEqual([1])
    expect(widths(3)).toEqual([])
    const root = rootFromTiles(sha256, 70_000, reader(held(tiles)))
    const leaves = Array.from({ length: 70_000 }, (_, at) => leafHash(sha256, hashAt(records, at)))
    expect(root && toHex(root)).toBe(toHex(rootOf(sha256, joinBytes(leaves))))
  })

  test('of 256 entries are a full one and the first of the level above', () => {
    const tiles = allTiles(sha256, recordsOf(256))
    expect(tiles.map(t => tilePath(t))).toEqual(['tile/entries/000', 'tile/0/000', 'tile/1/000.p/1'])
  })

  test('have the root of the tree at every size, also where they grow in steps', () => {
    const records = recordsOf(700)
    const leaves = joinBytes(Array.from({ length: 700 }, (_, at) => leafHash(sha256, hashAt(records, at))))
    const sizes = fc.uniqueArray(fc.oneof(fc.nat(700), fc.constantFrom(255, 256, 257, 511, 512, 513)), {
      maxLength: 6,
    })
    fc.assert(
      fc.property(sizes, steps => {
        const tiles = new Map<string, Uint8Array>()
        let from = 0
        for (const size of steps.sort((a, b) => a - b)) {
          const further =
            furtherTiles(sha256, from, records.subarray(32 * from, 32 * size), reader(tiles)) ?? []
          for (const [key, bytes] of held(further)) tiles.set(key, bytes)
          from = size
          const root = rootFromTiles(sha256, size, reader(tiles))
          expect(root && toHex(root)).toBe(toHex(rootOf(sha256, leaves.subarray(0, 32 * size))))
          expect(inHex(tiles)).toEqual(inHex(held(allTiles(sha256, records.subarray(0, 32 * size)))))
        }
      }),
      { numRuns: 20 },
    )
  })

  test('hold entries with their length before them', () => {
    const [bundle] = allTiles(sha256, recordsOf(2))
    expect(bundle && toHex(bundle.bytes)).toBe(`0020${'00'.repeat(32)}0020${'00000001'.padEnd(64, '0')}`)
  })

  test('are not continued where one is missing', () => {
    expect(furtherTiles(sha256, 5, recordsOf(1), () => undefined)).toBe(undefined)
    expect(rootFromTiles(sha256, 5, () => undefined)).toBe(undefined)
    expect(rootFromTiles(sha256, 5, () => new Uint8Array(32))).toBe(undefined)
  })
})
