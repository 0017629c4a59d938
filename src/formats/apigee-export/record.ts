import {
  CAPTURE_LIMIT_BYTES,
  digest128,
  IDENTITY_VERSION,
  isSentinel,
  normalizeId,
  traceIdOf,
} from '../../model/ids.ts'
import { SCRUBBED } from '../../model/scrub.ts'
import { parseSubject, type Subject } from '../../model/subject.ts'
import { DAY_US } from '../../model/time.ts'
import type { ReaderContext } from '../format.ts'
import type { Position } from '../lines.ts'
import { pickFields } from '../pick-fields.ts'
import { byteString, jsonBytes, utf8Text } from '../row-support.ts'
import {
  DELIMITER,
  GATEWAY_LAYOUT,
  KNOWN,
  NUMERIC,
  OBFUSCATED,
  OBFUSCATED_EMPTY,
  QUOTE,
  STAMPS,
} from './columns.ts'
import { parseStamp } from './stamps.ts'

interface KnownRole {
  readonly to: 'known'
  readonly name: string
  readonly index: number
  readonly numeric: boolean
}

/** Where a column's value goes. Names are byte strings in lower case. */
export type ColumnRole =
  | KnownRole
  | { readonly to: 'stamp'; readonly name: string; readonly index: number }
  | { readonly to: 'token'; readonly name: string }
  | { readonly to: 'extra'; readonly name: string; readonly member: string; readonly secret: boolean }

function columnRole(name: string, context: ReaderContext): ColumnRole {
  const known = (KNOWN as readonly string[]).indexOf(name)
  if (known !== -1) return { to: 'known', name, index: known, numeric: NUMERIC.has(name) }
  const stamp = (STAMPS as readonly string[]).indexOf(name)
  if (stamp !== -1) return { to: 'stamp', name, index: stamp }
  if (name === 'access_token') return { to: 'token', name }
  const secret = context.scrubber.isSecretName(name.replace(/^dc[_.]/, ''))
  return { to: 'extra', name, member: `${jsonBytes(name)}:`, secret }
}

const CORRELATION_IS_ID = 'gateway_flow_id'
const NUMBER = /^-?\d{1,15}(?:\.\d{1,9})?$/
const MEMO_LIMIT = 4096

/** Index of a known column in `RecordWriter` values. */
const at = (name: (typeof KNOWN)[number]): number => KNOWN.indexOf(name)
const [ORG, ENV, FLOW, CODE, CACHE] = [
  at('organization'),
  at('environment'),
  at('gateway_flow_id'),
  at('target_response_code'),
  at('cache_hit'),
]
const [CLIENT, EMAIL] = [at('client_id'), at('developer_email')]

interface ExtraValue {
  readonly name: string
  readonly value: string
}

/**
 * Collects the columns of one export record and writes it as one chunk row. Values are byte strings. Column order
 * in the source does not matter, as exports document none.
 */
export class RecordWriter {
  readonly #context: ReaderContext
  readonly #roles = new Map<string, ColumnRole>()
  readonly #picks = new Map<string, { ids: readonly string[]; subjects: readonly string[] }>()
  readonly #subjects = new Map<string, Subject | null>()
  readonly #known: string[] = new Array<string>(KNOWN.length).fill('')
  readonly #stamps: string[] = new Array<string>(STAMPS.length).fill('')
  #extras: ExtraValue[] = []
  #members = ''
  #content = ''
  #token = ''
  #obfuscated = false
  #fieldCount = 0

  constructor(context: ReaderContext) {
    this.#context = context
  }

  /** Forgets the previous record. */
  begin(): void {
    this.#known.fill('')
    this.#stamps.fill('')
    this.#extras = []
    this.#members = ''
    this.#content = ''
    this.#token = ''
    this.#obfuscated = false
    this.#fieldCount = 0
  }

  /**
   * Takes one column; names compare in lower case. Empty values and `(not set)` are no value, except for `apiproxy`.
   *
   * @param scan whether the value may hold a secret (it has `=`, a JWT or the like)
   */
  set(role: ColumnRole, raw: string, scan: boolean): void {
    if (raw === '' || raw === '\\N') return
    if ((raw === '(not set)' || raw === 'Not set') && role.name !== 'apiproxy') return
    this.#fieldCount++
    if (role.to === 'token') {
      this.#token = raw
      return
    }
    const value = this.#clean(role, raw, scan)
    if (role.to === 'known') this.#setKnown(role, value)
    else if (role.to === 'stamp') this.#stamps[role.index] = value
    else this.#extra(role.member, role.name, value)
  }

  /** The value without secrets; also feeds the content digest, which blanks a fixed list of secrets only. */
  #clean(role: ColumnRole, raw: string, scan: boolean): string {
    const { scrubber, identityScrubber, accounting } = this.#context
    let value = raw
    let identity = raw
    if (role.to === 'extra' && role.secret) {
      value = SCRUBBED
      identity = SCRUBBED
      accounting.scrubbed++
    } else if (scan && (raw.includes('=') || raw.includes('eyJ') || /%3D|bearer|basic/i.test(raw))) {
      const stored = scrubber.scrub(raw)
      accounting.scrubbed += stored.count
      value = stored.text
      identity = scrubber === identityScrubber ? value : identityScrubber.scrub(raw).text
    }
    this.#content += `${role.name}=${identity}\n`
    return value
  }

  #setKnown(role: KnownRole, value: string): void {
    const { name, index, numeric } = role
    if (value.length === 128 && OBFUSCATED.has(name) && /^[0-9a-f]{128}$/.test(value)) {
      this.#obfuscated = true
      if (value === OBFUSCATED_EMPTY) return
    }
    if (numeric && !NUMBER.test(value)) {
      if (!isSentinel(value)) this.#extra(`${jsonBytes(name)}:`, name, value)
      return
    }
    this.#known[index] = numeric && value.includes('.') ? String(Math.round(Number(value))) : value
  }

  #extra(member: string, name: string, value: string): void {
    this.#members += `${this.#members ? ',' : ''}${member}${jsonBytes(value)}`
    if (isCandidate(name)) this.#extras.push({ name, value })
  }

  /** What happens to a column of this name. Roles are shared: equal names give the same object. */
  role(name: string): ColumnRole {
    let role = this.#roles.get(name)
    if (!role) {
      role = columnRole(name.toLowerCase(), this.#context)
      if (this.#roles.size < MEMO_LIMIT) this.#roles.set(name, role)
    }
    return role
  }

  /**
   * Writes the record.
   *
   * @returns undefined when written, else why the record is no hop
   */
  write(position: Position): string | undefined {
    const stamps = this.#stamps.map(text => (text === '' ? undefined : parseStamp(text)))
    const received = stamps[0]
    if (!received)
      return this.#stamps[0]
        ? `client_received_start_timestamp is ${this.#stamps[0]}`
        : 'no client_received_start_timestamp'
    const us = stamps.map((stamp, i) => {
      if (stamp) return String(stamp.us)
      if (this.#stamps[i] && !/^-?0*1?$/.test(this.#stamps[i] ?? ''))
        this.#extra(`${jsonBytes(STAMPS[i] ?? '')}:`, '', this.#stamps[i] ?? '')
      return ''
    })
    const { sourceId, accounting, sink } = this.#context
    const content = digest128(Buffer.from(this.#content, 'latin1'))
    const columns = [
      `${sourceId}`,
      `${position.lineNo}`,
      `${position.byteOffset}`,
      this.#hopId(received.us, content),
      content,
      `${this.#fieldCount}`,
      ...us,
      received.rule,
      this.#targetCalled(received.us, stamps[2]?.us),
      this.#obfuscated ? '1' : '0',
      this.#ids(),
      this.#subject(),
      this.#token && this.#context.pseudonym(this.#token),
      quote(this.#members && `{${this.#members}}`),
    ].join(DELIMITER)
    const known = this.#known
    let row = columns
    for (let i = 0; i < known.length; i++) row += DELIMITER + quote(known[i] ?? '')
    const chunk = sink.chunk(GATEWAY_LAYOUT, Math.floor(received.us / DAY_US))
    chunk.reserve(row.length + 1)
    chunk.text(row)
    chunk.byte(10)
    chunk.count(received.us)
    accounting.lines++
    accounting.decoded++
    if (accounting.firstUs === undefined || received.us < accounting.firstUs) accounting.firstUs = received.us
    if (accounting.lastUs === undefined || received.us > accounting.lastUs) accounting.lastUs = received.us
    return undefined
  }

  #hopId(receivedUs: number, content: string): string {
    const { [FLOW]: flow = '', [ORG]: org = '', [ENV]: env = '' } = this.#known
    const head = `throughline:${IDENTITY_VERSION}:gateway\n`
    return digest128(
      Buffer.from(
        flow ? `${head}${org}\n${env}\n${flow}\n${receivedUs}` : `${head}${org}\n${env}\n\n${content}`,
        'latin1',
      ),
    )
  }

  /**
   * Whether the gateway called its target. A stamp alone does not say so: some adapters fill target stamps with the
   * client's, others with 0 or -1; a code, or a stamp that differs from the client's, does.
   */
  #targetCalled(receivedUs: number, sentUs: number | undefined): string {
    if (this.#known[CODE]) return '1'
    if (this.#known[CACHE] === '1' || this.#known[CACHE] === 'true') return '0'
    return sentUs !== undefined && sentUs > receivedUs ? '1' : '0'
  }

  /** correlation_id correlation_raw correlation_field other_ids traceparent */
  #ids(): string {
    const { ids } = this.#picked()
    const { idFields } = this.#context.accounting
    let primary: string[] | undefined
    const others: string[] = []
    for (const name of ids) {
      const raw = this.#extras.find(e => e.name === name)?.value ?? ''
      const id = normalizeId(raw)
      if (id === undefined) continue
      idFields[name] = (idFields[name] ?? 0) + 1
      if (primary) others.push(jsonBytes(`${name}=${id}`))
      else primary = [quote(id), quote(raw), name]
    }
    const flow = this.#known[FLOW]
    if (flow) idFields[CORRELATION_IS_ID] = (idFields[CORRELATION_IS_ID] ?? 0) + 1
    const traceparent =
      this.#extras.find(e => /traceparent$/i.test(e.name) && traceIdOf(e.value))?.value ?? ''
    return [
      ...(primary ?? ['', '', '']),
      quote(others.length ? `[${others.join(',')}]` : ''),
      traceparent,
    ].join(DELIMITER)
  }

  /** subject_kind subject_issuer subject_name subject_raw */
  #subject(): string {
    for (const name of this.#picked().subjects) {
      const raw = this.#extras.find(e => e.name === name)?.value ?? ''
      if (raw) {
        const subject = this.#parse(raw, 'user')
        if (subject) return subjectColumns(subject, raw)
      }
    }
    for (const column of [CLIENT, EMAIL]) {
      const raw = this.#known[column] ?? ''
      const subject = raw ? this.#parse(raw, 'client') : null
      if (subject) return subjectColumns({ ...subject, issuer: '' }, raw)
    }
    return DELIMITER.repeat(3)
  }

  #parse(raw: string, kind: Subject['kind']): Subject | null {
    const key = `${kind} ${raw}`
    let subject = this.#subjects.get(key)
    if (subject === undefined) {
      const text = utf8Text(raw)
      subject = (kind === 'client' ? parseClient(text) : parseSubject(text, kind)) ?? null
      if (this.#subjects.size > 100_000) this.#subjects.clear()
      this.#subjects.set(key, subject)
    }
    return subject
  }

  /** Which of the record's custom columns are ids and subjects, memoised by the set of names it has. */
  #picked(): { ids: readonly string[]; subjects: readonly string[] } {
    let key = ''
    for (const extra of this.#extras) key += `${extra.name} `
    let picked = this.#picks.get(key)
    if (!picked) {
      const { correlation, subject } = this.#context.gatewayFields
      picked = {
        ids: pickFields(correlation, this.#extras).map(e => e.name),
        subjects: pickFields(subject, this.#extras).map(e => e.name),
      }
      if (this.#picks.size < MEMO_LIMIT) this.#picks.set(key, picked)
    }
    return picked
  }
}

/** A value that Apigee's capture limit has cut: it compares by "starts with". */
export function isCut(raw: string): boolean {
  return raw.length === CAPTURE_LIMIT_BYTES
}

/** Client ids are opaque: case is kept, and no domain is read into them. */
function parseClient(text: string): Subject | undefined {
  return isSentinel(text) ? undefined : { kind: 'client', issuer: '', name: text.trim() }
}

/** Built-in analytics columns are never ids or subjects by themselves; only custom ones are looked at. */
function isCandidate(name: string): boolean {
  return !name.startsWith('ax_') && !name.startsWith('x_apigee') && name !== ''
}

function subjectColumns(subject: Subject, raw: string): string {
  return [subject.kind, quote(byteString(subject.issuer)), quote(byteString(subject.name)), quote(raw)].join(
    DELIMITER,
  )
}

const NEEDS_QUOTES = /[\x1e\x1f\r\n]/

function quote(value: string): string {
  return NEEDS_QUOTES.test(value) ? QUOTE + value.replaceAll(QUOTE, QUOTE + QUOTE) + QUOTE : value
}
