import type { CoverageRow } from '../coverage/row.ts'
import { rfc3339 } from '../model/time.ts'

/** Whether the store has all of an hour of a log, as a document. */
export function coverageValues(
  { group, hourUs, state, reason, evidence }: CoverageRow,
  day: string,
): Readonly<Record<string, unknown>> {
  const { side, applications, host, site, log, target, organization, environment } = group
  const exports = [organization, environment].filter(name => name !== undefined).join(' / ')
  const name = side === 'gateway' ? exports : (log ?? target ?? '')
  return {
    '@timestamp': rfc3339(hourUs),
    'throughline.kind': 'coverage',
    'throughline.day': day,
    'throughline.application': applications,
    'throughline.side': side,
    'event.reason': reason,
    'throughline.coverage.state': state,
    ...(name !== '' && { 'throughline.coverage.log': name }),
    'throughline.coverage.expected': evidence.expected,
    'throughline.coverage.unmatched': evidence.unmatched,
    ...(host !== undefined && { 'host.name': host }),
    ...(site !== undefined && { 'throughline.site': site }),
  }
}
