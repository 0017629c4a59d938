/** An index of its own in a shared Elasticsearch, for tests of queries. */
export interface TestIndex {
  /** Ids of the documents that a query finds, sorted; read from one point in time, however many. */
  idsOf(query: object): Promise<string[]>
  remove(): Promise<void>
}

export interface IndexBody {
  readonly settings: object
  readonly mappings: object
}

interface Hit {
  readonly _id: string
  readonly sort: readonly number[]
}

const PAGE = 10_000 // the most that one answer may hold
const BULK = 2000

/** @param documents JSON texts by id */
export async function indexDocuments(
  endpoint: string,
  name: string,
  body: IndexBody,
  documents: ReadonlyMap<string, string>,
): Promise<TestIndex> {
  const call = caller(endpoint)
  await call('PUT', `/${name}`, body)
  const entries = [...documents]
  for (let start = 0; start < entries.length; start += BULK) {
    const lines = entries
      .slice(start, start + BULK)
      .flatMap(([_id, document]) => [JSON.stringify({ index: { _id } }), document])
    const { errors, items } = await call<{ readonly errors: boolean; readonly items: readonly object[] }>(
      'POST',
      `/${name}/_bulk?filter_path=errors,items.*.error`,
      `${lines.join('\n')}\n`,
    )
    if (errors) throw new Error(`documents were refused: ${JSON.stringify(items.slice(0, 3))}`)
  }
  await call('POST', `/${name}/_refresh`)
  return {
    idsOf: query => idsOf(call, name, query),
    remove: async () => {
      await call('DELETE', `/${name}`)
    },
  }
}

async function idsOf(call: Call, name: string, query: object): Promise<string[]> {
  const { id } = await call<{ readonly id: string }>('POST', `/${name}/_pit?keep_alive=1m`)
  const pit = { id, keep_alive: '1m' }
  const page = { pit, query, sort: ['_shard_doc'], size: PAGE, _source: false, track_total_hits: false }
  const ids: string[] = []
  let after: object = {}
  try {
    for (;;) {
      const { hits } = await call<{ readonly hits?: { readonly hits: readonly Hit[] } }>(
        'POST',
        '/_search?filter_path=hits.hits._id,hits.hits.sort',
        { ...page, ...after },
      )
      const found = hits?.hits ?? []
      ids.push(...found.map(hit => hit._id))
      const last = found.at(-1)
      if (last === undefined || found.length < PAGE) return ids.sort()
      after = { search_after: last.sort }
    }
  } finally {
    await call('DELETE', '/_pit', { id })
  }
}

type Call = <T>(method: string, path: string, body?: object | string) => Promise<T>

function caller(endpoint: string): Call {
  return async (method, path, body) => {
    const answer = await fetch(`${endpoint}${path}`, {
      method,
      headers: { 'content-type': typeof body === 'string' ? 'application/x-ndjson' : 'application/json' },
      body: typeof body === 'object' ? JSON.stringify(body) : (body ?? null),
    })
    const text = await answer.text()
    if (!answer.ok) throw new Error(`${method} ${path}: ${answer.status} ${text}`)
    return JSON.parse(text)
  }
}
