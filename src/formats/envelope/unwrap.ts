/** What a shipper says of one line of a log. */
export interface Envelope {
  /** The line as the shipper read it, maybe with its line end. */
  readonly text: string
  readonly host: string | undefined
  /** Path of the log on its host. */
  readonly path: string | undefined
  /** Offset of the line's first byte in its log; undefined where the shipper does not tell. */
  readonly offset: number | undefined
  /** Whether the shipper says that it has cut the line. */
  readonly isCut: boolean
}

type Json = Readonly<Record<string, unknown>>

/** Members that hold the whole event: of results that Splunk exports, and of documents that Elasticsearch hands out. */
const WRAPPERS = ['result', '_source'] as const
const ORIGINAL = waysTo('event.original')
const HOST = waysTo('host.name')
const PATH = waysTo('log.file.path')
const OFFSET = waysTo('log.offset')
const FLAGS = waysTo('log.flags')
/** Longest name of a host (RFC 1035, 2.3.4). */
const HOST_CHARACTERS = 255
/** Paths of Windows may be longer; those of logs are not. */
const PATH_CHARACTERS = 4096
const CONTROL = /[\x00-\x1f\x7f]/

/**
 * Takes a line out of its envelope. Names may be nested or dotted, in any mixture.
 *
 * | what   | Filebeat, Elastic Agent, Logstash  | Splunk   |
 * | ------ | ---------------------------------- | -------- |
 * | line   | `event.original`, else `message`   | `_raw`   |
 * | host   | `host.name`, else `host`           | `host`   |
 * | path   | `log.file.path`, else `source`     | `source` |
 * | offset | `log.offset`                       |          |
 *
 * Source: Filebeat reference, "Log file content fields" and "ECS fields"; Splunk REST API, `search/jobs/export`.
 *
 * @returns undefined where it holds no line
 */
export function unwrap(json: unknown): Envelope | undefined {
  if (!isObject(json)) return undefined
  const inside = WRAPPERS.map(name => json[name]).filter(isObject)
  for (const event of [json, ...inside]) {
    const text = textOf(event)
    if (text !== undefined) return { text, ...placeOf(event) }
  }
  return undefined
}

/**
 * `event.original` is the line also where `message` was worked on. Logstash's JSON codec puts the whole envelope that
 * it has read there: then `message` has the line.
 */
function textOf(event: Json): string | undefined {
  if (typeof event._raw === 'string') return event._raw
  const original = member(event, ORIGINAL)
  if (typeof original === 'string' && !/^\s*[{[]/.test(original)) return original
  const { message } = event
  return typeof message === 'string' ? message : undefined
}

function placeOf(event: Json): Omit<Envelope, 'text'> {
  const host = member(event, HOST) ?? event.host
  const path = member(event, PATH) ?? event.source
  const flags = member(event, FLAGS)
  return {
    host: hostName(host),
    path: pathText(path),
    offset: wholeNumber(member(event, OFFSET)),
    isCut: Array.isArray(flags) ? flags.includes('truncated') : flags === 'truncated',
  }
}

/** A member by its path, whose steps may be objects or joined by dots. */
function member(object: Json, ways: readonly (readonly string[])[]): unknown {
  for (const way of ways) {
    let value: unknown = object
    for (const step of way) value = isObject(value) ? value[step] : undefined
    if (value !== undefined) return value
  }
  return undefined
}

/** The ways to write a path, objects first: `a.b` is `{a: {b}}` or `{"a.b"}`. */
function waysTo(path: string): readonly (readonly string[])[] {
  const [first = '', ...rest] = path.split('.')
  if (rest.length === 0) return [[first]]
  return waysTo(rest.join('.')).flatMap(([next = '', ...more]) => [
    [first, next, ...more],
    [`${first}.${next}`, ...more],
  ])
}

function isObject(value: unknown): value is Json {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function hostName(value: unknown): string | undefined {
  if (typeof value !== 'string') return undefined
  const name = value.trim()
  const isName = name !== '' && name !== '-' && name.length <= HOST_CHARACTERS && !CONTROL.test(name)
  return isName ? name : undefined
}

function pathText(value: unknown): string | undefined {
  if (typeof value !== 'string' || value.length > PATH_CHARACTERS) return undefined
  return value.trim() === '' || CONTROL.test(value) ? undefined : value
}

function wholeNumber(value: unknown): number | undefined {
  const number = typeof value === 'string' && /^\d{1,15}$/.test(value) ? Number(value) : value
  return typeof number === 'number' && Number.isSafeInteger(number) && number >= 0 ? number : undefined
}
