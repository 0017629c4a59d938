import type { AnyValue, KeyValue, LogJson, MetricJson, RequestJson, Scope, SpanJson } from './otlp-json.ts'

/** An integer beyond 2^53 is a bigint, an empty value null. */
export type Value =
  | string
  | number
  | bigint
  | boolean
  | null
  | Uint8Array
  | readonly Value[]
  | { readonly [key: string]: Value }

export interface Attributes {
  readonly [key: string]: Value
}

/** Who sent it. */
export interface Origin {
  /** Attributes of the resource. */
  readonly resource: Attributes
  readonly scope: { readonly name: string; readonly version: string }
}

/** A span as the Collector has it; ids are lower-case hex, and '' where there is none. */
export interface ReceivedSpan extends Origin {
  readonly traceId: string
  readonly spanId: string
  readonly parentSpanId: string
  readonly traceState: string
  readonly flags: number
  readonly name: string
  /** Number of OTLP: 2 is SERVER, 3 is CLIENT (one more than in the API). */
  readonly kind: number
  readonly startNs: bigint
  readonly endNs: bigint
  readonly attributes: Attributes
  readonly events: readonly {
    readonly name: string
    readonly timeNs: bigint
    readonly attributes: Attributes
  }[]
  readonly links: readonly {
    readonly traceId: string
    readonly spanId: string
    readonly attributes: Attributes
  }[]
  /** 0 unset, 1 ok, 2 error. */
  readonly status: { readonly code: number; readonly message: string }
}

export interface ReceivedLog extends Origin {
  readonly timeNs: bigint
  readonly severity: number
  readonly severityText: string
  readonly body: Value
  readonly attributes: Attributes
  readonly traceId: string
  readonly spanId: string
}

export interface ReceivedMetric extends Origin {
  readonly name: string
  readonly unit: string
  readonly kind: 'sum' | 'gauge' | 'histogram' | 'exponentialHistogram'
  /** A histogram has count and sum, the others a value. */
  readonly points: readonly {
    readonly attributes: Attributes
    readonly value?: Value
    readonly count?: Value
    readonly sum?: Value
  }[]
}

export interface Received {
  readonly spans: readonly ReceivedSpan[]
  readonly logs: readonly ReceivedLog[]
  readonly metrics: readonly ReceivedMetric[]
}

/** Lines of the file exporter as flat records, in the order received. A last line without its end is not there yet. */
export function parseReceived(file: Buffer): Received {
  const spans: ReceivedSpan[] = []
  const logs: ReceivedLog[] = []
  const metrics: ReceivedMetric[] = []
  for (const request of requestsOf(file)) {
    for (const { resource, scopeSpans = [] } of request.resourceSpans ?? []) {
      for (const { scope, spans: rows = [] } of scopeSpans)
        for (const row of rows) spans.push(toSpan(row, originOf(resource, scope)))
    }
    for (const { resource, scopeLogs = [] } of request.resourceLogs ?? []) {
      for (const { scope, logRecords = [] } of scopeLogs)
        for (const row of logRecords) logs.push(toLog(row, originOf(resource, scope)))
    }
    for (const { resource, scopeMetrics = [] } of request.resourceMetrics ?? []) {
      for (const { scope, metrics: rows = [] } of scopeMetrics)
        for (const row of rows) metrics.push(toMetric(row, originOf(resource, scope)))
    }
  }
  return { spans, logs, metrics }
}

function* requestsOf(file: Buffer): Generator<RequestJson> {
  let start = 0
  for (let end = file.indexOf('\n'); end >= 0; end = file.indexOf('\n', start)) {
    yield JSON.parse(file.toString('utf8', start, end))
    start = end + 1
  }
}

function originOf(resource: { attributes?: readonly KeyValue[] } | undefined, scope: Scope = {}): Origin {
  return {
    resource: toAttributes(resource?.attributes),
    scope: { name: scope.name ?? '', version: scope.version ?? '' },
  }
}

function toSpan(span: SpanJson, origin: Origin): ReceivedSpan {
  return {
    ...origin,
    traceId: span.traceId ?? '',
    spanId: span.spanId ?? '',
    parentSpanId: span.parentSpanId ?? '',
    traceState: span.traceState ?? '',
    flags: span.flags ?? 0,
    name: span.name ?? '',
    kind: span.kind ?? 0,
    startNs: BigInt(span.startTimeUnixNano ?? 0),
    endNs: BigInt(span.endTimeUnixNano ?? 0),
    attributes: toAttributes(span.attributes),
    events: (span.events ?? []).map(({ name = '', timeUnixNano = 0, attributes }) => ({
      name,
      timeNs: BigInt(timeUnixNano),
      attributes: toAttributes(attributes),
    })),
    links: (span.links ?? []).map(({ traceId = '', spanId = '', attributes }) => ({
      traceId,
      spanId,
      attributes: toAttributes(attributes),
    })),
    status: { code: span.status?.code ?? 0, message: span.status?.message ?? '' },
  }
}

function toLog(log: LogJson, origin: Origin): ReceivedLog {
  return {
    ...origin,
    timeNs: BigInt(log.timeUnixNano ?? 0),
    severity: log.severityNumber ?? 0,
    severityText: log.severityText ?? '',
    body: toValue(log.body),
    attributes: toAttributes(log.attributes),
    traceId: log.traceId ?? '',
    spanId: log.spanId ?? '',
  }
}

const KINDS = ['sum', 'gauge', 'histogram', 'exponentialHistogram'] as const

function toMetric(metric: MetricJson, origin: Origin): ReceivedMetric {
  const kind = KINDS.find(name => metric[name] !== undefined) ?? 'gauge'
  const points = (metric[kind]?.dataPoints ?? []).map(({ attributes, asInt, asDouble, count, sum }) => ({
    attributes: toAttributes(attributes),
    ...(asInt !== undefined && { value: toInteger(asInt) }),
    ...(asDouble !== undefined && { value: Number(asDouble) }),
    ...(count !== undefined && { count: toInteger(count) }),
    ...(sum !== undefined && { sum: Number(sum) }),
  }))
  return { ...origin, name: metric.name ?? '', unit: metric.unit ?? '', kind, points }
}

function toAttributes(list: readonly KeyValue[] = []): Attributes {
  return Object.fromEntries(list.map(({ key, value }) => [key, toValue(value)]))
}

function toValue(value: AnyValue = {}): Value {
  if (value.stringValue !== undefined) return value.stringValue
  if (value.boolValue !== undefined) return value.boolValue
  if (value.intValue !== undefined) return toInteger(value.intValue)
  if (value.doubleValue !== undefined) return Number(value.doubleValue)
  if (value.bytesValue !== undefined) return new Uint8Array(Buffer.from(value.bytesValue, 'base64'))
  if (value.arrayValue) return (value.arrayValue.values ?? []).map(toValue)
  if (value.kvlistValue) return toAttributes(value.kvlistValue.values)
  return null
}

function toInteger(text: string | number): number | bigint {
  const integer = BigInt(text)
  return Number.isSafeInteger(Number(integer)) ? Number(integer) : integer
}
