/**
 * The parts of OTLP/JSON that the file exporter writes and the tests look at. Ids are hex, 64-bit integers are strings,
 * and fields that hold their default are left out: https://opentelemetry.io/docs/specs/otlp/#json-protobuf-encoding
 */
export interface AnyValue {
  readonly stringValue?: string
  readonly boolValue?: boolean
  readonly intValue?: string | number
  readonly doubleValue?: number | string
  readonly bytesValue?: string
  readonly arrayValue?: { readonly values?: readonly AnyValue[] }
  readonly kvlistValue?: { readonly values?: readonly KeyValue[] }
}

export interface KeyValue {
  readonly key: string
  readonly value?: AnyValue
}

interface Resource {
  readonly attributes?: readonly KeyValue[]
}

export interface Scope extends Resource {
  readonly name?: string
  readonly version?: string
}

export interface SpanJson {
  readonly traceId?: string
  readonly spanId?: string
  readonly parentSpanId?: string
  readonly traceState?: string
  readonly flags?: number
  readonly name?: string
  readonly kind?: number
  readonly startTimeUnixNano?: string
  readonly endTimeUnixNano?: string
  readonly attributes?: readonly KeyValue[]
  readonly events?: readonly {
    readonly name?: string
    readonly timeUnixNano?: string
    readonly attributes?: readonly KeyValue[]
  }[]
  readonly links?: readonly {
    readonly traceId?: string
    readonly spanId?: string
    readonly attributes?: readonly KeyValue[]
  }[]
  readonly status?: { readonly code?: number; readonly message?: string }
}

export interface LogJson {
  readonly timeUnixNano?: string
  readonly severityNumber?: number
  readonly severityText?: string
  readonly body?: AnyValue
  readonly attributes?: readonly KeyValue[]
  readonly traceId?: string
  readonly spanId?: string
}

interface PointJson {
  readonly attributes?: readonly KeyValue[]
  readonly asInt?: string | number
  readonly asDouble?: number | string
  readonly count?: string | number
  readonly sum?: number | string
}

interface Data {
  readonly dataPoints?: readonly PointJson[]
}

export interface MetricJson {
  readonly name?: string
  readonly unit?: string
  readonly sum?: Data
  readonly gauge?: Data
  readonly histogram?: Data
  readonly exponentialHistogram?: Data
}

/** One request, as a line of the file. */
export interface RequestJson {
  readonly resourceSpans?: readonly {
    readonly resource?: Resource
    readonly scopeSpans?: readonly { readonly scope?: Scope; readonly spans?: readonly SpanJson[] }[]
  }[]
  readonly resourceLogs?: readonly {
    readonly resource?: Resource
    readonly scopeLogs?: readonly { readonly scope?: Scope; readonly logRecords?: readonly LogJson[] }[]
  }[]
  readonly resourceMetrics?: readonly {
    readonly resource?: Resource
    readonly scopeMetrics?: readonly { readonly scope?: Scope; readonly metrics?: readonly MetricJson[] }[]
  }[]
}
