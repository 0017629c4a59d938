import { existsSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { concatBytes, joinBytes } from './bytes.ts'
import { removeFolder, replace, writeDurably } from './durable.ts'
import { HASH_BYTES, hashAt, type Leaves, leafHash, nodeHash, rootOf, type Sha256 } from './merkle.ts'
import { writerName } from './writer.ts'

/** Hashes of a full tile (C2SP tlog-tiles, https://c2sp.org/tlog-tiles). */
export const TILE_HASHES = 256

/** Level of a tile of hashes, or the bundles of records themselves. */
export type TileLevel = number | 'entries'

export interface Tile {
  readonly level: TileLevel
  readonly index: number
  /** 256, or fewer for the last one of a level. */
  readonly width: number
  readonly bytes: Uint8Array
}

/** `tile/0/x001/x234/067.p/5`: path of a tile below the folder of the log. */
export function tilePath({ level, index, width }: Omit<Tile, 'bytes'>): string {
  const digits = String(index)
  const groups = digits.padStart(Math.ceil(digits.length / 3) * 3, '0').match(/\d{3}/g) ?? []
  const name = groups.map((group, at) => (at < groups.length - 1 ? `x${group}` : group)).join('/')
  return `tile/${level}/${name}${width < TILE_HASHES ? `.p/${width}` : ''}`
}

/**
 * Tiles that a log gets with further records, those of one level behind the other, with the records of theirs that were
 * there before.
 *
 * @param from size before; the tiles of that size are asked for by `read`
 * @param records of 32 bytes each, one behind the other
 * @param read a partial tile as it was; undefined where it is not there
 * @returns undefined where one is not there
 */
export function furtherTiles(
  sha256: Sha256,
  from: number,
  records: Leaves,
  read: (tile: Omit<Tile, 'bytes'>) => Uint8Array | undefined,
): Tile[] | undefined {
  const count = records.length / HASH_BYTES
  const each = Array.from({ length: count }, (_, at) => hashAt(records, at))
  const made: Tile[] = []
  const bundles = furtherOfLevel('entries', from, joinBytes(each.map(bundled)), read)
  if (!bundles) return undefined
  for (const tile of bundles) made.push(tile)
  let items: Uint8Array = joinBytes(each.map(record => leafHash(sha256, record)))
  for (
    let [level, before] = [0, from];
    items.length > 0;
    level++, before = Math.floor(before / TILE_HASHES)
  ) {
    const tiles = furtherOfLevel(level, before, items, read)
    if (!tiles) return undefined
    for (const tile of tiles) made.push(tile)
    items = joinBytes(tiles.filter(isFull).map(tile => rootOf(sha256, tile.bytes)))
  }
  return made
}

const LENGTH = Uint8Array.of(0, HASH_BYTES)
/** A record in a bundle: two bytes of length before it. */
const bundled = (record: Uint8Array): Uint8Array => concatBytes(LENGTH, record)

const itemBytes = (level: TileLevel): number => (level === 'entries' ? LENGTH.length : 0) + HASH_BYTES

function furtherOfLevel(
  level: TileLevel,
  before: number,
  items: Uint8Array,
  read: (tile: Omit<Tile, 'bytes'>) => Uint8Array | undefined,
): Tile[] | undefined {
  const first = Math.floor(before / TILE_HASHES)
  const width = before % TILE_HASHES
  const old = width === 0 ? new Uint8Array() : read({ level, index: first, width })
  if (!old) return undefined
  const all = concatBytes(old, items)
  const size = itemBytes(level) * TILE_HASHES
  return Array.from({ length: Math.ceil(all.length / size) }, (_, at) => {
    const bytes = all.subarray(at * size, (at + 1) * size)
    return { level, index: first + at, width: bytes.length / itemBytes(level), bytes }
  })
}

function isFull({ width }: Tile): boolean {
  return width === TILE_HASHES
}

/** Every tile that a log of some records has. */
export function allTiles(sha256: Sha256, records: Leaves): Tile[] {
  return furtherTiles(sha256, 0, records, () => undefined) ?? []
}

/**
 * Root of a log by its tiles.
 *
 * @param read a tile of at least the width that is asked for
 * @returns undefined where one is not there
 */
export function rootFromTiles(
  sha256: Sha256,
  size: number,
  read: (tile: Omit<Tile, 'bytes'>) => Uint8Array | undefined,
): Uint8Array | undefined {
  const roots: Uint8Array[] = []
  // Whole tiles' worth of leaves at the top first: each level holds what the level above it does not.
  let levels = 0
  while (TILE_HASHES ** (levels + 1) <= size) levels++
  for (let level = levels; level >= 0; level--) {
    const count = Math.floor(size / TILE_HASHES ** level)
    const width = count % TILE_HASHES
    if (width === 0) continue
    const hashes = read({ level, index: Math.floor(count / TILE_HASHES), width })
    if (!hashes || hashes.length < width * HASH_BYTES) return undefined
    roots.push(...wholeSubtrees(sha256, hashes.subarray(0, width * HASH_BYTES)))
  }
  const last = roots.pop()
  if (!last) return sha256(new Uint8Array())
  return roots.reduceRight((right, left) => nodeHash(sha256, left, right), last)
}

/** Roots of the largest subtrees of a power of two, left to right: one for each binary digit of the width. */
function wholeSubtrees(sha256: Sha256, hashes: Leaves): Uint8Array[] {
  const roots: Uint8Array[] = []
  const width = hashes.length / HASH_BYTES
  let from = 0
  for (let span = TILE_HASHES / 2; span >= 1; span /= 2) {
    if (width - from < span) continue
    roots.push(rootOf(sha256, hashes.subarray(from * HASH_BYTES, (from + span) * HASH_BYTES)))
    from += span
  }
  return roots
}

/** Bytes of a tile on disk, from the full one where there is one; undefined where it is not there or too short. */
export function readTile(folder: string, tile: Omit<Tile, 'bytes'>): Uint8Array | undefined {
  const length = tile.width * itemBytes(tile.level)
  for (const width of new Set([TILE_HASHES, tile.width])) {
    const path = join(folder, tilePath({ ...tile, width }))
    if (!existsSync(path)) continue
    const bytes = new Uint8Array(readFileSync(path))
    return bytes.length < length ? undefined : bytes.subarray(0, length)
  }
  return undefined
}

/** Writes tiles durably, each in whole. */
export function writeTiles(folder: string, tiles: readonly Tile[]): void {
  const temporary = join(folder, `.${writerName()}.tmp`)
  for (const tile of tiles) {
    writeDurably(temporary, Buffer.from(tile.bytes))
    replace(temporary, join(folder, tilePath(tile)))
  }
}

/** Removes what stood for full tiles while they were not full. */
export function removePartials(folder: string, tiles: readonly Tile[]): void {
  for (const tile of tiles.filter(isFull)) {
    const partials = dirname(join(folder, tilePath({ ...tile, width: 1 })))
    if (existsSync(partials)) removeFolder(partials)
  }
}
