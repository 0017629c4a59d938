import type { AskingPanel, Breakdown, Dataset, Metric } from './description.ts'

/** One number that is asked for; a share is two of them. */
export interface Measure {
  readonly op: 'count' | 'sum' | 'average' | 'max' | 'unique'
  /** All but `count` have one. */
  readonly field?: string
  readonly where?: string
}

/** What a panel asks, whatever it looks like. */
export interface Question {
  readonly dataset: Dataset
  readonly where: string
  /** Outermost first: the most frequent values are chosen among those of the outer ones. */
  readonly breakdowns: readonly Breakdown[]
  readonly metrics: readonly Metric[]
  /** Of all metrics, in their order. */
  readonly measures: readonly Measure[]
}

/** A row of an answer: a value of each breakdown as text (times as ms since 1970), then the measures. */
export interface AnswerRow {
  readonly keys: readonly string[]
  readonly measures: readonly (number | null)[]
}

export function questionOf(panel: AskingPanel): Question {
  const metrics = metricsOf(panel)
  return {
    dataset: panel.dataset,
    where: panel.where ?? '*',
    breakdowns: breakdownsOf(panel),
    metrics,
    measures: metrics.flatMap(measuresOf),
  }
}

export function metricsOf(panel: AskingPanel): readonly Metric[] {
  return panel.type === 'table' || panel.type === 'series' ? panel.metrics : [panel.metric]
}

/** A split by values comes before time, so that the same values are chosen for the whole period, as in Lens; rows of a heat map before its columns. */
export function breakdownsOf(panel: AskingPanel): readonly Breakdown[] {
  switch (panel.type) {
    case 'metric':
      return []
    case 'table':
      return panel.rows
    case 'partition':
      return panel.groups
    case 'heatmap':
      return [panel.y, panel.x]
    case 'series':
      return timeLast([panel.x, ...(panel.split ? [panel.split] : [])])
  }
}

function timeLast(breakdowns: readonly Breakdown[]): readonly Breakdown[] {
  const isTime = (b: Breakdown): boolean => b.kind === 'time'
  return [...breakdowns.filter(b => !isTime(b)), ...breakdowns.filter(isTime)]
}

export function measuresOf(metric: Metric): readonly Measure[] {
  if (metric.kind === 'count') return [{ op: 'count', ...(metric.where && { where: metric.where }) }]
  if (metric.kind !== 'share') return [{ op: metric.kind, field: metric.field }]
  return [
    { op: 'count', where: metric.of },
    { op: 'count', ...(metric.among && { where: metric.among }) },
  ]
}

/** The metrics' values of a row; a share of nothing is null. */
export function metricValues(question: Question, row: AnswerRow): readonly (number | null)[] {
  let next = 0
  return question.metrics.map(metric => {
    const [first = null, second = null] = row.measures.slice(next, next + measuresOf(metric).length)
    next += measuresOf(metric).length
    if (metric.kind !== 'share') return first
    return first !== null && second !== null && second > 0 ? first / second : null
  })
}
