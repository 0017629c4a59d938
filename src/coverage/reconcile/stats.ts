import { z } from 'zod'
import { ThroughlineError } from '../../errors.ts'
import { DAY_US, HOUR_US, MINUTE_US } from '../../model/time.ts'

/**
 * Answers of Apigee's Stats API: environments[].dimensions[].metrics[].values[]{timestamp, value}; without a dimension
 * the metrics stand in the environment. Source: real answers in Axway/agents-apigee, traceability/pkg/apigee/testdata.
 */
const VALUE = z.object({ timestamp: z.number().int(), value: z.union([z.string(), z.number()]) })
const METRIC = z.object({ name: z.string(), values: z.array(z.unknown()) })
const DIMENSION = z.object({ name: z.string(), metrics: z.array(METRIC) })
const STATS = z.object({
  environments: z.array(
    z.object({
      name: z.string(),
      dimensions: z.array(DIMENSION).optional(),
      metrics: z.array(METRIC).optional(),
    }),
  ),
  metaData: z
    .object({ errors: z.array(z.unknown()), notices: z.array(z.unknown()) })
    .partial()
    .optional(),
})

const CALLS = 'sum(message_count)'
/** Which stamp counts and by what unit; a unit of less than an hour is added up to hours. */
export type StatsUnit = 'minute' | 'hour' | 'day'

/** Calls of a proxy in a span of `lengthUs`. */
export interface StatsTotal {
  readonly environment: string
  /** `(not set)`: calls that matched none; undefined: all of the environment. */
  readonly proxy: string | undefined
  readonly atUs: number
  readonly calls: number
}

export interface Stats {
  readonly totals: readonly StatsTotal[]
  readonly environments: readonly string[]
  /** Length of the spans that are compared, and where they begin. */
  readonly lengthUs: number
  readonly offsetUs: number
  /** From the first span with a value to the last. */
  readonly fromUs: number
  readonly toUs: number
  /** What the answer says of its own origin: BigQuery or Postgres, the table. */
  readonly notices: readonly string[]
  readonly errors: readonly string[]
}

/**
 * Reads an answer of the Stats API.
 *
 * @param name what is said of it in errors: option and file
 * @param unit what the answer was asked for with, where it cannot be told
 * @throws STATS_UNUSABLE
 */
export function parseStats(text: string, name: string, unit?: StatsUnit): Stats {
  const read = STATS.safeParse(jsonOf(text, name))
  if (!read.success) throw unusable(name, `is no answer of the Stats API (${where(read.error)})`)
  const { environments, metaData } = read.data
  const values = environments.flatMap(environment => [
    ...(environment.dimensions ?? []).flatMap(d => callsOf(environment.name, d.name, d.metrics, name)),
    ...(environment.metrics ? callsOf(environment.name, undefined, environment.metrics, name) : []),
  ])
  if (values.length === 0) throw unusable(name, 'holds no value of any environment')
  const grid = gridOf(
    values.map(v => v.atUs),
    name,
    unit,
  )
  const starts = values.map(v => spanOf(v.atUs, grid))
  const fromUs = starts.reduce((a, b) => Math.min(a, b))
  return {
    totals: added(values.map((value, i) => ({ ...value, atUs: starts[i] ?? value.atUs }))),
    environments: [...new Set(values.map(v => v.environment))],
    ...grid,
    fromUs,
    toUs: starts.reduce((a, b) => Math.max(a, b)) + grid.lengthUs,
    notices: (metaData?.notices ?? []).map(String),
    errors: (metaData?.errors ?? []).map(String),
  }
}

function jsonOf(text: string, name: string): unknown {
  try {
    return JSON.parse(text.replace(/^\ufeff/, ''))
  } catch (cause) {
    throw unusable(name, `is no JSON (${(cause as Error).message})`, cause)
  }
}

function where({ issues: [issue] }: z.ZodError): string {
  return issue ? `${issue.path.join('.') || 'top level'}: ${issue.message}` : 'unknown form'
}

function callsOf(
  environment: string,
  proxy: string | undefined,
  metrics: readonly z.infer<typeof METRIC>[],
  name: string,
): StatsTotal[] {
  const metric = metrics.find(m => m.name === CALLS)
  const of = `${environment}${proxy === undefined ? '' : `, ${proxy}`}`
  if (!metric) {
    const found = metrics.map(m => m.name).join(', ') || 'none'
    throw unusable(name, `has no metric ${CALLS} for ${of} (found: ${found})`)
  }
  return metric.values.map(raw => {
    const value = VALUE.safeParse(raw)
    if (!value.success) throw unusable(name, `has totals without a time for ${of}`)
    const calls = Number(value.data.value)
    if (!Number.isInteger(calls) || calls < 0 || value.data.value === '')
      throw unusable(name, `counts ${JSON.stringify(value.data.value)} calls for ${of}`)
    return { environment, proxy, atUs: value.data.timestamp * 1000, calls }
  })
}

interface Grid {
  readonly lengthUs: number
  readonly offsetUs: number
}

/** Spans that the stamps are the begins of. An answer does not say what unit it was asked for with. */
function gridOf(stamps: readonly number[], name: string, unit: StatsUnit | undefined): Grid {
  const distinct = new Set(stamps)
  const offsets = (us: number): Set<number> => new Set([...distinct].map(at => at % us))
  const [inHour, inDay] = [offsets(HOUR_US), offsets(DAY_US)]
  const guess: StatsUnit | undefined =
    inHour.size > 1 ? 'minute' : inDay.size > 1 ? 'hour' : distinct.size > 1 ? 'day' : undefined
  const taken = unit ?? guess
  if (taken === undefined)
    throw unusable(name, 'has one moment only, which does not tell its unit; say it with --stats-unit')
  const [found] = taken === 'day' ? inDay : inHour
  const isUneven = (taken === 'day' ? inDay : inHour).size > 1
  if (taken !== 'minute' && isUneven) throw unusable(name, `has values that are not a whole ${taken} apart`)
  if ([...distinct].some(at => at % MINUTE_US !== 0))
    throw unusable(name, 'has moments that are no whole minutes')
  if (taken === 'minute') return { lengthUs: HOUR_US, offsetUs: 0 }
  return { lengthUs: taken === 'day' ? DAY_US : HOUR_US, offsetUs: found ?? 0 }
}

/** Start of the span that a moment lies in. */
export function spanOf(us: number, { lengthUs, offsetUs }: Grid): number {
  return Math.floor((us - offsetUs) / lengthUs) * lengthUs + offsetUs
}

function added(values: readonly StatsTotal[]): StatsTotal[] {
  const sums = new Map<string, StatsTotal>()
  for (const value of values) {
    const key = JSON.stringify([value.environment, value.proxy ?? null, value.atUs])
    sums.set(key, { ...value, calls: value.calls + (sums.get(key)?.calls ?? 0) })
  }
  return [...sums.values()]
}

function unusable(name: string, found: string, cause?: unknown): ThroughlineError {
  return new ThroughlineError(
    'STATS_UNUSABLE',
    `${name}: ${found}; expected the answer of .../environments/{env}/stats/apiproxy?select=${CALLS}&timeUnit=minute or hour, as it came (without _optimized=js)`,
    { name },
    cause,
  )
}
