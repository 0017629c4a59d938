import { toHex, utf8 } from '../../ledger/bytes.ts'
import { HASH_BYTES, type Sha256 } from '../../ledger/merkle.ts'
import type { RequestRecord } from './record.ts'

/** What a record's hash covers, in this order: a second implementation of src/requests/population.ts. */
const PARTS = [
  'request_id', 'state', 'start_ts', 'end_ts', 'method', 'path', 'query', 'status', 'gateway_status', 'target_status', 'app_status',
  'app_substatus', 'subject_kind', 'subject_issuer', 'subject', 'app_subject', 'client_id', 'outcome', 'decided_by', 'gateway_hop_id',
  'app_hop_ids',
] as const // biome-ignore format: a list

/** Adds up the hash of a population from records in any order. */
export class PopulationHash {
  readonly #sha256: Sha256
  #ids = new Uint32Array(4 * 64)
  #hashes = new Uint8Array(HASH_BYTES * 64)
  #count = 0

  constructor(sha256: Sha256) {
    this.#sha256 = sha256
  }

  add(record: RequestRecord): void {
    if (this.#count * 4 === this.#ids.length) this.#grow()
    const id = String(record.request_id)
    for (let part = 0; part < 4; part++)
      this.#ids[this.#count * 4 + part] = Number.parseInt(id.slice(part * 8, part * 8 + 8), 16)
    let text = ''
    for (const part of PARTS) {
      const value = record[part]
      if (text !== '') text += '\x1f'
      text += value === undefined ? '\\N' : typeof value === 'object' ? value.join(',') : String(value)
    }
    this.#hashes.set(this.#sha256(utf8(text)), this.#count * HASH_BYTES)
    this.#count++
  }

  /** SHA-256 over the record hashes in hex, each with a line feed, in the order of request ids. */
  digest(hasher: { update(bytes: Uint8Array): void; digest(): Uint8Array }): string {
    const ids = this.#ids
    const order = Uint32Array.from({ length: this.#count }, (_, at) => at)
    order.sort((a, b) => {
      for (let part = 0; part < 4; part++) {
        const less = (ids[a * 4 + part] ?? 0) - (ids[b * 4 + part] ?? 0)
        if (less !== 0) return less
      }
      return 0
    })
    for (const at of order)
      hasher.update(utf8(`${toHex(this.#hashes.subarray(at * HASH_BYTES, (at + 1) * HASH_BYTES))}\n`))
    return toHex(hasher.digest())
  }

  #grow(): void {
    const [ids, hashes] = [this.#ids, this.#hashes]
    this.#ids = new Uint32Array(ids.length * 2)
    this.#ids.set(ids)
    this.#hashes = new Uint8Array(hashes.length * 2)
    this.#hashes.set(hashes)
  }
}
