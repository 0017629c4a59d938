import type { logs } from '@opentelemetry/sdk-node'
import type { LogRecord } from './log-record.ts'
import { hrTime, type SdkSpans } from './sdk-spans.ts'

/** W3C trace flags: sampled. */
const SAMPLED = 1

/** A log record in the shape that OpenTelemetry's serializers take. It shares resources and scope with the spans. */
export function sdkLog(record: LogRecord, spans: SdkSpans): logs.ReadableLogRecord {
  const at = hrTime(record.atUs)
  return {
    hrTime: at,
    // The line was seen when its host wrote it; when we came to read it is nobody's concern, and would differ each time.
    hrTimeObserved: at,
    spanContext: { traceId: record.traceId, spanId: record.spanId, traceFlags: SAMPLED },
    severityNumber: record.severity[0],
    severityText: record.severity[1],
    body: record.body,
    resource: spans.resource(record.resource),
    instrumentationScope: spans.scope,
    attributes: record.attributes,
    droppedAttributesCount: 0,
  }
}
