import { digest128, IDENTITY_VERSION, normalizeId, storedRaw } from '../../model/ids.ts'
import { mayHoldSecret, SCRUBBED } from '../../model/scrub.ts'
import { isSentinel } from '../../model/sentinel.ts'
import { countDecoded } from '../../model/source.ts'
import { DAY_US } from '../../model/time.ts'
import type { ChunkLayout } from '../chunk.ts'
import { jsonBytes } from '../encoding.ts'
import type { ReaderContext } from '../format.ts'
import type { Position } from '../lines.ts'
import {
  DELIMITER,
  FULL_LAYOUT,
  GATEWAY_PREFIX,
  isNoValue,
  KNOWN,
  type KnownColumn,
  OBFUSCATED,
  OBFUSCATED_EMPTY,
  QUOTE,
  STAMPS,
} from './columns.ts'
import { ExtraColumns } from './extras.ts'
import { type ColumnRole, type ExtraRole, type KnownRole, RoleTable } from './roles.ts'
import { isFiller, parseStamp, type Stamp } from './stamps.ts'
import { GatewaySubjects } from './subjects.ts'
import { isTargetCalled } from './target-called.ts'

const at = (name: KnownColumn): number => KNOWN.indexOf(name)
const [ORG, ENV, FLOW] = [at('organization'), at('environment'), at('gateway_flow_id')]
const [CLIENT, EMAIL] = [at('client_id'), at('developer_email')]
const [CODE, CACHE] = [at('target_response_code'), at('cache_hit')]
const FAULT = at('ax_edge_execution_fault_code')

const IS_NUMBER = /^-?\d+(?:\.\d{1,9})?$/
const HASHED = /^[0-9a-f]{128}$/
/** The shortest text that can hold a secret: `pin=1`. */
const SHORTEST_SECRET = 5

/**
 * Collects the columns of one export record and writes it as one chunk row. Values are byte strings. Column order
 * in the source does not matter, as exports document none.
 */
export class RecordWriter {
  readonly #context: ReaderContext
  readonly #roles: RoleTable
  readonly #extras: ExtraColumns
  readonly #subjects: GatewaySubjects
  readonly #known: string[] = new Array<string>(KNOWN.length).fill('')
  /** Known values as identity sees them. */
  readonly #keys: string[] = new Array<string>(KNOWN.length).fill('')
  readonly #stamps: string[] = new Array<string>(STAMPS.length).fill('')
  /** The same as µs, NaN where absent. */
  readonly #stampUs = new Float64Array(STAMPS.length)
  /** The layout that records are written in, and its known columns. */
  #layout: ChunkLayout = FULL_LAYOUT
  #written: readonly number[] = KNOWN.map((_, index) => index)
  #token = ''
  #obfuscated = false
  #fieldCount = 0
  #scan = false
  #mayNeedQuotes = false

  constructor(context: ReaderContext) {
    this.#context = context
    this.#roles = new RoleTable(context)
    this.#extras = new ExtraColumns(context)
    this.#subjects = new GatewaySubjects()
  }

  /** What happens to a column of this name. Roles are shared: equal names give the same object. */
  role(name: string): ColumnRole {
    return this.#roles.of(name)
  }

  /** Writes records from here on with these known columns, in the order of the layout. */
  use(layout: ChunkLayout): void {
    this.#layout = layout
    this.#written = layout.columns
      .slice(GATEWAY_PREFIX.length)
      .map(name => KNOWN.indexOf(name as KnownColumn))
  }

  /**
   * Forgets the previous record.
   *
   * @param scan whether a value may hold a secret
   * @param mayNeedQuotes whether a value may hold a control character
   */
  begin(scan: boolean, mayNeedQuotes: boolean): void {
    this.#known.fill('')
    this.#keys.fill('')
    this.#stamps.fill('')
    this.#extras.clear()
    this.#token = ''
    this.#obfuscated = false
    this.#fieldCount = 0
    this.#scan = scan
    this.#mayNeedQuotes = mayNeedQuotes
  }

  /** Takes one column. Empty values and `(not set)` are no value, except for `apiproxy`. */
  set(role: ColumnRole, raw: string): void {
    if (isNoValue(raw, role.name)) return
    this.#fieldCount++
    if (role.to === 'stamp') this.#stamps[role.index] = raw
    else if (role.to === 'known') this.#setKnown(role, raw)
    else if (role.to === 'extra') this.#setExtra(role, raw)
    else if (!isSentinel(raw)) this.#token = raw
  }

  #setKnown(role: KnownRole, raw: string): void {
    const { name, index, digits } = role
    if (digits > 0) {
      this.#keys[index] = raw
      if (isNumberOf(raw, digits))
        this.#known[index] = raw.includes('.') ? String(Math.round(Number(raw))) : raw
      else if (!isSentinel(raw)) this.#setExtra(this.#roles.extra(name), raw)
      return
    }
    if (raw.length === 128 && OBFUSCATED.has(name) && HASHED.test(raw)) {
      this.#obfuscated = true
      this.#keys[index] = raw
      if (raw !== OBFUSCATED_EMPTY) this.#known[index] = raw
      return
    }
    const isSuspect = this.#scan && raw.length >= SHORTEST_SECRET && mayHoldSecret(raw)
    this.#known[index] = isSuspect ? this.#scrub(raw) : raw
    this.#keys[index] = isSuspect ? this.#identityText(raw) : raw
  }

  #setExtra(role: ExtraRole, raw: string): void {
    const isHashed = raw.length === 128 && OBFUSCATED.has(role.name) && HASHED.test(raw)
    if (isHashed) this.#obfuscated = true
    if (isHashed && raw === OBFUSCATED_EMPTY) return
    const isSuspect = this.#scan && raw.length >= SHORTEST_SECRET && mayHoldSecret(raw)
    const value = role.secret ? SCRUBBED : isSuspect ? this.#scrub(raw) : raw
    const key = role.identitySecret ? SCRUBBED : isSuspect ? this.#identityText(raw) : raw
    if (role.secret) this.#context.accounting.scrubbed++
    this.#extras.add(role, value, key)
  }

  #scrub(raw: string): string {
    const { text, count } = this.#context.scrubber.scrub(raw, 'value')
    this.#context.accounting.scrubbed += count
    return text
  }

  /** The value without the secrets of the fixed list, so that a changed configuration changes no id. */
  #identityText(raw: string): string {
    return this.#context.identityScrubber.scrub(raw, 'value').text
  }

  /**
   * Writes the record.
   *
   * @returns undefined when written, else why the record is no hop
   */
  write(position: Position): string | undefined {
    const stamps = this.#stamps.map(text => (text === '' ? undefined : parseStamp(text)))
    const received = stamps[0]
    if (!received) return missing(this.#stamps[0] ?? '')
    for (let i = 0; i < stamps.length; i++) this.#stampUs[i] = stamps[i]?.us ?? Number.NaN
    this.#keepOddStamps(stamps)
    this.#extras.arrange()
    const { accounting, sink } = this.#context
    const row = this.#row(position, received)
    const chunk = sink.chunk(this.#layout, Math.floor(received.us / DAY_US))
    chunk.reserve(row.length + 1)
    chunk.text(row)
    chunk.byte(10)
    chunk.count(received.us)
    countDecoded(accounting, received.us)
    return undefined
  }

  /** A stamp that is neither a time nor one of the usual fillers is kept among the attributes. */
  #keepOddStamps(stamps: readonly (Stamp | undefined)[]): void {
    for (let i = 1; i < stamps.length; i++) {
      const text = this.#stamps[i] ?? ''
      if (text && !stamps[i] && !isFiller(text)) this.#setExtra(this.#roles.extra(STAMPS[i] ?? ''), text)
    }
  }

  #row(position: Position, received: Stamp): string {
    const { sourceId } = this.#context
    const ids = this.#ids()
    let row = `${sourceId}${DELIMITER}${position.lineNo}${DELIMITER}${position.byteOffset}${DELIMITER}`
    row += `${this.#hopId(received.us)}${DELIMITER}${this.#fieldCount}${DELIMITER}`
    for (const us of this.#stampUs) row += (Number.isNaN(us) ? '' : us) + DELIMITER
    row += `${received.rule}${DELIMITER}${this.#isTargetCalled() ? 1 : 0}${DELIMITER}`
    row += `${this.#obfuscated ? 1 : 0}${DELIMITER}${ids.columns}${DELIMITER}${this.#subject()}${DELIMITER}`
    row += `${this.#pseudonym()}${DELIMITER}${this.#quote(this.#extras.attributes(ids.field))}`
    for (const index of this.#written) row += DELIMITER + this.#quote(this.#known[index] ?? '')
    return row
  }

  #isTargetCalled(): boolean {
    const { [CODE]: code = '', [CACHE]: cacheHit = '', [FAULT]: faultCode = '' } = this.#known
    return isTargetCalled({ code, cacheHit, faultCode }, this.#stampUs)
  }

  /** Its end is cut out of the token, maybe inside a character, so only printable ASCII is kept. */
  #pseudonym(): string {
    return this.#token && this.#context.pseudonym(this.#token).replace(/[^\x20-\x7e]/g, '?')
  }

  /** What the record says, in an order of its own: neither column order nor rendering of the file enters. */
  #content(): string {
    let content = ''
    for (const us of this.#stampUs) content += `${Number.isNaN(us) ? '' : us}\n`
    for (let i = 0; i < this.#keys.length; i++) if (this.#keys[i]) content += `${KNOWN[i]}=${this.#keys[i]}\n`
    return content + this.#extras.content()
  }

  #hopId(receivedUs: number): string {
    const { [FLOW]: flow = '', [ORG]: org = '', [ENV]: env = '' } = this.#keys
    const head = gatewayIdentity(org, env)
    const key = flow ? `${flow}\n${receivedUs}` : `\n${digest128(Buffer.from(this.#content(), 'latin1'))}`
    return digest128(Buffer.from(head + key, 'latin1'))
  }

  /** correlation_id correlation_raw correlation_field other_ids traceparent, and the field of the id. */
  #ids(): { columns: string; field: string } {
    const { idFields } = this.#context.accounting
    let primary = DELIMITER + DELIMITER
    let others = ''
    let field = ''
    for (const { name, value } of this.#extras.ids()) {
      const id = normalizeId(value)
      if (id === undefined || value === SCRUBBED) continue
      idFields[name] = (idFields[name] ?? 0) + 1
      if (field) others += `${others ? ',' : ''}${jsonBytes(`${name}=${id}`)}`
      else {
        primary = [id, storedRaw(id, value) ?? '', name].map(text => this.#quote(text)).join(DELIMITER)
        field = name
      }
    }
    if (this.#known[FLOW]) idFields.gateway_flow_id = (idFields.gateway_flow_id ?? 0) + 1
    const list = others && this.#quote(`[${others}]`)
    const columns = primary + DELIMITER + list + DELIMITER + this.#quote(this.#extras.traceparent())
    return { columns, field }
  }

  /** subject_kind subject_issuer subject_name subject_raw */
  #subject(): string {
    const { [CLIENT]: client = '', [EMAIL]: email = '' } = this.#known
    const found = this.#subjects.of(this.#extras.subjects(), [client, email])
    if (!found) return DELIMITER.repeat(3)
    return [found.kind, ...[found.issuer, found.name, found.raw].map(text => this.#quote(text))].join(
      DELIMITER,
    )
  }

  #quote(value: string): string {
    return this.#mayNeedQuotes && NEEDS_QUOTES.test(value)
      ? QUOTE + value.replaceAll(QUOTE, QUOTE + QUOTE) + QUOTE
      : value
  }
}

/** Head of the identity key of a gateway hop, as a byte string. */
export function gatewayIdentity(organization: string, environment: string): string {
  return `throughline:${IDENTITY_VERSION}:gateway\n${organization}\n${environment}\n`
}

const NEEDS_QUOTES = /[\x1e\x1f\r\n]/

function missing(text: string): string {
  if (text === '') return 'no client_received_start_timestamp'
  return `client_received_start_timestamp is ${/^[\d.:+ TZ-]{1,40}$/.test(text) ? text : 'text'}`
}

function isNumberOf(text: string, digits: number): boolean {
  if (!IS_NUMBER.test(text)) return false
  const point = text.indexOf('.')
  return (point === -1 ? text.length : point) <= digits
}
