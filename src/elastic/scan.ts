import type { Elastic } from './client.ts'
import { ask } from './server.ts'

export interface Hit {
  readonly _id: string
  readonly _version?: number
  readonly _source?: Readonly<Record<string, unknown>>
}

interface Page {
  readonly pit_id?: string
  readonly hits: { readonly hits: readonly (Hit & { readonly sort: readonly (string | number)[] })[] }
}

export interface ScanOptions {
  readonly index: string
  readonly query: object
  /** Fields of `_source`; true: all. */
  readonly source: true | readonly string[]
  /** In the order of the document's id, instead of whatever is fastest. */
  readonly isSorted?: boolean
  readonly pageSize?: number
}

const KEEP_ALIVE = '5m'

/** Every document that a query finds, in pages, as they are at one moment; with its version. */
export async function* scan(elastic: Elastic, options: ScanOptions): AsyncGenerator<readonly Hit[]> {
  const { index, query, source, isSorted = false, pageSize = 2_000 } = options
  const open = { method: 'POST', path: `/${index}/_pit`, query: { keep_alive: KEEP_ALIVE } } as const
  let id = (await ask<{ id: string }>(elastic, open)).body.id
  try {
    let after: readonly (string | number)[] | undefined
    for (;;) {
      const body = {
        pit: { id, keep_alive: KEEP_ALIVE },
        size: pageSize,
        query,
        _source: source,
        version: true,
        track_total_hits: false,
        sort: [isSorted ? { 'event.id': 'asc' } : { _shard_doc: 'asc' }],
        ...(after && { search_after: after }),
      }
      const page = (await ask<Page>(elastic, { method: 'POST', path: '/_search', body })).body
      id = page.pit_id ?? id
      const { hits } = page.hits
      if (hits.length > 0) yield hits
      after = hits.at(-1)?.sort
      if (hits.length < pageSize) return
    }
  } finally {
    await ask(elastic, { method: 'DELETE', path: '/_pit', body: { id } }, [404])
  }
}

/** Documents of one store; those that are superseded only if they are wanted. */
export function ofStore(store: string, { superseded }: { readonly superseded: boolean }): object {
  const filter: object[] = [{ term: { 'throughline.store': store } }]
  if (!superseded) filter.push({ term: { 'throughline.superseded': false } })
  return { bool: { filter } }
}
