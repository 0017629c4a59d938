import { normalizeId, storedRaw, traceIdOf } from '../../model/ids.ts'
import { mayHoldSecret, SCRUBBED } from '../../model/scrub.ts'
import { countDecoded } from '../../model/source.ts'
import { DAY_US } from '../../model/time.ts'
import type { Chunk } from '../chunk.ts'
import { isDigits } from '../digits.ts'
import { jsonBytes } from '../encoding.ts'
import type { ReaderContext } from '../format.ts'
import { IdentityHasher } from '../identity.ts'
import type { Position } from '../lines.ts'
import { DELIMITER, isNoValue, STAMPS } from './columns.ts'
import type { PlainBinding } from './plain-binding.ts'
import { PlainColumns } from './plain-columns.ts'
import { MicrosText, PlainStamp } from './plain-stamp.ts'
import { gatewayIdentity } from './record.ts'
import { isFiller } from './stamps.ts'
import { type FoundSubject, GatewaySubjects } from './subjects.ts'
import { isTargetCalled } from './target-called.ts'

const SEPARATOR = DELIMITER.charCodeAt(0)
const MEMO_LIMIT = 100_000
/** Length of a SHA-512 in hex, which obfuscated values are. */
const HASHED_SIZE = 128

/**
 * Reads rows of a delimited export straight from their bytes: rows without quotes, escapes and secrets, which are nearly
 * all. Every other row is left to the reader of any row; both write the same.
 */
export class PlainRows {
  readonly #context: ReaderContext
  readonly #binding: PlainBinding
  readonly #columns: PlainColumns
  readonly #stamp = new PlainStamp()
  readonly #micros = new MicrosText()
  readonly #stampUs = new Float64Array(STAMPS.length)
  readonly #hasher = new IdentityHasher()
  readonly #heads = new Map<string, Buffer>()
  readonly #subjects = new GatewaySubjects()
  readonly #users = new Map<string, string>()
  readonly #clients = new Map<string, string>()
  #key = Buffer.allocUnsafeSlow(4096)
  #field = ''
  /** Whether a column says "no value" by a text. */
  #hasNoneText = false

  constructor(context: ReaderContext, binding: PlainBinding, delimiter: string) {
    this.#context = context
    this.#binding = binding
    this.#columns = new PlainColumns(delimiter)
  }

  /** @returns whether the row was plain and is written; nothing is counted where not */
  take(line: Buffer, start: number, end: number, at: Position): boolean {
    const { flow, count } = this.#binding
    const columns = this.#columns
    if (columns.split(line, start, end) !== count || flow < 0) return false
    if (this.#isNone(flow) || !this.#arePlain() || !this.#readStamps()) return false
    this.#write(at, start, end)
    return true
  }

  /** Whether numbers are numbers, and nothing is hashed or to be scrubbed. */
  #arePlain(): boolean {
    const columns = this.#columns
    const { numeric, obfuscated, secret } = this.#binding
    for (const { index, digits } of numeric) {
      const from = columns.starts[index] ?? 0
      const to = columns.ends[index] ?? 0
      if (to > from && !(to - from <= digits && isDigits(columns.line, from, to)) && !this.#isNone(index))
        return false
    }
    for (const index of obfuscated) if (columns.size(index) === HASHED_SIZE) return false
    for (const index of secret) if (!this.#isNone(index)) return false
    for (let i = 0; i < columns.suspectCount; i++) if (this.#isSecret(columns.suspects[i] ?? 0)) return false
    return true
  }

  #isSecret(index: number): boolean {
    const { scrubber, identityScrubber } = this.#context
    const text = this.#columns.text(index)
    if (!mayHoldSecret(text)) return false
    return scrubber.scrub(text, 'value').count > 0 || identityScrubber.scrub(text, 'value').count > 0
  }

  #readStamps(): boolean {
    const { stamps } = this.#binding
    const columns = this.#columns
    // The first one last, so that its rule is the one that stays.
    for (let i = stamps.length - 1; i >= 0; i--) {
      const index = stamps[i] ?? -1
      this.#stampUs[i] = Number.NaN
      if (index < 0 || columns.size(index) === 0) continue
      if (this.#stamp.read(columns.line, columns.starts[index] ?? 0, columns.ends[index] ?? 0))
        this.#stampUs[i] = this.#stamp.us
      else if (!this.#isNone(index) && !isFiller(columns.text(index))) return false
    }
    return !Number.isNaN(this.#stampUs[0])
  }

  #write(at: Position, start: number, end: number): void {
    const { layout, runs } = this.#binding
    const { accounting, sink } = this.#context
    const receivedUs = this.#stampUs[0] ?? Number.NaN
    const head = this.#head(at, receivedUs)
    const chunk = sink.chunk(layout, Math.floor(receivedUs / DAY_US))
    chunk.reserve(head.length + runs.length + end - start + 1)
    chunk.text(head)
    for (const { from, to } of runs) this.#copyRun(chunk, from, to)
    chunk.byte(LF)
    chunk.count(receivedUs)
    countDecoded(accounting, receivedUs)
  }

  /** Copies columns that stand side by side, each behind a separator. */
  #copyRun(chunk: Chunk, from: number, to: number): void {
    const { line, starts, ends } = this.#columns
    if (this.#hasNoneText) {
      for (let i = from; i < to; i++) {
        chunk.byte(SEPARATOR)
        if (!this.#isNone(i)) chunk.bytes(line, starts[i] ?? 0, ends[i] ?? 0)
      }
      return
    }
    const first = starts[from] ?? 0
    chunk.byte(SEPARATOR)
    const shift = chunk.length - first
    chunk.bytes(line, first, ends[to - 1] ?? 0)
    for (let i = from; i < to - 1; i++) chunk.buffer[(ends[i] ?? 0) + shift] = SEPARATOR
  }

  /** The columns that stand before the known ones. */
  #head(at: Position, receivedUs: number): string {
    const rule = this.#stamp.rule
    let stamps = ''
    for (let i = 0; i < this.#stampUs.length; i++) {
      const us = this.#stampUs[i] ?? Number.NaN
      stamps += (Number.isNaN(us) ? '' : this.#micros.of(us)) + DELIMITER
    }
    const called = this.#isTargetCalled() ? 1 : 0
    const ids = this.#ids()
    const attributes = this.#attributes(this.#field)
    return `${this.#context.sourceId}${DELIMITER}${at.lineNo}${DELIMITER}${at.byteOffset}${DELIMITER}${this.#hopId(receivedUs)}${DELIMITER}${this.#fieldCount()}${DELIMITER}${stamps}${rule}${DELIMITER}${called}${DELIMITER}0${DELIMITER}${ids}${DELIMITER}${this.#traceparent()}${DELIMITER}${this.#subject()}${DELIMITER}${DELIMITER}${attributes}`
  }

  #hopId(receivedUs: number): string {
    const { flow } = this.#binding
    const { line, starts, ends } = this.#columns
    const from = starts[flow] ?? 0
    const to = ends[flow] ?? 0
    const tail = `\n${this.#micros.of(receivedUs)}`
    const size = to - from + tail.length
    if (size > this.#key.length) this.#key = Buffer.allocUnsafeSlow(size * 2)
    line.copy(this.#key, 0, from, to)
    this.#key.write(tail, to - from, 'latin1')
    return this.#hasher.digest(this.#identityHead(), this.#key, 0, size)
  }

  /** Head of the identity key; rows of one export have few. */
  #identityHead(): Buffer {
    const { organization, environment } = this.#binding
    const key = `${this.#value(organization)}\n${this.#value(environment)}`
    let head = this.#heads.get(key)
    if (!head) {
      head = Buffer.from(gatewayIdentity(this.#value(organization), this.#value(environment)), 'latin1')
      if (this.#heads.size > MEMO_LIMIT) this.#heads.clear()
      this.#heads.set(key, head)
    }
    return head
  }

  #fieldCount(): number {
    const { count } = this.#binding
    let values = 0
    this.#hasNoneText = false
    for (let i = 0; i < count; i++) {
      if (!this.#isNone(i)) values++
      else if (this.#columns.size(i) > 0) this.#hasNoneText = true
    }
    return values
  }

  #isTargetCalled(): boolean {
    const { code, cache, fault } = this.#binding
    const signs = { code: this.#value(code), cacheHit: this.#value(cache), faultCode: this.#value(fault) }
    return isTargetCalled(signs, this.#stampUs)
  }

  /** correlation_id correlation_raw correlation_field other_ids; sets the field of the id. */
  #ids(): string {
    const { idFields } = this.#context.accounting
    let primary = DELIMITER + DELIMITER
    let others = ''
    this.#field = ''
    for (const { index, role } of this.#binding.ids) {
      const raw = this.#value(index)
      const id = raw === SCRUBBED ? undefined : normalizeId(raw)
      if (id === undefined) continue
      idFields[role.name] = (idFields[role.name] ?? 0) + 1
      if (this.#field) others += `${others ? ',' : ''}${jsonBytes(`${role.name}=${id}`)}`
      else {
        this.#field = role.name
        primary = id + DELIMITER + (storedRaw(id, raw) ?? '') + DELIMITER + role.name
      }
    }
    idFields.gateway_flow_id = (idFields.gateway_flow_id ?? 0) + 1
    return primary + DELIMITER + (others && `[${others}]`)
  }

  #traceparent(): string {
    for (const index of this.#binding.traceparents) {
      const value = this.#value(index)
      if (value !== '' && traceIdOf(value)) return value
    }
    return ''
  }

  /** subject_kind subject_issuer subject_name subject_raw */
  #subject(): string {
    const { subjects, clients } = this.#binding
    for (const index of subjects) {
      const raw = this.#value(index)
      const found = raw && this.#userText(raw)
      if (found) return found
    }
    for (const index of clients) {
      const raw = this.#value(index)
      const found = raw && this.#clientText(raw)
      if (found) return found
    }
    return NOBODY
  }

  #userText(raw: string): string {
    return this.#users.get(raw) ?? remember(this.#users, raw, textOf(this.#subjects.of([raw], [])))
  }

  #clientText(raw: string): string {
    return this.#clients.get(raw) ?? remember(this.#clients, raw, textOf(this.#subjects.of([], [raw])))
  }

  /** A JSON object of the custom columns but the id's; empty where there are none. */
  #attributes(primary: string): string {
    let members = ''
    for (const { index, role } of this.#binding.extras) {
      if (role.name === primary || this.#isNone(index)) continue
      members += `${members ? ',' : '{'}${role.member}"${this.#columns.text(index)}"`
    }
    return members && `${members}}`
  }

  /** The column; empty where it has no value. */
  #value(index: number): string {
    return index < 0 || this.#isNone(index) ? '' : this.#columns.text(index)
  }

  #isNone(index: number): boolean {
    const { line, starts } = this.#columns
    const size = this.#columns.size(index)
    if (size === 0) return true
    if (size > LONGEST_NONE) return false
    const first = line[starts[index] ?? 0]
    return (
      FIRST_OF_NONE[first ?? 0] === 1 &&
      isNoValue(this.#columns.text(index), index === this.#binding.proxy ? 'apiproxy' : '')
    )
  }
}

function textOf(found: FoundSubject | undefined): string {
  return found ? [found.kind, found.issuer, found.name, found.raw].join(DELIMITER) : ''
}

function remember(known: Map<string, string>, raw: string, text: string): string {
  if (known.size > MEMO_LIMIT) known.clear()
  known.set(raw, text)
  return text
}

const LF = 10
const NOBODY = DELIMITER.repeat(3)
/** `(not set)` */
const LONGEST_NONE = 9
const FIRST_OF_NONE = new Uint8Array(256)
for (const c of Buffer.from('(Nn')) FIRST_OF_NONE[c] = 1
