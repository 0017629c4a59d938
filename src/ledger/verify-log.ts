import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join, relative } from 'node:path'
import { fromHex, joinBytes, sameBytes, toHex } from './bytes.ts'
import { sha256 } from './ed25519.ts'
import { checkpointPath, logFolder, openCheckpoint, rootFromRecords, type SignedCheckpoint } from './log.ts'
import type { LedgerState } from './state.ts'
import { allTiles, type Tile, tilePath } from './tiles.ts'

/** Something about the log that does not fit the entries. */
export interface LogFault {
  /** Path below the store. */
  readonly path: string
  readonly found: string
  /** Whether the ledger contradicts what was signed; else the log can be made again from the entries. */
  readonly isContradiction: boolean
}

export interface LogCheck {
  /** What is signed, where that is right. */
  readonly checkpoint: SignedCheckpoint | undefined
  readonly faults: readonly LogFault[]
}

/**
 * Compares tiles and checkpoint with the entries.
 *
 * @param note the checkpoint, read before the entries: a writer may be at work
 * @param digests SHA-256 of every entry, hex, in order
 */
export async function checkLog(
  store: string,
  note: string | undefined,
  { state, digests }: { readonly state: LedgerState; readonly digests: readonly string[] },
): Promise<LogCheck> {
  if (note === undefined) return { checkpoint: undefined, faults: strayTiles(store) }
  const fault = (found: string, isContradiction: boolean): LogCheck => ({
    checkpoint: undefined,
    faults: [{ path: below(store, checkpointPath(store)), found, isContradiction }],
  })
  const opened = await openCheckpoint(note, state)
  if (typeof opened === 'string') return fault(opened, opened.includes('another log'))
  const records = recordsOf(digests)
  const contradiction = contradictionOf(records, opened)
  if (contradiction) return fault(contradiction, true)
  return { checkpoint: opened, faults: wrongTiles(store, records.subarray(0, 32 * opened.size)) }
}

/** How entries contradict a checkpoint; undefined where they begin with what it says. */
export function contradictionOf(
  records: Uint8Array,
  { size, root }: { readonly size: number; readonly root: Uint8Array },
): string | undefined {
  const entries = records.length / 32
  if (size > entries) return `it is of ${size} entries, the ledger has ${entries}`
  if (!sameBytes(rootFromRecords(records, size), root))
    return `its root is not that of the first ${size} entries`
  return undefined
}

/** Digests of entries one behind the other. */
export function recordsOf(digests: readonly string[]): Uint8Array {
  return joinBytes(digests.map(digest => fromHex(digest) ?? new Uint8Array(32)))
}

function wrongTiles(store: string, records: Uint8Array): LogFault[] {
  const tiles = new Map(allTiles(sha256, records).map(tile => [tilePath(tile), tile]))
  const missing = [...tiles.keys()].filter(path => !existsSync(join(logFolder(store), path)))
  const fault = (path: string, found: string): LogFault => ({
    path: below(store, join(logFolder(store), path)),
    found,
    isContradiction: false,
  })
  const wrong = tilesIn(store).flatMap(path => {
    const bytes = bytesOf(path, tiles)
    if (bytes === undefined) return [fault(path, 'the log has no such tile')]
    const isSame = readFileSync(join(logFolder(store), path), 'hex') === toHex(bytes)
    return isSame ? [] : [fault(path, 'its hashes are not those of the entries')]
  })
  return [...missing.map(path => fault(path, 'missing')), ...wrong]
}

/** Files below the folder of tiles, as paths below that of the log. */
function tilesIn(store: string): string[] {
  const folder = join(logFolder(store), 'tile')
  if (!existsSync(folder)) return []
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter(entry => !entry.isDirectory())
    .map(entry => join('tile', relative(folder, join(entry.parentPath, entry.name))))
    .sort()
}

/** What is to stand in a tile; one that a longer one has replaced may still be there, for those who have an older checkpoint. */
function bytesOf(path: string, tiles: ReadonlyMap<string, Tile>): Uint8Array | undefined {
  const own = tiles.get(path)
  if (own) return own.bytes
  const [, place = '', digits = ''] = /^(.+)\.p\/([1-9]\d*)$/.exec(path) ?? []
  const width = Number(digits)
  const longer = tiles.get(place) ?? [...tiles].find(([other]) => other.startsWith(`${place}.p/`))?.[1]
  if (place === '' || !longer || width >= longer.width) return undefined
  return longer.bytes.subarray(0, (longer.bytes.length / longer.width) * width)
}

/** Tiles without a checkpoint: a crash came before it, or it was removed. */
function strayTiles(store: string): LogFault[] {
  const folder = logFolder(store)
  if (!existsSync(join(folder, 'tile')) || readdirSync(join(folder, 'tile')).length === 0) return []
  return [
    {
      path: below(store, checkpointPath(store)),
      found: 'missing, though there are tiles',
      isContradiction: false,
    },
  ]
}

function below(store: string, path: string): string {
  return path.slice(store.length + 1)
}
