import type { FieldType } from './fields.ts'

/** One field of the index of coverage; which kind of document has it. */
export interface CoverageField {
  readonly name: string
  readonly type: FieldType
  readonly kinds: readonly CoverageKind[]
  readonly description: string
}

/** `day`: an application's day; `hour`: hops of a source in an hour; `source`: how a source was read; `coverage`: whether a log has all of an hour. */
export type CoverageKind = 'day' | 'hour' | 'source' | 'coverage'

const ALL: readonly CoverageKind[] = ['day', 'hour', 'source', 'coverage']
const [DAY, HOUR, SOURCE, COVERAGE] = [
  ['day'],
  ['hour'],
  ['source'],
  ['coverage'],
] as const satisfies readonly CoverageKind[][]

const field = (name: string, type: FieldType, kinds: readonly CoverageKind[], description: string): CoverageField => ({
  name, type, kinds, description,
}) // biome-ignore format: one row

/** What was read, rejected and joined, by day, source and hour. */
export const COVERAGE_FIELDS: readonly CoverageField[] = [
  field('@timestamp', 'date_nanos', ALL, 'Start of the day or hour; of a source the first stamp in it, or when it was read where it has none.'),
  field('ecs.version', 'keyword', ALL, 'Version of the Elastic Common Schema that names come from.'),
  field('event.kind', 'keyword', ALL, 'Always `state`.'),
  field('event.dataset', 'keyword', ALL, 'Always `throughline.coverage`.'),
  field('throughline.store', 'keyword', ALL, 'Id of the store.'),
  field('throughline.kind', 'keyword', ALL, '`day`, `hour`, `source` or `coverage`.'),
  field('throughline.day', 'date', ['day', 'hour', 'coverage'], 'UTC day.'),
  field('throughline.application', 'keyword', ['day', 'coverage'], 'Application of the day; applications that have lines in the log.'),
  field('throughline.day_state', 'keyword', DAY, '`open` or `closed`.'),
  field('event.reason', 'keyword', ['day', 'source', 'coverage'], 'Why the day, or the hour of a log, is in its state; what went wrong with a source.'),
  field('throughline.links.generation', 'long', DAY, 'Version of the links of the day.'),
  field('throughline.warnings', 'keyword', ['day', 'source'], 'What a person should know.'),
  field('throughline.requests.total', 'long', DAY, 'Requests of the day.'),
  field('throughline.requests.joined', 'long', DAY, 'Of these, with both legs.'),
  field('throughline.requests.gateway_only', 'long', DAY, 'Of these, at the gateway only.'),
  field('throughline.requests.app_only', 'long', DAY, 'Of these, at IIS only.'),
  field('throughline.requests.awaiting', 'long', DAY, 'Of these, whose other leg may still come.'),
  field('throughline.requests.ambiguous', 'long', DAY, 'Of these, whose partner is in doubt.'),
  field('throughline.requests.other', 'long', DAY, 'Of these, callouts, those that HTTP.sys refused and no gateway hop claims, and those whose partner was pruned.'),
  field('throughline.side', 'keyword', ['hour', 'source', 'coverage'], '`gateway`, `app` (IIS) or `kernel` (HTTP.sys).'),
  field('throughline.hops.total', 'long', HOUR, 'Hops of the source that began (gateway) or ended (app, kernel) in the hour.'),
  field('throughline.hops.joined', 'long', HOUR, 'Of these, joined with the other side.'),
  field('throughline.source.id', 'long', ['hour', 'source'], 'Number of the source in the store.'),
  field('log.file.path', 'keyword', ['hour', 'source'], 'Path of the source.'),
  field('host.name', 'keyword', ['hour', 'source', 'coverage'], 'Host, where one is configured for the source or logged in its rows.'),
  field('throughline.site', 'keyword', ['source', 'coverage'], 'Site, where one is configured for the source, or known of the log.'),
  field('throughline.coverage.state', 'keyword', COVERAGE, '`complete`, `partial`, `missing` or `unknown`: whether the store has all of the hour.'),
  field('throughline.coverage.log', 'keyword', COVERAGE, 'The log, where its host is not known: folder and name; organization and environment of exports; the target whose log is not known.'),
  field('throughline.coverage.expected', 'long', COVERAGE, 'Calls or lines that the other side says should be there.'),
  field('throughline.coverage.unmatched', 'long', COVERAGE, 'Of these, without a partner.'),
  field('throughline.source.format', 'keyword', SOURCE, 'Format.'),
  field('throughline.source.status', 'keyword', SOURCE, '`complete`, `partial` or `failed`.'),
  field('throughline.source.sha256', 'keyword', SOURCE, 'SHA-256 of the raw bytes that were read.'),
  field('throughline.source.bytes', 'long', SOURCE, 'Bytes that were read.'),
  field('event.end', 'date_nanos', SOURCE, 'The last stamp in it.'),
  field('throughline.lines.total', 'long', SOURCE, 'Lines.'),
  field('throughline.lines.decoded', 'long', SOURCE, 'Lines that became hops.'),
  field('throughline.lines.directives', 'long', SOURCE, 'Headers, blank lines, padding, idle connections.'),
  field('throughline.lines.idle', 'long', SOURCE, 'Of the directives, idle connections that HTTP.sys closed.'),
  field('throughline.lines.rejected', 'long', SOURCE, 'Lines that could not be read.'),
  field('throughline.lines.duplicates', 'long', SOURCE, 'Lines whose hop was known already.'),
  field('throughline.lines.pruned', 'long', SOURCE, 'Lines of days that had been pruned.'),
  field('throughline.lines.rejected_by', 'flattened', SOURCE, 'Rejected lines by reason.'),
] // biome-ignore format: a table
