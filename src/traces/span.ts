/** Values that OTLP knows without doubt: whole numbers, texts, flags. */
export type AttributeValue = string | number | boolean
export type Attributes = Readonly<Record<string, AttributeValue>>

/** Something that happened at a moment of a span. */
export interface SpanEvent {
  readonly name: string
  readonly atUs: number
  readonly attributes: Attributes
}

/** A span that this one has to do with, besides its parent. */
export interface SpanLink {
  readonly traceId: string
  readonly spanId: string
  readonly attributes: Attributes
}

/** How an app span came to its place on the gateway's clock. */
export type PlacedBy =
  /** Moved by the reading of its host's clock. */
  | 'clock'
  /** No reading: moved within the interval that its logged time leaves open. */
  | 'resolution'
  /** As logged. */
  | 'stamps'

/** Part of a request's life as one system saw it, as OpenTelemetry knows it. Stamps are µs since 1970. */
export interface Span {
  readonly layer: 'gateway' | 'target' | 'app' | 'kernel'
  readonly hopId: string
  /** 32, 16 and 16 lower-case hex digits. */
  readonly traceId: string
  readonly spanId: string
  readonly parentId: string | undefined
  readonly name: string
  readonly kind: 'server' | 'client'
  readonly startUs: number
  readonly endUs: number
  /** HTTP status, where one is known. */
  readonly status: number | undefined
  readonly isError: boolean
  readonly attributes: Attributes
  readonly events: readonly SpanEvent[]
  readonly links: readonly SpanLink[]
  /** What made it. Spans of one resource share one object. */
  readonly resource: Attributes
  readonly placedBy: PlacedBy
  /** How far it lies from the call that caused it at least, µs; negative is earlier. 0 where it fits, or none is known. */
  readonly apartUs: number
}
