import { fromHex, utf8 } from '../../ledger/bytes.ts'
import { HASH_BYTES, type Sha256 } from '../../ledger/merkle.ts'
import type { Facts } from './facts.ts'
import { LEAF_COLUMNS, LINK_TEXT, readText } from './leaf-columns.ts'
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
  const columns = LEAF_COLUMNS[kindOf(segment) ?? 'app']
  const facts = typeof rest === 'string' ? readText(columns.rest, rest) : undefined
  if (!facts || !Number.isSafeInteger(index)) return undefined
  if (typeof salts === 'string' && typeof personal === 'string' && pseudonyms === undefined) {
    const bytes = saltBytes(salts, 2)
    const all = bytes && readText(columns.personal, personal, facts as Record<string, never>)
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
  const facts = typeof link === 'string' ? readText(LINK_TEXT, link) : undefined
  if (!facts) return undefined
  if (border) return { place: undefined, leaf: undefined, facts }
  const bytes = saltBytes(salt ?? '', 1)
  if (!bytes || generation === undefined || !Number.isSafeInteger(index) || index === undefined) return undefined
  const text = utf8(link)
  const data = new Uint8Array(1 + SALT_BYTES + text.length)
  data.set(bytes, 1)
  data.set(text, 1 + SALT_BYTES)
  return { place: { generation, index }, leaf: sha256(data), facts }
} // biome-ignore format: one line each

function salted(sha256: Sha256, salt: Uint8Array, text: string): Uint8Array {
  const bytes = utf8(text)
  const data = new Uint8Array(SALT_BYTES + bytes.length)
  data.set(salt)
  data.set(bytes, SALT_BYTES)
  return sha256(data)
}

function leafOf(sha256: Sha256, personal: Uint8Array, rest: Uint8Array): Uint8Array {
  const data = new Uint8Array(1 + 2 * HASH_BYTES)
  data.set(personal, 1)
  data.set(rest, 1 + HASH_BYTES)
  return sha256(data)
}

function saltBytes(hex: string, salts: number): Uint8Array | undefined {
  return hex.length === 2 * SALT_BYTES * salts ? fromHex(hex) : undefined
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
