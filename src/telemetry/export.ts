import { count, level, measure } from './record.ts'

/** What the sending of spans of requests tells about itself. Each call costs a comparison while telemetry is off. */
export const exportTelemetry = {
  /** A request goes out, for the first time or again. */
  sending(spans: number): void {
    count('throughline.export.spans.sent', spans)
    measure('throughline.export.batch.size', spans)
  },
  /** What became of a batch in the end. */
  settled({ accepted, rejected }: { readonly accepted: number; readonly rejected: number }): void {
    count('throughline.export.spans.accepted', accepted)
    count('throughline.export.spans.rejected', rejected)
  },
  /** A request is about to be sent again. @param reason a short word of a closed list */
  retrying(reason: string): void {
    count('throughline.export.retries', 1, reason)
  },
  /** So many requests wait for their answer. */
  active(requests: number): void {
    level('throughline.export.requests.active', requests)
  },
  /** How long settled requests have been waiting to be sent, s; 0 where none does. */
  lagging(seconds: number): void {
    level('throughline.export.lag', seconds)
  },
} as const
