import { fromHex } from '../../ledger/bytes.ts'
import { HASH_BYTES, type Sha256 } from '../../ledger/merkle.ts'
import type { Facts } from './facts.ts'
import { LEAF_COLUMNS, LINK_TEXT, newRow, readText } from './leaf-columns.ts'
import type { Line } from './lines.ts'
import { BadFile } from './lines.ts'

/** A line of facts.ndjson that was read and hashed. */
export interface DisclosedHop {
  readonly segment: number
  readonly index: number
  readonly leaf: Uint8Array
  readonly facts: Facts
  /** Stand-ins by column where the personal part is withheld; undefined: it is there. */
  readonly pseudonyms: Readonly<Record<string, string>> | undefined
}

export interface DisclosedLink {
  /** Undefined: a link that is kept of a pruned day, which no tree holds. */
  readonly place: { readonly generation: number; readonly index: number } | undefined
  readonly leaf: Uint8Array | undefined
  readonly facts: Facts
}

interface HopLine {
  readonly segment: number
  readonly index: number
  /** Hex: 16 bytes for the personal part, 16 for the rest. */
  readonly salts?: string
  readonly personal?: string
  readonly rest: string
  /** Instead of the personal part: its hash. */
  readonly salt?: string
  readonly hidden?: string
  readonly pseudonyms?: Readonly<Record<string, string>>
}

interface LinkLine {
  readonly request: number
  readonly generation?: number
  readonly index?: number
  readonly salt?: string
  readonly border?: true
  readonly link: string
}

const SALT_BYTES = 16

/**
 * Reads a line of facts.ndjson.
 *
 * @param kindOf kind of the hops of a segment
 * @returns undefined where it is not written as it must be
 */
export function readHop(sha256: Sha256, line: Line, kindOf: (segment: number) => keyof typeof LEAF_COLUMNS | undefined): DisclosedHop | undefined {
  const { segment, index, salts, personal, rest, salt, hidden, pseudonyms } = parse<HopLine>(line)
  const kind = kindOf(segment) ?? 'app'
  const columns = LEAF_COLUMNS[kind]
  // Where the personal part is withheld, its columns must be absent.
  const row = personal === undefined ? {} : newRow[kind]()
  const facts = typeof rest === 'string' ? readText(columns.rest, rest, row) : undefined
  if (!facts || !Number.isSafeInteger(index)) return undefined
  if (typeof salts === 'string' && typeof personal === 'string' && pseudonyms === undefined) {
    const bytes = saltBytes(salts, 2)
    const all = bytes && readText(columns.personal, personal, row)
    if (!bytes || !all) return undefined
    const own = salted(sha256, bytes.subarray(0, SALT_BYTES), personal)
    const leaf = leafOf(sha256, own, salted(sha256, bytes.subarray(SALT_BYTES), rest))
    return { segment, index, leaf, facts: all, pseudonyms: undefined }
  }
  const [bytes, own] = [saltBytes(salt ?? '', 1), fromHex(hidden ?? '')]
  if (!bytes || own?.length !== HASH_BYTES || !isTexts(pseudonyms)) return undefined
  return { segment, index, leaf: leafOf(sha256, own, salted(sha256, bytes, rest)), facts, pseudonyms }
} // biome-ignore format: one line each

/** Reads a line of links.ndjson; undefined where it is not written as it must be. */
export function readLink(sha256: Sha256, line: Line): DisclosedLink | undefined {
  const { generation, index, salt, border, link } = parse<LinkLine>(line)
  const facts = typeof link === 'string' ? readText(LINK_TEXT, link, newRow.link()) : undefined
  if (!facts) return undefined
  if (border) return { place: undefined, leaf: undefined, facts }
  const bytes = saltBytes(salt ?? '', 1)
  if (!bytes || generation === undefined || !Number.isSafeInteger(index) || index === undefined) return undefined
  const head = new Uint8Array(1 + SALT_BYTES)
  head.set(bytes, 1)
  return { place: { generation, index }, leaf: sha256(written(head, link)), facts }
} // biome-ignore format: one line each

/** What is hashed next; texts are written here, as memory of their own for each would cost more than their hash. */
let scratch = new Uint8Array(1 << 16)
const UTF8 = new TextEncoder()

function salted(sha256: Sha256, salt: Uint8Array, text: string): Uint8Array {
  return sha256(written(salt, text))
}

/** A head and a text as bytes; valid until the next call. */
function written(head: Uint8Array, text: string): Uint8Array {
  if (scratch.length < head.length + text.length * 3)
    scratch = new Uint8Array(2 * (head.length + text.length * 3))
  scratch.set(head)
  const { written: length } = UTF8.encodeInto(text, scratch.subarray(head.length))
  return scratch.subarray(0, head.length + length)
}

function leafOf(sha256: Sha256, personal: Uint8Array, rest: Uint8Array): Uint8Array {
  const data = new Uint8Array(1 + 2 * HASH_BYTES)
  data.set(personal, 1)
  data.set(rest, 1 + HASH_BYTES)
  return sha256(data)
}

function saltBytes(hex: string, salts: number): Uint8Array | undefined {
  if (hex.length !== 2 * SALT_BYTES * salts) return undefined
  const bytes = new Uint8Array(SALT_BYTES * salts)
  for (let at = 0; at < bytes.length; at++) {
    const [high, low] = [digitOf(hex.charCodeAt(2 * at)), digitOf(hex.charCodeAt(2 * at + 1))]
    if (high < 0 || low < 0) return undefined
    bytes[at] = 16 * high + low
  }
  return bytes
}

function digitOf(code: number): number {
  if (code >= 48 && code <= 57) return code - 48
  return code >= 97 && code <= 102 ? code - 87 : -1
}

function isTexts(value: unknown): value is Record<string, string> {
  return typeof value === 'object' && value !== null && Object.values(value).every(v => typeof v === 'string')
}

function parse<T>({ text, no }: Line): T {
  try {
    const value = JSON.parse(text) as T
    if (typeof value === 'object' && value !== null) return value
  } catch {
    // Said below.
  }
  throw new BadFile(`line ${no} of facts or links is no JSON object`)
}
