import type { LeafColumn } from '../model/leaf-text.ts'
import { emptyRelation } from './facts.ts'
import { dayKey, type Salts } from './keys.ts'
import { leafTextSql } from './leaf-text.ts'
import { pieceDigits, rootOfPieces } from './leaves.ts'
import { type Database, quoteText, sqlFile } from './query.ts'

const LINK_LEAVES = sqlFile('./link_leaves.sql', import.meta.url)
/** Total: a pair has one row. */
const ORDER = 'gateway_hop_id, app_hop_id, leaf'

/** A generation of the links of one day. */
export interface LinkFile {
  /** Absolute path. */
  readonly file: string
  readonly day: string
  /** Where it is known. */
  readonly rows?: number
  /** Columns of links, in order. */
  readonly columns: readonly LeafColumn[]
}

/** What a link needs to prove itself: SHA-256(0x00 || salt || text) is its leaf. */
export interface LinkDisclosure {
  /** Place of the leaf in the generation's tree. */
  readonly index: number
  /** 32 hex digits each. */
  readonly gatewayHopId: string
  readonly appHopId: string
  /** Canonical text (src/model/leaf-text.ts). */
  readonly text: string
  /** 32 hex digits. */
  readonly salt: string
}

/** Leaves of a file of links in the order of its tree: by gateway hop, then app hop. */
async function* linkLeavesOf(db: Database, file: LinkFile, salts: Salts): AsyncGenerator<Buffer> {
  const rows = db.stream<{ leaves: string }>(
    `WITH ${leavesSql(file)}
     SELECT string_agg(leaf, '' ORDER BY ${ORDER}) AS leaves FROM link_leaves
     GROUP BY hex_id(gateway_hop_id)[:${pieceDigits(file.rows)}] ORDER BY hex_id(gateway_hop_id)[:${pieceDigits(file.rows)}]`,
    { link_key: dayKey(salts, 'link', file.day) },
  )
  for await (const batch of rows) for (const { leaves } of batch) yield Buffer.from(leaves, 'hex')
}

/** All leaves of a file of links, for proofs: 32 bytes a row. */
export async function allLinkLeaves(db: Database, file: LinkFile, salts: Salts): Promise<Uint8Array> {
  const pieces: Buffer[] = []
  for await (const piece of linkLeavesOf(db, file, salts)) pieces.push(piece)
  return new Uint8Array(Buffer.concat(pieces))
}

/** Root of the tree over a file of links, hex. */
export async function linksRoot(db: Database, file: LinkFile, salts: Salts): Promise<string> {
  return rootOfPieces(linkLeavesOf(db, file, salts))
}

/**
 * Disclosures of some links of a file, in the order of its tree.
 *
 * @param wanted FROM item with gateway_hop_id and app_hop_id
 */
export async function* linkDisclosuresOf(
  db: Database,
  file: LinkFile,
  salts: Salts,
  wanted: string,
): AsyncGenerator<LinkDisclosure[]> {
  const rows = db.stream<Record<'leaf_index' | 'gateway' | 'app' | 'text' | 'salt', string>>(
    `WITH ${leavesSql(file)}, placed AS (
       SELECT *, row_number() OVER (ORDER BY ${ORDER}) - 1 AS leaf_index FROM link_leaves
     )
     SELECT leaf_index, hex_id(gateway_hop_id) AS gateway, hex_id(app_hop_id) AS app, text, salt
     FROM placed SEMI JOIN ${wanted} USING (gateway_hop_id, app_hop_id) ORDER BY placed.leaf_index`,
    { link_key: dayKey(salts, 'link', file.day) },
  )
  for await (const batch of rows)
    yield batch.map(({ leaf_index, gateway, app, text, salt }) => ({
      index: Number(leaf_index),
      gatewayHopId: gateway,
      appHopId: app,
      text,
      salt,
    }))
}

function leavesSql({ file, columns }: LinkFile): string {
  return `link_rows AS (SELECT * FROM read_parquet(${quoteText(file)}, hive_partitioning = false)
      UNION ALL BY NAME SELECT * FROM ${emptyRelation(columns)}),
    link_texts AS (SELECT gateway_hop_id, app_hop_id, ${leafTextSql(columns)} AS text FROM link_rows),
    link_leaves AS (${LINK_LEAVES})`
}
