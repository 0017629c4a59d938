/** An index of its own in a shared Elasticsearch, for tests of queries. */
export interface TestIndex {
  /** Ids of the documents that a query finds, sorted; read from one point in time, however many. */
  idsOf(query: object): Promise<string[]>
  remove(): Promise<void>
}

export interface IndexBody {
  readonly settings?: object
  readonly mappings: object
}

const PAGE = 10_000 // the most that one answer may hold
const BULK = 2000

/** @param documents by id */
export async function indexDocuments(
  endpoint: string,
  name: string,
  body: IndexBody,
  documents: ReadonlyMap<string, object>,
): Promise<TestIndex> {
  const call = caller(endpoint)
  await call('PUT', `/${name}`, body)
  const entries = [...documents]
  for (let start = 0; start < entries.length; start += BULK) {
    const lines = entries
      .slice(start, start + BULK)
      .flatMap(([_id, document]) => [JSON.stringify({ index: { _id } }), JSON.stringify(document)])
    const answer = await call('POST', `/${name}/_bulk`, `${lines.join('\n')}\n`)
    const refused = answer.items.find((item: { index: { error?: object } }) => item.index.error)
    if (refused) throw new Error(`a document was refused: ${JSON.stringify(refused)}`)
  }
  await call('POST', `/${name}/_refresh`)
  return {
    idsOf: query => idsOf(call, name, query),
    remove: async () => {
      await call('DELETE', `/${name}`)
    },
  }
}

type Call = ReturnType<typeof caller>

async function idsOf(call: Call, name: string, query: object): Promise<string[]> {
  const { id } = await call('POST', `/${name}/_pit?keep_alive=1m`)
  const ids: string[] = []
  let after: object = {}
  try {
    for (;;) {
      const answer = await call('POST', '/_search?filter_path=hits.hits._id,hits.hits.sort', {
        query,
        pit: { id, keep_alive: '1m' },
        sort: ['_shard_doc'],
        size: PAGE,
        _source: false,
        track_total_hits: false,
        ...after,
      })
      const found: { readonly _id: string; readonly sort: unknown }[] = answer.hits?.hits ?? []
      ids.push(...found.map(hit => hit._id))
      const last = found.at(-1)
      if (last === undefined || found.length < PAGE) return ids.sort()
      after = { search_after: last.sort }
    }
  } finally {
    await call('DELETE', '/_pit', { id })
  }
}

function caller(endpoint: string) {
  // biome-ignore lint/suspicious/noExplicitAny: answers are as the server gives them
  return async (method: string, path: string, body?: object | string): Promise<any> => {
    const isBulk = typeof body === 'string'
    const answer = await fetch(`${endpoint}${path}`, {
      method,
      headers: { 'content-type': isBulk ? 'application/x-ndjson' : 'application/json' },
      body: body === undefined || isBulk ? (body ?? null) : JSON.stringify(body),
    })
    const text = await answer.text()
    if (!answer.ok) throw new Error(`${method} ${path}: ${answer.status} ${text}`)
    return JSON.parse(text)
  }
}
