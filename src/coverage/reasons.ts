/** Whether the store has what a source recorded in an hour. `complete` only on evidence, never for lack of doubt. */
export type CoverageState = 'complete' | 'partial' | 'missing' | 'unknown'

/** From the best to the worst. */
export const STATES: readonly CoverageState[] = ['complete', 'unknown', 'partial', 'missing']

/** Why an hour is in its state. A closed list; the sentences are those that people read. */
export const COVERAGE_REASONS = {
  continuous: 'lines before, in and after the hour, and every silence in it is explained',
  idle: 'no line for a while, and the header block behind it says that the log was idle',
  'nothing-called': 'no record for a while, and whole logs of IIS show no call from the gateway in it',
  declared: 'declared whole by a person (ingest --covers)',
  cut: 'no line for longer than IIS leaves a log open, and no header block that fits behind it: lines were taken out',
  'file-missing': 'no log file for a period between files that are there',
  'log-ends': 'a log file ends, and answers of the target after its end have no line',
  'calls-without-line': 'the target gave answers that have no line in any log',
  'lines-without-record': 'IIS has lines from the gateway that no record claims',
  'log-unknown': 'answers of a target have no line, and no hole in a known log explains it: a log is missing whose host is not known',
  'edge-of-gap': 'a hole begins or ends at the edge of the hour; whether it took lines of the hour cannot be told',
  'not-joined': 'calls and lines of the hour are both there and joined with nothing: links cannot vouch for the logs',
  rejects: 'lines of the hour could not be read',
  'source-failed': 'reading of a source stopped before its end',
  'shard-missing': 'a file of an export is missing from its numbers; what it held is not known',
  pruned: 'the day was pruned from the store',
  silence: 'nothing was logged for longer than usual or at the edge of a file, and nothing says whether lines are missing',
  'before-first': 'before the first line or record of the source',
  'no-later': 'nothing later of the source is in the store: what it holds back is not known',
  'late-records': 'records come to analytics up to 20 minutes late, and the export may have been made before',
  'nothing-known': 'the store has no source of this side',
} as const satisfies Record<string, string> // biome-ignore format: a table

export type CoverageReason = keyof typeof COVERAGE_REASONS
