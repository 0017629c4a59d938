import { hash } from 'node:crypto'
import { isSentinel } from './sentinel.ts'

/** Version of the rule that makes hop ids; part of every hashed key. */
export const IDENTITY_VERSION = 1

/** An id that more hops than this carry around a day, on either side, stands for no request. */
export const HOT_ID_HOPS = 1000

const UUID = /^[0-9a-f]{8}-?[0-9a-f]{4}-?[0-9a-f]{4}-?[0-9a-f]{4}-?[0-9a-f]{12}$/i
const HEX_TRACE = /^[0-9a-f]{16,64}$/i
const TRACEPARENT = /^([0-9a-f]{2})-([0-9a-f]{32})-([0-9a-f]{16})-[0-9a-f]{2}(-.*)?$/i

/** 128 bits of SHA-256 as 32 lower-case hex digits. */
export function digest128(text: string | Buffer): string {
  return hash('sha256', text, 'hex').slice(0, 32)
}

/**
 * The comparable form of a correlation id: trimmed, without quotes or braces; UUIDs and hex ids in lower case,
 * UUIDs without dashes; a `traceparent` is its trace id. Everything else keeps its case, as ids are opaque.
 *
 * @returns undefined where the value is a sentinel for "none"
 */
export function normalizeId(raw: string): string | undefined {
  const hex = hexOfUuid(raw)
  if (hex !== undefined) return hex
  let id =
    isBlank(raw.charCodeAt(0)) || isBlank(raw.charCodeAt(raw.length - 1)) ? unwrap(raw, BLANK, BLANK) : raw
  if (OPENING.includes(id[0] ?? ' ')) id = unwrap(id, OPENING, CLOSING)
  if (isSentinel(id) || (id[0] === '0' && /^[0-]+$/.test(id))) return undefined
  const trace = id.length >= 55 ? traceIdOf(id) : undefined
  if (trace) return trace
  if (UUID.test(id)) return withoutDashes(id).toLowerCase()
  return HEX_TRACE.test(id) ? id.toLowerCase() : id
}

const BLANK = ' \t\r\n'
const OPENING = `"'{(<[`
const CLOSING = `"'})>]`

/** The digits of a UUID; four cuts cost less than a search. */
function withoutDashes(uuid: string): string {
  if (uuid.length !== 36) return uuid.replaceAll('-', '')
  return uuid.slice(0, 8) + uuid.slice(9, 13) + uuid.slice(14, 18) + uuid.slice(19, 23) + uuid.slice(24)
}

function isBlank(code: number): boolean {
  return code <= 32
}

/** Without these characters at its ends. The text may be a byte string, in which `trim` would cut characters in half. */
function unwrap(text: string, opening: string, closing: string): string {
  let from = 0
  let to = text.length
  while (from < to && opening.includes(text[from] ?? '')) from++
  while (to > from && closing.includes(text[to - 1] ?? '')) to--
  return text.slice(from, to)
}

/** The trace id of a W3C `traceparent` value (Trace Context, section 3.2), or undefined where it is not valid. */
export function traceIdOf(traceparent: string): string | undefined {
  const [, version = '', traceId = '', parentId = '', rest] = TRACEPARENT.exec(traceparent.trim()) ?? []
  const isValid = /[1-9a-f]/i.test(traceId) && /[1-9a-f]/i.test(parentId) && !/^ff$/i.test(version)
  return isValid && !(version === '00' && rest) ? traceId.toLowerCase() : undefined
}

/** How the facts write that a raw id is its comparable form as a UUID with dashes. */
const AS_UUID = 'uuid'

/**
 * A raw id as the facts hold it, which do not repeat what its comparable form tells: undefined where both are equal,
 * `uuid` where the raw one only has the dashes of a UUID. No other raw id is written `uuid`: it would equal its form.
 */
export function storedRaw(id: string, raw: string): string | undefined {
  if (raw === id) return undefined
  return hexOfUuid(raw) === id ? AS_UUID : raw
}

const DASH = 45

/**
 * The digits of a UUID in its usual form, lower case with dashes: the comparable form of most ids, found without a
 * pattern.
 *
 * @returns undefined for anything else, and for the nil UUID
 */
function hexOfUuid(raw: string): string | undefined {
  if (raw.length !== 36) return undefined
  let isNil = true
  for (let i = 0; i < 36; i++) {
    const c = raw.charCodeAt(i)
    if (i === 8 || i === 13 || i === 18 || i === 23) {
      if (c !== DASH) return undefined
    } else if (!((c >= 48 && c <= 57) || (c >= 97 && c <= 102))) return undefined
    else if (c !== 48) isNil = false
  }
  return isNil ? undefined : withoutDashes(raw)
}

/** Header and column names that differ only by case, dash, underscore or dot are one field. */
export function fieldKey(name: string): string {
  return name.toLowerCase().replace(/[^a-z0-9]/g, '')
}
