import { quoteIdentifier, quoteText } from '../store/query.ts'
import type { Store } from '../store/store.ts'
import type { Elastic } from './client.ts'
import { createDocuments, type DocumentOptions } from './documents.ts'
import { indexOf, type Names } from './names.ts'
import { ofStore } from './scan.ts'
import { ask } from './server.ts'

/** Whole numbers that are added up in every hour, by the columns of the view requests. */
const SUMMED: Readonly<Record<string, string>> = {
  status: 'http.response.status_code',
  duration_us: 'throughline.duration_us',
  app_us: 'throughline.app.duration_us',
  bytes_in: 'http.request.bytes',
  bytes_out: 'http.response.bytes',
  app_hops: 'throughline.app.hops',
}

/** An hour in which the two sides differ. */
export interface HourDifference {
  /** RFC 3339. */
  readonly hour: string
  readonly what: string
  readonly store: number
  readonly elastic: number
}

export interface QuickDay {
  readonly day: string
  readonly requests: number
  readonly hours: number
  readonly differences: readonly HourDifference[]
}

type Sums = Readonly<Record<string, number>>

/** Compares counts and sums of every hour. That they are equal makes equal documents likely, and proves nothing. */
export async function verifyQuick(
  elastic: Elastic,
  store: Store,
  names: Names,
  day: string,
  options: DocumentOptions,
): Promise<QuickDay> {
  await createDocuments(store, day, options)
  const own = await ownSums(store)
  const theirs = await theirSums(elastic, store, indexOf(names, day))
  const hours = [...new Set([...own.keys(), ...theirs.keys()])].sort()
  const differences = hours.flatMap(hour =>
    ['requests', ...Object.keys(SUMMED)].flatMap(what => {
      const [a, b] = [own.get(hour)?.[what] ?? 0, theirs.get(hour)?.[what] ?? 0]
      return a === b ? [] : [{ hour, what, store: a, elastic: b }]
    }),
  )
  const requests = [...own.values()].reduce((sum, it) => sum + (it.requests ?? 0), 0)
  return { day, requests, hours: hours.length, differences }
}

async function ownSums({ db }: Store): Promise<Map<string, Sums>> {
  const sums = Object.keys(SUMMED).map(
    c => `coalesce(sum(${quoteIdentifier(c)}), 0)::VARCHAR AS ${quoteIdentifier(c)}`,
  )
  const rows = await db.rows<Record<string, string>>(
    `SELECT strftime(date_trunc('hour', start_ts), ${quoteText('%Y-%m-%dT%H:%M:%SZ')}) AS hour,
       count(*)::VARCHAR AS requests, ${sums.join(', ')}
     FROM live_rows GROUP BY 1`,
  )
  return new Map(
    rows.map(({ hour = '', ...values }) => [
      hour,
      Object.fromEntries(Object.entries(values).map(([name, value]) => [name, Number(value)])),
    ]),
  )
}

interface Answer {
  readonly aggregations?: {
    readonly hours: {
      readonly buckets: readonly ({ readonly key: number; readonly doc_count: number } & Readonly<
        Record<string, { readonly value: number }>
      >)[]
    }
  }
}

async function theirSums(elastic: Elastic, store: Store, index: string): Promise<Map<string, Sums>> {
  const query = { ignore_unavailable: true, allow_no_indices: true }
  await ask(elastic, { method: 'POST', path: `/${index}/_refresh`, query })
  const aggs = Object.fromEntries(Object.entries(SUMMED).map(([name, field]) => [name, { sum: { field } }]))
  const hours = { date_histogram: { field: '@timestamp', fixed_interval: '1h', min_doc_count: 1 }, aggs }
  const body = { size: 0, query: ofStore(store.state.storeId, { superseded: false }), aggs: { hours } }
  const answer = await ask<Answer>(elastic, { method: 'POST', path: `/${index}/_search`, query, body })
  const buckets = answer.body.aggregations?.hours.buckets ?? []
  return new Map(
    buckets.map(bucket => [
      `${new Date(bucket.key).toISOString().slice(0, 19)}Z`,
      {
        requests: bucket.doc_count,
        ...Object.fromEntries(Object.keys(SUMMED).map(name => [name, bucket[name]?.value ?? 0])),
      },
    ]),
  )
}
