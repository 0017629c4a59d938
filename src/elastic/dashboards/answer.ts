import type { AskingPanel } from './description.ts'
import { type AnswerRow, type Measure, type Question, questionOf } from './question.ts'

/** What this reads of an answer; everything else is ignored. */
interface Bucket {
  readonly key?: string | number
  readonly key_as_string?: string
  readonly doc_count: number
  readonly [aggregation: string]: unknown
}

/** The rows that Elasticsearch answered to `aggregationOf(panel)`. */
export function rowsOf(panel: AskingPanel, answer: unknown): AnswerRow[] {
  const { aggregations = {}, hits } = answer as {
    readonly aggregations?: Record<string, unknown>
    readonly hits: { readonly total: { readonly value: number } }
  }
  const question = questionOf(panel)
  return rowsBelow(question, { ...aggregations, doc_count: hits.total.value }, [])
}

function rowsBelow(question: Question, bucket: Bucket, keys: readonly string[]): AnswerRow[] {
  const breakdown = question.breakdowns[keys.length]
  if (breakdown === undefined) {
    return [{ keys, measures: question.measures.map((m, i) => measured(m, bucket, `m${i + 1}`)) }]
  }
  const { buckets } = bucket[`b${keys.length + 1}`] as {
    readonly buckets: readonly Bucket[] | Readonly<Record<string, Bucket>>
  }
  const list: [string, Bucket][] = Array.isArray(buckets)
    ? buckets.map(b => [keyOf(b, breakdown.kind === 'time'), b])
    : Object.entries(buckets)
  return list.flatMap(([key, inner]) => rowsBelow(question, inner, [...keys, key]))
}

/** Addresses and booleans are keys as text, times as ms. */
function keyOf({ key, key_as_string: text }: Bucket, isTime: boolean): string {
  return isTime || text === undefined ? String(key) : text
}

function measured(measure: Measure, bucket: Bucket, name: string): number | null {
  if (measure.op === 'count' && measure.where === undefined) return bucket.doc_count
  const found = bucket[name] as Bucket
  if (measure.op === 'count') return found.doc_count
  const { value } = (measure.where === undefined ? found : found.value) as { readonly value: number | null }
  return value
}
