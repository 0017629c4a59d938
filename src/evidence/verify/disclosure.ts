import { concatBytes, fromHex, utf8 } from '../../ledger/bytes.ts'
import type { Sha256 } from '../../ledger/merkle.ts'
import type { Facts, FactValue } from './facts.ts'
import type { Line } from './lines.ts'

/** Columns that tell who it was; the first part of a leaf. Source: src/model/personal-columns.ts, held by a test. */

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
  /** Number of the request that it was disclosed for, from 0. */
  readonly request: number
  /** Undefined: a link that is kept of a pruned day, which no tree holds. */
  readonly place: { readonly generation: number; readonly index: number } | undefined
  readonly leaf: Uint8Array | undefined
  readonly facts: Facts
}

const WHOLE_HEAD = /^\{"segment":(\d+),"index":(\d+),"salts":"([0-9a-f]{64})","personal":/
const HIDDEN_HEAD =
  /^\{"segment":(\d+),"index":(\d+),"salt":"([0-9a-f]{32})","hidden":"([0-9a-f]{64})","pseudonyms":(\{[^{}]*\}),"rest":/
const LINK_HEAD = /^\{"request":(\d+),"generation":(\d+),"index":(\d+),"salt":"([0-9a-f]{32})","link":/
const BORDER_HEAD = /^\{"request":(\d+),"border":true,"link":/
const REST = ',"rest":'

/** Undefined where the line is not written as it must be. */
export function readHop(sha256: Sha256, line: Line): DisclosedHop | undefined {
  const { text } = line
  const hidden = HIDDEN_HEAD.exec(text)
  if (hidden) return readHidden(sha256, line, hidden)
  const head = WHOLE_HEAD.exec(text)
  const from = head?.[0].length ?? 0
  const cut = text.indexOf(REST, from)
  if (!head || cut < 0 || !text.endsWith('}}')) return undefined
  const salts = fromHex(head[3] ?? '') ?? new Uint8Array()
  const personal = slice(line, from, cut)
  const rest = slice(line, cut + REST.length, text.length - 1)
  const own = readText(text.slice(from, cut))
  const others = readText(text.slice(cut + REST.length, -1))
  if (!own || !others) return undefined
  const leaf = leafOf(
    sha256,
    sha256(concatBytes(salts.subarray(0, 16), personal)),
    sha256(concatBytes(salts.subarray(16), rest)),
  )
  return { segment: Number(head[1]), index: Number(head[2]), leaf, facts: { ...own, ...others }, pseudonyms: undefined }
}

function readHidden(sha256: Sha256, line: Line, head: RegExpExecArray): DisclosedHop | undefined {
  const [start, segment, index, salt = '', hash = '', names = ''] = head
  const { text } = line
  const facts = readText(text.slice(start.length, -1))
  const pseudonyms = readText(names)
  if (!facts || !pseudonyms || !text.endsWith('}}')) return undefined
  const rest = slice(line, start.length, text.length - 1)
  const leaf = leafOf(
    sha256,
    fromHex(hash) ?? new Uint8Array(),
    sha256(concatBytes(fromHex(salt) ?? new Uint8Array(), rest)),
  )
  return {
    segment: Number(segment),
    index: Number(index),
    leaf,
    facts,
    pseudonyms: pseudonyms as Record<string, string>,
  }
}

/** Undefined where the line is not written as it must be. */
export function readLink(sha256: Sha256, line: Line): DisclosedLink | undefined {
  const { text } = line
  const border = BORDER_HEAD.exec(text)
  const head = border ?? LINK_HEAD.exec(text)
  const facts = head && text.endsWith('}}') ? readText(text.slice(head[0].length, -1)) : undefined
  if (!head || !facts) return undefined
  if (border) return { request: Number(head[1]), place: undefined, leaf: undefined, facts }
  const bytes = slice(line, head[0].length, text.length - 1)
  return {
    request: Number(head[1]),
    place: { generation: Number(head[2]), index: Number(head[3]) },
    leaf: sha256(concatBytes(Uint8Array.of(0), fromHex(head[4] ?? '') ?? new Uint8Array(), bytes)),
    facts,
  }
}

function leafOf(sha256: Sha256, personal: Uint8Array, rest: Uint8Array): Uint8Array {
  return sha256(concatBytes(Uint8Array.of(0), personal, rest))
}

/** Bytes of a part of a line, given by its place in the text. */
function slice({ bytes, text }: Line, from: number, to: number): Uint8Array {
  // Without other characters than ASCII, places in the text are places in the bytes.
  return bytes.length === text.length ? bytes.subarray(from, to) : utf8(text.slice(from, to))
}

/** A canonical text as columns; undefined where it is no JSON object of plain values. */
export function readText(text: string): Facts | undefined {
  try {
    const facts = JSON.parse(text) as Record<string, FactValue>
    if (typeof facts !== 'object' || facts === null || Array.isArray(facts)) return undefined
    for (const column in facts) {
      const value = facts[column]
      if (typeof value !== 'number' || Number.isSafeInteger(value) || !Number.isInteger(value)) continue
      // Beyond 2^53 JavaScript would round.
      const digits = new RegExp(`"${column}":(-?\\d+)[,}]`).exec(text)?.[1]
      if (digits !== undefined) facts[column] = BigInt(digits)
    }
    return facts
  } catch {
    return undefined
  }
}
