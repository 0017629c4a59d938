// Looks at a store again and again as another process would, for follow-load.mjs: prints the time and the number of
// hops whenever it changes. The hops are counted in the files, not in the ledger.
import { root } from './install.mjs'

const { Store } = await import(`${root}/dist/store/store.js`)
const store = await Store.read({ path: process.argv[2], memoryMiB: 256 })
let known = 0
let hops = 0
for (;;) {
  store.ledger.refresh()
  const { segments } = store.state
  if (segments.length > known) {
    const files = segments.slice(known).map(s => `'${store.file(s.path)}'`)
    known = segments.length
    const { n } = await store.db.row(
      `SELECT count(hop_id)::VARCHAR AS n FROM read_parquet([${files.join(', ')}])`,
    )
    hops += Number(n)
    process.stdout.write(`${Date.now()} ${hops}\n`)
  }
  await new Promise(resolve => setTimeout(resolve, 50))
}
