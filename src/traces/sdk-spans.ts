import type { HrTime, SpanContext } from '@opentelemetry/api'
import type { tracing } from '@opentelemetry/sdk-node'
import { SECOND_US } from '../model/time.ts'
import type { Attributes, Span, SpanLink } from './span.ts'

type ReadableSpan = tracing.ReadableSpan
type Resource = ReadableSpan['resource']
type Scope = ReadableSpan['instrumentationScope']

/** SpanKind and StatusCode of the OpenTelemetry API, which is not loaded for two numbers each. */
const KINDS = { server: 1, client: 2 } as const
const UNSET = { code: 0 } as const
const ERROR = { code: 2 } as const
/** W3C trace flags: sampled. What is sent was sampled. */
const SAMPLED = 1

/** Spans in the shape that OpenTelemetry's exporters and serializers take. */
export class SdkSpans {
  readonly #scope: Scope
  readonly #resources = new Map<Attributes, Resource>()

  /** @param version of Throughline, which made the spans */
  constructor(version: string) {
    this.#scope = { name: 'throughline', version }
  }

  get scope(): Scope {
    return this.#scope
  }

  of(span: Span): ReadableSpan {
    const context = contextOf(span.traceId, span.spanId)
    return {
      name: span.name,
      kind: KINDS[span.kind],
      spanContext: () => context,
      ...(span.parentId === undefined ? {} : { parentSpanContext: contextOf(span.traceId, span.parentId) }),
      startTime: hrTime(span.startUs),
      endTime: hrTime(span.endUs),
      duration: hrTime(span.endUs - span.startUs),
      status: span.isError ? ERROR : UNSET,
      attributes: span.attributes,
      events: span.events.map(({ name, atUs, attributes }) => ({ name, time: hrTime(atUs), attributes })),
      links: span.links.map(sdkLink),
      ended: true,
      resource: this.resource(span.resource),
      instrumentationScope: this.#scope,
      droppedAttributesCount: 0,
      droppedEventsCount: 0,
      droppedLinksCount: 0,
    }
  }

  /** Equal attributes that are one object give one resource. */
  resource(attributes: Attributes): Resource {
    let found = this.#resources.get(attributes)
    if (!found) {
      found = resourceOf(attributes)
      this.#resources.set(attributes, found)
    }
    return found
  }
}

function resourceOf(attributes: Attributes): Resource {
  return {
    attributes,
    merge: other =>
      other ? resourceOf({ ...attributes, ...(other.attributes as Attributes) }) : resourceOf(attributes),
    getRawAttributes: () => Object.entries(attributes),
  }
}

function sdkLink({ traceId, spanId, attributes }: SpanLink): ReadableSpan['links'][number] {
  return { context: contextOf(traceId, spanId), attributes }
}

function contextOf(traceId: string, spanId: string): SpanContext {
  return { traceId, spanId, traceFlags: SAMPLED }
}

/** Seconds and nanoseconds: a bare number would lose digits. */
export function hrTime(us: number): HrTime {
  const seconds = Math.floor(us / SECOND_US)
  return [seconds, Math.round((us - seconds * SECOND_US) * 1000)]
}
