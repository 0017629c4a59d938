import { count, safe } from './output.ts'

const WARNINGS: Readonly<Record<string, string>> = {
  'host-unknown':
    'the log does not say which host wrote it; log s-computername, give --host, or configure hosts',
  'possible-duplicate':
    'equal lines at the edge of two sources were taken for one line handed over twice; they may be two',
  'no-offset':
    'the shipper did not tell where lines stood in their log (log.offset): one that it sent twice counts as two requests',
  'offset-repeats':
    'different lines have one log.offset, so it is not used: a line that was sent twice counts as two requests; use a current Filebeat (7.14.0 wrote wrong ones)',
  'no-id-field':
    'no row has a correlation id; log X-Correlation-ID as a custom field, without one its lines are joined by subject and time, or by time alone',
}

/** A warning code of a source in words, with the sources it concerns. */
export function explainWarning(code: string, paths: readonly string[]): string {
  const first = safe(paths[0])
  const where = paths.length === 1 ? first : `${first} and ${count(paths.length - 1)} more`
  return `${where}: ${WARNINGS[code] ?? code}`
}
