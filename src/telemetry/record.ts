import type {
  Counter,
  Gauge,
  Histogram,
  Meter,
  Observable,
  ObservableResult,
  Tracer,
} from '@opentelemetry/api'
import {
  type AttributeValue,
  METRICS,
  type MetricKind,
  type MetricName,
  type MetricOf,
  type MetricRow,
} from './metrics.ts'
import type { SpanAttributes, SpanName } from './spans.ts'

/** What recording needs of the OpenTelemetry API; handed over, so that nothing of it is loaded while telemetry is off. */
export interface Recorder {
  readonly meter: Meter
  readonly tracer: Tracer
  /** A clock that only goes forward, ms. */
  readonly clockMs: () => number
}

/** Values of an observed metric by value of its attribute; the empty text where it has none. */
export type Readings = Readonly<Record<string, number>>

interface Live extends Recorder {
  readonly counters: ReadonlyMap<MetricName, Counter>
  readonly histograms: ReadonlyMap<MetricName, Histogram>
  readonly gauges: ReadonlyMap<MetricName, Gauge>
  readonly observers: ReadonlyMap<MetricName, Parts>
}

let live: Live | undefined

/** Whether anything is recorded: for what would cost something to find out. */
export function isRecording(): boolean {
  return live !== undefined
}

/**
 * Begins to record. Until then, and after `undefined`, each function of this file costs a comparison. Counters without
 * an attribute begin at 0, so that a first increase can be seen.
 */
export function recordWith(recorder: Recorder | undefined): void {
  live = recorder && createLive(recorder)
}

function createLive(recorder: Recorder): Live {
  const { meter } = recorder
  const create = <T>(kind: MetricKind, make: (name: MetricName, row: MetricRow) => T): Map<MetricName, T> =>
    new Map(
      Object.entries(METRICS as Readonly<Record<string, MetricRow>>)
        .filter(([, row]) => row.kind === kind)
        .map(([name, row]) => [name as MetricName, make(name as MetricName, row)]),
    )
  const options = ({ unit, means }: MetricRow) => ({ unit, description: means })
  return {
    ...recorder,
    counters: create('counter', (name, row) => {
      const counter = meter.createCounter(name, options(row))
      if (!row.attribute) counter.add(0)
      return counter
    }),
    histograms: create('histogram', (name, row) =>
      meter.createHistogram(name, {
        ...options(row),
        ...(row.buckets ? { advice: { explicitBucketBoundaries: [...row.buckets] } } : {}),
      }),
    ),
    gauges: create('gauge', (name, row) => meter.createGauge(name, options(row))),
    observers: new Map([
      ...create('observed', (name, row) =>
        observer(meter.createObservableUpDownCounter(name, options(row)), row),
      ),
      ...create('observed-total', (name, row) =>
        observer(meter.createObservableCounter(name, options(row)), row),
      ),
    ]),
  }
}

type Parts = Map<string, () => Readings>

function observer(observable: Observable, row: MetricRow): Parts {
  const parts: Parts = new Map()
  observable.addCallback(result => report(result, row, parts))
  return parts
}

/** Adds up what the parts of an observed metric say. */
function report(result: ObservableResult, row: MetricRow, parts: Parts): void {
  const sums = new Map<string, number>()
  for (const read of parts.values())
    for (const [value, n] of Object.entries(read())) sums.set(value, (sums.get(value) ?? 0) + n)
  for (const [value, n] of sums) result.observe(n, attributesOf(row, value))
}

function attributesOf({ attribute }: MetricRow, value: string | undefined): Record<string, string> {
  return attribute && value !== undefined ? { [attribute.name]: value } : {}
}

/** Adds to a counter; never less than nothing. */
export function count<Name extends MetricOf<'counter'>>(
  name: Name,
  n: number,
  ...[value]: AttributeValue<Name>
): void {
  if (live && n > 0) live.counters.get(name)?.add(n, attributesOf(METRICS[name], value))
}

/** Adds one value to a histogram. */
export function measure(name: MetricOf<'histogram'>, value: number): void {
  live?.histograms.get(name)?.record(value)
}

/** Says how something stands now. */
export function level(name: MetricOf<'gauge'>, value: number): void {
  live?.gauges.get(name)?.record(value)
}

/**
 * Says where to ask when somebody reads an observed metric. Several parts are added up; a part that is given again
 * takes the place of what it said before.
 */
export function observe(
  name: MetricOf<'observed' | 'observed-total'>,
  part: string,
  read: () => Readings,
): void {
  live?.observers.get(name)?.set(part, read)
}

/** Takes the time of an action, also of one that fails. */
export async function timed<T>(name: MetricOf<'histogram'>, action: () => Promise<T>): Promise<T> {
  if (!live) return action()
  const { clockMs } = live
  const startMs = clockMs()
  try {
    return await action()
  } finally {
    measure(name, (clockMs() - startMs) / 1000)
  }
}

/** A span that is under way. */
export interface OwnSpan<Name extends SpanName> {
  set(attributes: SpanAttributes<Name>): void
}

const NO_SPAN = { set: () => undefined }
/** SpanStatusCode.ERROR of the API. */
const STATUS_ERROR = 2

/** Runs an action inside a span, whose children are the spans that begin in it. */
export async function inSpan<T, Name extends SpanName>(
  name: Name,
  attributes: SpanAttributes<Name>,
  action: (span: OwnSpan<Name>) => Promise<T>,
): Promise<T> {
  if (!live) return action(NO_SPAN)
  return live.tracer.startActiveSpan(name, { attributes }, async span => {
    try {
      return await action({ set: more => void span.setAttributes(more) })
    } catch (error) {
      span.setAttribute('error.type', typeOf(error))
      span.setStatus({ code: STATUS_ERROR })
      throw error
    } finally {
      span.end()
    }
  })
}

/** What a failure is, without its message: that may quote what a log says. */
function typeOf(error: unknown): string {
  if (!(error instanceof Error)) return typeof error
  return 'code' in error && typeof error.code === 'string' ? error.code : error.name
}
