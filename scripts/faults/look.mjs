// What must be the same whether a run was killed or not.
import { createHash } from 'node:crypto'
import { searchRequests } from '../../dist/requests/search.js'
import { checkStore } from '../../dist/store/check.js'
import { Store } from '../../dist/store/store.js'

/** Requests, facts, links, days, accounting and aliases of a store, and what `store check` finds. */
export async function look(path) {
  const store = await Store.read({ path, memoryMiB: 256, threads: 1 })
  try {
    const { problems } = await checkStore(store.root, store.db)
    const { state } = store
    return {
      head: state.head,
      problems: problems.map(p => `${p.severity} ${p.path}: ${p.found}`),
      same: JSON.stringify({
        requests: await requests(store),
        facts: [await facts(store, 'gateway'), await facts(store, 'app'), await facts(store, 'kernel')],
        days: [...state.days].sort().map(([key, d]) => [key, d.state, d.link?.contentHash]),
        unlinked: [...state.unlinkedDays].sort(),
        sources: [...state.sources.values()].map(s => [s.path, s.status, s.sha256, s.accounting]).sort(),
        refused: [...state.refused.keys()],
        rejects: state.rejects.reduce((sum, r) => sum + r.rows, 0),
        aliases: state.subjects?.aliases ?? 0,
        holds: [...state.holds.values()].filter(h => !h.released).length > 0,
        isStale: state.isStale,
        declared: [...new Set(state.declared.map(d => JSON.stringify(d)))].sort(),
      }),
    }
  } finally {
    store.close()
  }
}

/** An erased subject has another random name in each run. */
const plain = rows => JSON.stringify(rows).replaceAll(/erased-[0-9a-f]{8}/g, 'erased')

async function requests(store) {
  const digest = createHash('sha256')
  for await (const rows of searchRequests(store, { filter: '', nowMs: 0 }))
    for (const row of rows) digest.update(plain(row))
  return digest.digest('hex')
}

/** Every fact once, in whatever files. Sources count by path: their numbers say in which order they were read. */
async function facts(store, kind) {
  const files = store.state.segments.filter(s => s.kind === kind).map(s => store.file(s.path))
  if (files.length === 0) return '0'
  const list = files.map(f => `'${f.replaceAll("'", "''")}'`).join(', ')
  const rows = await store.db.rows(
    `SELECT * FROM read_parquet([${list}], hive_partitioning = false) ORDER BY hop_id, line_no`,
  )
  for (const row of rows) row.source_id = store.state.sources.get(row.source_id)?.path
  return `${rows.length} ${createHash('sha256').update(plain(rows)).digest('hex')}`
}
