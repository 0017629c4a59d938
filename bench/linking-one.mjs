// One measured run of bench/linking.mjs. Prints JSON.
import { rmSync } from 'node:fs'
import { CONFIG } from '../dist/config/schema.js'
import { run } from '../dist/pipeline/run.js'
import { writeSimulation } from '../dist/simulate/index.js'
import { discoverInputs } from '../dist/sources/discover.js'
import { Store } from '../dist/store/store.js'

const [work, options] = [process.argv[2], JSON.parse(process.argv[3])]
for (const name of ['traffic', 'store']) rmSync(`${work}/${name}`, { recursive: true, force: true })
await writeSimulation(options, `${work}/traffic`)
const hosts = ['WEB-PAY-01', 'WEB-PAY-02', 'WEB-APP-01', 'WEB-APP-02']
const config = CONFIG.parse({ hosts: hosts.map(host => ({ path: `**/${host}/**`, host })) })
const store = await Store.write(
  { path: `${work}/store`, memoryMiB: config.engine.memoryMiB },
  { now: Date.now, newId: () => 'bench', by: 'bench' },
)
const inputs = await discoverInputs([`${work}/traffic/apigee`, `${work}/traffic/iis`], store.root)
const began = performance.now()
let linkFrom
const result = await run(store, inputs, {
  config,
  pseudonym: s => `${s.length}`,
  onDay: () => {
    linkFrom ??= performance.now()
  },
})
const ended = performance.now()
const links = [...store.state.days.values()].reduce((sum, d) => sum + (d.link?.counts.linked ?? 0), 0)
store.close()
console.log(
  JSON.stringify({
    hops: result.sources.reduce((sum, s) => sum + s.accounting.decoded, 0),
    links,
    read: (linkFrom - began) / 1000,
    link: (ended - linkFrom) / 1000,
    peakMiB: process.resourceUsage().maxRSS / 1024,
  }),
)
