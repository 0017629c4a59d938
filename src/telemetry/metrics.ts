/** Bounds of histograms, chosen so that a commit of a follower and the linking of a large day both fall well inside. */
const SECONDS = [0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120, 300, 600]
const ROWS = [1, 10, 100, 1_000, 10_000, 50_000, 100_000, 250_000, 500_000, 1_000_000, 2_000_000]
const SPANS = [1, 8, 32, 64, 128, 256, 512, 1_024, 2_048, 4_096, 8_192]

/** How a value is made: added up, spread over buckets, set, or asked for when somebody reads it (a level, a total). */
export type MetricKind = 'counter' | 'histogram' | 'gauge' | 'observed' | 'observed-total'

/** What a metric is. At most one attribute: its values are a short closed list, never anything of a log line. */
export interface MetricRow {
  readonly kind: MetricKind
  /** UCUM; what is counted stands in braces. */
  readonly unit: string
  readonly means: string
  readonly attribute?: { readonly name: string; readonly means: string }
  readonly buckets?: readonly number[]
}

/**
 * The metrics of our own process: instruments, docs/telemetry.md and the dashboard are made from this table.
 * Names follow the OpenTelemetry conventions: dots between parts, the unit beside the name and not in it.
 */
export const METRICS = {
  'throughline.lines.read': {
    kind: 'counter',
    unit: '{line}',
    means: 'Lines that became part of the store: always decoded, directives and rejected together.',
  },
  'throughline.lines.decoded': { kind: 'counter', unit: '{line}', means: 'Lines that became a row.' },
  'throughline.lines.directives': {
    kind: 'counter',
    unit: '{line}',
    means: 'Headers, comments, blank lines, padding, idle connections of HTTPERR.',
  },
  'throughline.lines.rejected': {
    kind: 'counter',
    unit: '{line}',
    means: 'Lines that could not be read; each is kept with its position.',
    attribute: { name: 'throughline.reject.reason', means: 'a reason of [formats.md](formats.md#rejects)' },
  },
  'throughline.lines.taken_back': {
    kind: 'counter',
    unit: '{line}',
    means:
      'Last lines without a line feed that had been counted and, longer now, were read again. Less these, the counts are those of `status`.',
    attribute: { name: 'throughline.line.result', means: '`decoded`, `directive` or `rejected`' },
  },
  'throughline.lines.duplicate': {
    kind: 'counter',
    unit: '{line}',
    means: 'Decoded lines that the store already had.',
  },
  'throughline.bytes.read': { kind: 'counter', unit: 'By', means: 'Bytes of lines, decompressed.' },
  'throughline.hops': {
    kind: 'counter',
    unit: '{hop}',
    means: 'Hops that became facts.',
    attribute: { name: 'throughline.hop.kind', means: '`gateway` or `app`' },
  },
  'throughline.files.followed': { kind: 'gauge', unit: '{file}', means: 'Files that a follower knows.' },
  'throughline.files.open': { kind: 'gauge', unit: '{file}', means: 'Files that a follower is reading.' },
  'throughline.files.refused': {
    kind: 'counter',
    unit: '{file}',
    means: 'Files that are no logs of requests, or cannot be opened.',
  },
  'throughline.files.failed': {
    kind: 'counter',
    unit: '{file}',
    means: 'Files that could not be read to their end.',
  },
  'throughline.kafka.lag': {
    kind: 'observed',
    unit: '{message}',
    means: 'Messages that a worker has still to take, of both topics.',
    attribute: { name: 'throughline.partition', means: 'number of the partition' },
  },
  'throughline.kafka.lag.duration': {
    kind: 'observed',
    unit: 's',
    means: 'Age of the newest message that was taken while others wait; 0 while a worker keeps up.',
    attribute: { name: 'throughline.partition', means: 'number of the partition' },
  },
  'throughline.kafka.days.open': {
    kind: 'observed',
    unit: '{day}',
    means: 'Days of applications that are open.',
    attribute: { name: 'throughline.partition', means: 'number of the partition' },
  },
  'throughline.kafka.rows.replayed': {
    kind: 'observed-total',
    unit: '{row}',
    means:
      'Rows that came again and were passed over: after a collector or a worker ended in the middle of its work.',
    attribute: { name: 'throughline.partition', means: 'number of the partition' },
  },
  'throughline.kafka.rows.late': {
    kind: 'observed-total',
    unit: '{row}',
    means: 'Rows of days that had been closed.',
    attribute: { name: 'throughline.partition', means: 'number of the partition' },
  },
  'throughline.kafka.links.provisional': {
    kind: 'observed',
    unit: '{row}',
    means: 'Links and candidates of open days.',
    attribute: { name: 'throughline.partition', means: 'number of the partition' },
  },
  'throughline.kafka.links.final': {
    kind: 'observed',
    unit: '{row}',
    means: 'Links and candidates of closed days.',
    attribute: { name: 'throughline.partition', means: 'number of the partition' },
  },
  'throughline.follow.lag.size': {
    kind: 'gauge',
    unit: 'By',
    means: 'Bytes that are known to wait for being read.',
  },
  'throughline.follow.lag.duration': {
    kind: 'gauge',
    unit: 's',
    means: 'For how long there have been such bytes; 0 while the follower keeps up.',
  },
  'throughline.commit.duration': {
    kind: 'histogram',
    unit: 's',
    means: 'Time until what was read is durable: the rest of decoding, duplicates, index, ledger entry.',
    buckets: SECONDS,
  },
  'throughline.commit.rows': {
    kind: 'histogram',
    unit: '{row}',
    means: 'Hops of a commit, duplicates included.',
    buckets: ROWS,
  },
  'throughline.ledger.entries': {
    kind: 'counter',
    unit: '{entry}',
    means: 'Entries appended to the ledger.',
    attribute: { name: 'throughline.entry.kind', means: 'a kind of [store.md](store.md)' },
  },
  'throughline.store.size': {
    kind: 'observed',
    unit: 'By',
    means: 'Bytes of the files that the ledger names.',
    attribute: { name: 'throughline.file.kind', means: '`facts`, `links`, `index` or `rejects`' },
  },
  'throughline.link.duration': {
    kind: 'histogram',
    unit: 's',
    means: 'Time to find the partners of one day.',
    buckets: SECONDS,
  },
  'throughline.link.hops': {
    kind: 'observed',
    unit: '{hop}',
    means: 'App hops of the days that this process has linked, each day as it was linked last.',
    attribute: {
      name: 'throughline.link.outcome',
      means:
        'linked by `id`, `id-time`, `subject` or `time`; else `ambiguous`, `contradicted`, `callout`, or `none`: nothing claims it',
    },
  },
  'throughline.days': {
    kind: 'observed',
    unit: '{day}',
    means: 'Days of applications in the store.',
    attribute: { name: 'throughline.day.state', means: '`open` or `closed`' },
  },
  'throughline.export.spans.sent': {
    kind: 'counter',
    unit: '{span}',
    means: 'Spans of requests that were sent, each attempt counted.',
  },
  'throughline.export.spans.accepted': {
    kind: 'counter',
    unit: '{span}',
    means: 'Spans of requests that the receiver took.',
  },
  'throughline.export.spans.rejected': {
    kind: 'counter',
    unit: '{span}',
    means: 'Spans of requests that the receiver refused for good.',
  },
  'throughline.export.retries': {
    kind: 'counter',
    unit: '{request}',
    means: 'Requests that were sent again.',
    attribute: {
      name: 'throughline.retry.reason',
      means:
        '`too many requests`, `bad gateway`, `unavailable`, `gateway timeout`, `connection`, `name lookup` or `timeout`',
    },
  },
  'throughline.export.batch.size': {
    kind: 'histogram',
    unit: '{span}',
    means: 'Spans of one request.',
    buckets: SPANS,
  },
  'throughline.export.requests.active': {
    kind: 'gauge',
    unit: '{request}',
    means: 'Requests that wait for their answer.',
  },
  'throughline.export.lag': {
    kind: 'gauge',
    unit: 's',
    means: 'How long settled requests have been waiting to be sent.',
  },
  'process.cpu.time': {
    kind: 'observed-total',
    unit: 's',
    means: 'Processor time of this process.',
    attribute: { name: 'cpu.mode', means: '`user` or `system`' },
  },
  'process.memory.usage': { kind: 'observed', unit: 'By', means: 'Physical memory of this process.' },
} as const satisfies Record<string, MetricRow>

export type MetricName = keyof typeof METRICS

/** Names of the metrics of one kind. */
export type MetricOf<Kind extends MetricKind> = {
  [Name in MetricName]: (typeof METRICS)[Name]['kind'] extends Kind ? Name : never
}[MetricName]

/** The value of a metric's attribute, for those that have one. */
export type AttributeValue<Name extends MetricName> = (typeof METRICS)[Name] extends { attribute: unknown }
  ? [value: string]
  : []
