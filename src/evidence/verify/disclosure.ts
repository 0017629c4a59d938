import { fromHex } from '../../ledger/bytes.ts'
import { HASH_BYTES } from '../../ledger/merkle.ts'
import type { Facts } from './facts.ts'
import { LEAF_COLUMNS, LINK_TEXT, newRow, TextReader } from './leaf-columns.ts'
import type { Line } from './lines.ts'
import { BadFile } from './lines.ts'
import type { Crypto } from './world.ts'

/** A line of facts.ndjson that was read and hashed. */
export interface DisclosedHop {
  readonly segment: number
  readonly index: number
  /** Valid until the next line is read. */
  readonly leaf: Uint8Array
  readonly facts: Facts
  /** Stand-ins by column where the personal part is withheld; undefined: it is there. */
  readonly pseudonyms: Readonly<Record<string, string>> | undefined
}

export interface DisclosedLink {
  /** Undefined: a link that is kept of a pruned day, which no tree holds. */
  readonly place: { readonly generation: number; readonly index: number } | undefined
  /** Valid until the next line is read. */
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

type Hashing = Pick<Crypto, 'hashInto'>

const readersOf = (kind: keyof typeof LEAF_COLUMNS) => ({
  personal: new TextReader(LEAF_COLUMNS[kind].personal),
  rest: new TextReader(LEAF_COLUMNS[kind].rest),
})
const READERS = { gateway: readersOf('gateway'), app: readersOf('app'), kernel: readersOf('kernel') }
const LINK_READER = new TextReader(LINK_TEXT)

/** Memory for what is read at the moment: a byte 0 and the hashes of both parts, the leaf, and salts. */
const parts = new Uint8Array(1 + 2 * HASH_BYTES)
const leaf = new Uint8Array(HASH_BYTES)
const salts = new Uint8Array(2 * SALT_BYTES)

/**
 * Reads a line of facts.ndjson.
 *
 * @param kindOf kind of the hops of a segment
 * @returns undefined where it is not written as it must be
 */
export function readHop({ hashInto }: Hashing, line: Line, kindOf: (segment: number) => keyof typeof LEAF_COLUMNS | undefined): DisclosedHop | undefined {
  const { segment, index, salts: both, personal, rest, salt, hidden, pseudonyms } = parse<HopLine>(line)
  const kind = kindOf(segment) ?? 'app'
  const columns = READERS[kind]
  // Where the personal part is withheld, its columns must be absent.
  const row = personal === undefined ? {} : newRow[kind]()
  const facts = typeof rest === 'string' ? columns.rest.read(rest, row) : undefined
  if (!facts || !Number.isSafeInteger(index)) return undefined
  if (typeof both === 'string' && typeof personal === 'string' && pseudonyms === undefined) {
    const bytes = saltBytes(both, 2)
    const all = bytes && columns.personal.read(personal, row)
    if (!bytes || !all) return undefined
    hashInto(written(bytes, 0, personal), parts, 1)
    hashInto(written(bytes, SALT_BYTES, rest), parts, 1 + HASH_BYTES)
    hashInto(parts, leaf, 0)
    return { segment, index, leaf, facts: all, pseudonyms: undefined }
  }
  const [bytes, own] = [saltBytes(salt ?? '', 1), fromHex(hidden ?? '')]
  if (!bytes || own?.length !== HASH_BYTES || !isTexts(pseudonyms)) return undefined
  parts.set(own, 1)
  hashInto(written(bytes, 0, rest), parts, 1 + HASH_BYTES)
  hashInto(parts, leaf, 0)
  return { segment, index, leaf, facts, pseudonyms }
} // biome-ignore format: one line each

/** Reads a line of links.ndjson; undefined where it is not written as it must be. */
export function readLink({ hashInto }: Hashing, line: Line): DisclosedLink | undefined {
  const { generation, index, salt, border, link } = parse<LinkLine>(line)
  const facts = typeof link === 'string' ? LINK_READER.read(link, newRow.link()) : undefined
  if (!facts) return undefined
  if (border) return { place: undefined, leaf: undefined, facts }
  const bytes = saltBytes(salt ?? '', 1)
  if (!bytes || generation === undefined || !Number.isSafeInteger(index) || index === undefined) return undefined
  hashInto(written(bytes, 0, link, 1), leaf, 0)
  return { place: { generation, index }, leaf, facts }
} // biome-ignore format: one line each

/** What is hashed next; texts are written here, as memory of their own for each would cost more than their hash. */
let scratch = new Uint8Array(1 << 16)
const UTF8 = new TextEncoder()

/** A salt and a text as bytes, behind as many bytes 0 as asked for; valid until the next call. */
function written(salts: Uint8Array, from: number, text: string, zeros = 0): Uint8Array {
  const head = zeros + SALT_BYTES
  if (scratch.length < head + text.length * 3) scratch = new Uint8Array(2 * (head + text.length * 3))
  scratch.fill(0, 0, zeros)
  for (let at = 0; at < SALT_BYTES; at++) scratch[zeros + at] = salts[from + at] ?? 0
  const { written: length } = UTF8.encodeInto(text, scratch.subarray(head))
  return scratch.subarray(0, head + length)
}

/** The bytes of some salts; valid until the next call. */
function saltBytes(hex: string, count: number): Uint8Array | undefined {
  if (hex.length !== 2 * SALT_BYTES * count) return undefined
  for (let at = 0; at < SALT_BYTES * count; at++) {
    const high = digitOf(hex.charCodeAt(2 * at))
    const low = digitOf(hex.charCodeAt(2 * at + 1))
    if (high < 0 || low < 0) return undefined
    salts[at] = 16 * high + low
  }
  return salts
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
