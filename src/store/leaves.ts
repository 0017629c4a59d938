import { rootInPlace, sha256 } from '../ledger/ed25519.ts'
import type { SegmentRecord } from '../ledger/entry.ts'
import { HASH_BYTES, TreeHasher } from '../ledger/merkle.ts'
import { FACT_COLUMNS, type HopKind } from '../model/hop.ts'
import { personalColumns, restColumns } from '../model/leaf-columns.ts'
import { emptyRelation } from './facts.ts'
import { dayKey, type Salts } from './keys.ts'
import { leafTextSql } from './leaf-text.ts'
import { type Database, quoteText, sqlFile } from './query.ts'

const LEAVES = sqlFile('./leaves.sql', import.meta.url)
const DISCLOSURES = sqlFile('./leaf_disclosures.sql', import.meta.url)

/** A file of facts of one day. */
export interface LeafFile {
  /** Absolute path. */
  readonly file: string
  readonly kind: HopKind
  readonly day: string
  /** Where it is known. */
  readonly rows?: number
}

/** What a row needs to prove itself: SHA-256(0x00 || H(saltPersonal || personal) || H(saltRest || rest)) is its leaf. */
export interface Disclosure {
  /** Place of the leaf in the segment's tree. */
  readonly index: number
  /** 32 hex digits. */
  readonly hopId: string
  /** Canonical texts (src/model/leaf-text.ts). */
  readonly personal: string
  readonly rest: string
  /** 32 hex digits each. */
  readonly saltPersonal: string
  readonly saltRest: string
}

/** The leaves of a file in the order of its tree, by hop id, source and line, one behind the other in pieces. */
export async function* leavesOf(db: Database, file: LeafFile, salts: Salts): AsyncGenerator<Buffer> {
  const rows = db.stream<{ leaves: string }>(
    `WITH ${textsOf(file)}, leaves AS (${LEAVES})
     SELECT string_agg(leaf, '' ORDER BY hop_id, source_id, line_no) AS leaves FROM leaves
     GROUP BY hex_id(hop_id)[:${pieceDigits(file.rows)}] ORDER BY hex_id(hop_id)[:${pieceDigits(file.rows)}]`,
    { day_key: dayKey(salts, 'leaf', file.day) },
  )
  for await (const batch of rows) for (const { leaves } of batch) yield Buffer.from(leaves, 'hex')
}

/** Rows whose leaves come in one piece: 32 MB of hex digits. */
const PIECE_ROWS = 500_000

/**
 * First digits of an id that the leaves of a piece share: none for most files, as sorting one piece takes a third of the
 * time of sorting many.
 */
export function pieceDigits(rows: number | undefined): number {
  return rows === undefined || rows > PIECE_ROWS ? 2 : 0
}

/** All leaves of a file, for proofs: 32 bytes a row. */
export async function allLeaves(db: Database, file: LeafFile, salts: Salts): Promise<Uint8Array> {
  const pieces: Buffer[] = []
  for await (const piece of leavesOf(db, file, salts)) pieces.push(piece)
  return new Uint8Array(Buffer.concat(pieces))
}

/** Root of the tree over a file's rows, hex. */
export async function factsRoot(db: Database, file: LeafFile, salts: Salts): Promise<string> {
  return rootOfPieces(leavesOf(db, file, salts))
}

/** What an entry says of the tree over a file's rows; nothing where the secret is not here. */
export async function sealOf(
  db: Database,
  file: LeafFile,
  salts: Salts | undefined,
): Promise<Pick<SegmentRecord, 'root' | 'salts'>> {
  return salts ? { root: await factsRoot(db, file, salts), salts: salts.id } : {}
}

/**
 * Disclosures of some rows of a file, in the order of its tree.
 *
 * @param wanted FROM item with the column hop_id; all rows of a hop are disclosed, also two versions of a record
 */
export async function* disclosuresOf(
  db: Database,
  file: LeafFile,
  salts: Salts,
  wanted: string,
): AsyncGenerator<Disclosure[]> {
  const rows = db.stream<Row>(
    `WITH ${textsOf(file)}, wanted AS (SELECT hop_id FROM ${wanted}), disclosures AS (${DISCLOSURES})
     SELECT * FROM disclosures ORDER BY leaf_index`,
    {
      day_key: dayKey(salts, 'leaf', file.day),
    },
  )
  for await (const batch of rows)
    yield batch.map(row => ({
      index: Number(row.leaf_index),
      hopId: row.hop_id,
      personal: row.personal,
      rest: row.rest,
      saltPersonal: row.salt_personal,
      saltRest: row.salt_rest,
    }))
}

interface Row {
  readonly leaf_index: string
  readonly hop_id: string
  readonly personal: string
  readonly rest: string
  readonly salt_personal: string
  readonly salt_rest: string
}

/** Root of the tree over leaves that come in pieces, hex. */
export async function rootOfPieces(pieces: AsyncIterable<Buffer>): Promise<string> {
  const hasher = new TreeHasher(sha256)
  let alone: Buffer | undefined
  for await (const piece of pieces) {
    if (!alone && hasher.size === 0) alone = piece
    else {
      if (alone) addLeaves(hasher, alone)
      alone = undefined
      addLeaves(hasher, piece)
    }
  }
  return Buffer.from(alone ? rootInPlace(alone) : hasher.root()).toString('hex')
}

function addLeaves(hasher: TreeHasher, leaves: Buffer): void {
  for (let at = 0; at < leaves.length; at += HASH_BYTES) hasher.add(leaves.subarray(at, at + HASH_BYTES))
}

/** Texts as the file has the values: of the id as logged it holds what `storedRaw` makes of it. */
function textsOf({ file, kind }: LeafFile): string {
  const [personal, rest] = [leafTextSql(personalColumns(kind)), leafTextSql(restColumns(kind))]
  return `leaf_rows AS (SELECT * FROM read_parquet(${quoteText(file)}, hive_partitioning = false)
      UNION ALL BY NAME SELECT * FROM ${emptyRelation(FACT_COLUMNS[kind])}),
    leaf_texts AS (SELECT hop_id, source_id, line_no, ${personal} AS personal, ${rest} AS rest FROM leaf_rows)`
}
