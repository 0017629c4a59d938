import { toHex } from '../../ledger/bytes.ts'
import { HASH_BYTES } from '../../ledger/merkle.ts'
import { orderOf } from './order.ts'
import type { RequestRecord } from './record.ts'
import type { Crypto } from './world.ts'

/** What a record's hash covers, in this order: a second implementation of src/requests/population.ts. */
const PARTS = [
  'request_id', 'state', 'start_ts', 'end_ts', 'method', 'path', 'query', 'status', 'gateway_status', 'target_status', 'app_status',
  'app_substatus', 'subject_kind', 'subject_issuer', 'subject', 'app_subject', 'client_id', 'outcome', 'decided_by', 'gateway_hop_id',
  'app_hop_ids',
] as const // biome-ignore format: a list

/** What a record hash is of; written over by the next. */
let scratch = new Uint8Array(1 << 14)
const UTF8 = new TextEncoder()

/** Hashes of records, of a part of a population or of all. */
export interface RecordHashes {
  /** Four numbers an id. */
  readonly ids: Uint32Array
  readonly hashes: Uint8Array
}

/** Adds up the hash of a population from records in any order. */
export class PopulationHash {
  readonly #crypto: Pick<Crypto, 'hashInto'>
  #ids = new Uint32Array(4 * 64)
  #hashes = new Uint8Array(HASH_BYTES * 64)
  #count = 0

  constructor(crypto: Pick<Crypto, 'hashInto'>) {
    this.#crypto = crypto
  }

  add(record: RequestRecord): void {
    if (this.#count * 4 === this.#ids.length) this.#grow(this.#count * 2)
    const id = String(record.request_id)
    for (let part = 0; part < 4; part++) this.#ids[this.#count * 4 + part] = numberOf(id, part * 8)
    let text = ''
    for (const part of PARTS) {
      const value = record[part]
      if (text !== '') text += '\x1f'
      text += value === undefined ? '\\N' : typeof value === 'object' ? value.join(',') : value
    }
    if (scratch.length < text.length * 3) scratch = new Uint8Array(text.length * 6)
    const { written } = UTF8.encodeInto(text, scratch)
    this.#crypto.hashInto(scratch.subarray(0, written), this.#hashes, this.#count * HASH_BYTES)
    this.#count++
  }

  /** What was added so far, to be added elsewhere; nothing may be added here any more. */
  get parts(): RecordHashes {
    return {
      ids: this.#ids.subarray(0, this.#count * 4),
      hashes: this.#hashes.subarray(0, this.#count * HASH_BYTES),
    }
  }

  addAll({ ids, hashes }: RecordHashes): void {
    const count = this.#count + ids.length / 4
    if (count * 4 > this.#ids.length) this.#grow(count)
    this.#ids.set(ids, this.#count * 4)
    this.#hashes.set(hashes, this.#count * HASH_BYTES)
    this.#count = count
  }

  /** An id that was added twice; undefined where there is none. */
  idTwice(): string | undefined {
    const order = this.#order()
    const part = (place: number, n: number): number => this.#ids[(order[place] ?? 0) * 4 + n] ?? 0
    const isSame = (place: number): boolean => [0, 1, 2, 3].every(n => part(place, n) === part(place - 1, n))
    for (let place = 1; place < order.length; place++)
      if (isSame(place)) return [0, 1, 2, 3].map(n => part(place, n).toString(16).padStart(8, '0')).join('')
    return undefined
  }

  /** SHA-256 over the record hashes in hex, each with a line feed, in the order of request ids. */
  digest(hasher: { update(bytes: Uint8Array): void; digest(): Uint8Array }): string {
    const line = 2 * HASH_BYTES + 1
    const buffer = new Uint8Array(line * LINES)
    let filled = 0
    for (const at of this.#order()) {
      for (let byte = 0; byte < HASH_BYTES; byte++) {
        const value = this.#hashes[at * HASH_BYTES + byte] ?? 0
        buffer[filled++] = digit(value >> 4)
        buffer[filled++] = digit(value & 15)
      }
      buffer[filled++] = 10
      if (filled < buffer.length) continue
      hasher.update(buffer)
      filled = 0
    }
    hasher.update(buffer.subarray(0, filled))
    return toHex(hasher.digest())
  }

  /** Places of the records in the order of their ids. */
  #order(): Uint32Array {
    const ids = this.#ids
    const first = Float64Array.from({ length: this.#count }, (_, at) => ids[at * 4] ?? 0)
    const order = orderOf(first)
    const less = (a: number, b: number): number => {
      for (let part = 0; part < 4; part++) {
        const difference = (ids[a * 4 + part] ?? 0) - (ids[b * 4 + part] ?? 0)
        if (difference !== 0) return difference
      }
      return 0
    }
    // Those with the same first digits are few, and lie together.
    for (let from = 0, to = 0; from < order.length; from = to) {
      const key = first[order[from] ?? 0]
      for (to = from + 1; to < order.length && first[order[to] ?? 0] === key; ) to++
      if (to - from > 1) order.subarray(from, to).sort(less)
    }
    return order
  }

  #grow(count: number): void {
    const [ids, hashes] = [this.#ids, this.#hashes]
    this.#ids = new Uint32Array(count * 4)
    this.#ids.set(ids)
    this.#hashes = new Uint8Array(count * HASH_BYTES)
    this.#hashes.set(hashes)
  }
}

/** Record hashes that are written at once. */
const LINES = 1024

function digit(value: number): number {
  return value < 10 ? 48 + value : 87 + value
}

/** Eight hex digits of an id as a number. */
function numberOf(id: string, from: number): number {
  let number = 0
  for (let at = from; at < from + 8; at++) {
    const code = id.charCodeAt(at)
    number = number * 16 + (code <= 57 ? code - 48 : code - 87)
  }
  return number
}
