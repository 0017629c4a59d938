import { JsonTraceSerializer } from '@opentelemetry/otlp-transformer'
import type { Legs } from './legs.ts'
import { Resources } from './resources.ts'
import { SdkSpans } from './sdk-spans.ts'
import { spansOf } from './spans.ts'

/**
 * The spans of some requests as one OTLP/JSON document (ExportTraceServiceRequest, OTLP specification 1.x).
 *
 * @param version of Throughline
 */
export function otlpJson(requests: readonly Legs[], version: string): string {
  const resources = new Resources()
  const sdk = new SdkSpans(version)
  const spans = requests.flatMap(legs => spansOf(legs, resources)).map(span => sdk.of(span))
  const bytes = JsonTraceSerializer.serializeRequest(spans)
  return JSON.stringify(JSON.parse(Buffer.from(bytes ?? '{}').toString('utf8')), null, 2)
}
