import type { RequestJson } from './otlp-json.ts'

/** Whether a request or answer is JSON; else it is protobuf. */
export function isJson(contentType: string | undefined): boolean {
  return contentType?.startsWith('application/json') ?? false
}

export interface Dropped {
  readonly body: Buffer
  /** Fewer than asked for where the request held fewer. */
  readonly dropped: number
}

/** An export request without its first spans; resources and scopes stay. */
export function dropSpans(body: Buffer, contentType: string | undefined, spans: number): Dropped {
  let dropped = 0
  const isDropped = () => dropped < spans && ++dropped > 0
  if (!isJson(contentType)) {
    // ExportTraceServiceRequest.resource_spans = 1, ResourceSpans.scope_spans = 2, ScopeSpans.spans = 2:
    // https://github.com/open-telemetry/opentelemetry-proto/blob/v1.9.0/opentelemetry/proto/trace/v1/trace.proto
    const rest = withoutFields(body, [1, 2, 2], isDropped)
    return { body: rest, dropped }
  }
  const request: RequestJson = JSON.parse(body.toString('utf8'))
  const resourceSpans = request.resourceSpans?.map(resource => ({
    ...resource,
    scopeSpans: resource.scopeSpans?.map(scope => ({
      ...scope,
      spans: scope.spans?.filter(() => !isDropped()),
    })),
  }))
  return { body: Buffer.from(JSON.stringify({ ...request, resourceSpans })), dropped }
}

/** ExportTraceServiceResponse with a partial success. */
export function partialAnswer(contentType: string | undefined, rejected: number, message: string): Buffer {
  if (isJson(contentType)) {
    const partialSuccess = { rejectedSpans: String(rejected), errorMessage: message }
    return Buffer.from(JSON.stringify({ partialSuccess }))
  }
  // partial_success = 1 { rejected_spans = 1 (int64), error_message = 2 }
  return bytesField(1, Buffer.concat([varintField(1, rejected), bytesField(2, Buffer.from(message))]))
}

/** google.rpc.Status, the body of an OTLP error. Code 14 is UNAVAILABLE. */
export function errorAnswer(contentType: string | undefined, message: string): Buffer {
  if (isJson(contentType)) return Buffer.from(JSON.stringify({ code: 14, message }))
  return Buffer.concat([varintField(1, 14), bytesField(2, Buffer.from(message))])
}

/** A protobuf message without some of the fields at the end of a path of field numbers. */
function withoutFields(message: Buffer, path: readonly number[], isDropped: () => boolean): Buffer {
  const [number = 0, ...deeper] = path
  const parts: Buffer[] = []
  for (let at = 0; at < message.length; ) {
    const tag = readVarint(message, at)
    const field = readField(message, tag.value & 7, tag.end)
    const isOnPath = tag.value >>> 3 === number
    if (isOnPath && deeper.length > 0) {
      const inner = withoutFields(message.subarray(field.start, field.end), deeper, isDropped)
      parts.push(bytesField(number, inner))
    } else if (!isOnPath || !isDropped()) parts.push(message.subarray(at, field.end))
    at = field.end
  }
  return Buffer.concat(parts)
}

/** Wire types: https://protobuf.dev/programming-guides/encoding/#structure */
function readField(message: Buffer, wireType: number, at: number): { start: number; end: number } {
  if (wireType === 0) return { start: at, end: readVarint(message, at).end }
  if (wireType === 1) return { start: at, end: at + 8 }
  if (wireType === 5) return { start: at, end: at + 4 }
  if (wireType !== 2) throw new Error(`protobuf wire type ${wireType} at byte ${at}: expected 0, 1, 2 or 5`)
  const length = readVarint(message, at)
  return { start: length.end, end: length.end + length.value }
}

/** Exact up to 2^53; lengths and tags are far below. */
function readVarint(message: Buffer, at: number): { value: number; end: number } {
  let value = 0
  for (let end = at; end < message.length; end++) {
    const byte = message.readUInt8(end)
    value += (byte & 0x7f) * 2 ** (7 * (end - at))
    if (byte < 0x80) return { value, end: end + 1 }
  }
  throw new Error(`protobuf message ends in a number that began at byte ${at}`)
}

function varint(value: number): Buffer {
  const bytes: number[] = []
  let rest = value
  for (; rest >= 0x80; rest = Math.floor(rest / 0x80)) bytes.push((rest % 0x80) | 0x80)
  return Buffer.from([...bytes, rest])
}

function varintField(number: number, value: number): Buffer {
  return Buffer.concat([varint(number * 8), varint(value)])
}

function bytesField(number: number, value: Buffer): Buffer {
  return Buffer.concat([varint(number * 8 + 2), varint(value.length), value])
}
