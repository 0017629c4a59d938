// One measured run: files to facts, links and index; then the same files again, all of them known. Prints JSON.
import { statSync } from 'node:fs'
import { loadConfig } from '../dist/config/load.js'
import { run } from '../dist/pipeline/run.js'
import { storeBytes } from '../dist/requests/overview.js'
import { Store } from '../dist/store/store.js'

const [folder, path, keyFolder] = process.argv.slice(2)
const started = process.hrtime.bigint()
const { config } = loadConfig()
const store = await Store.write(
  { path, memoryMiB: config.engine.memoryMiB },
  { now: Date.now, newId: () => 'bench', by: 'bench', keyFolder },
)
const files = ['export.csv', 'u_ex260302.log'].map(name => `${folder}/${name}`)
const pseudonym = secret => secret.length.toString()
const timeline = {}
const mark = name => {
  timeline[name] ??= Number(process.hrtime.bigint() - started) / 1e9
}
const result = await run(
  store,
  files.map(file => ({ path: file, named: true })),
  { config, pseudonym, onDay: () => mark('read') },
)
const seconds = Number(process.hrtime.bigint() - started) / 1e9
const hops = result.sources.reduce((sum, s) => sum + s.accounting.decoded, 0)
const links = [...store.state.days.values()].reduce((sum, d) => sum + (d.link?.counts.linked ?? 0), 0)
const size = storeBytes(store)
const { maxRSS, userCPUTime, systemCPUTime } = process.resourceUsage()
const again = process.hrtime.bigint()
await run(
  store,
  files.map(file => ({ path: file, named: true })),
  { config, pseudonym },
)
const againSeconds = Number(process.hrtime.bigint() - again) / 1e9
store.close()
const raw = files.reduce((sum, file) => sum + statSync(file).size, 0)
console.log(
  JSON.stringify({
    seconds, readSeconds: timeline.read ?? seconds, linkSeconds: seconds - (timeline.read ?? seconds),
    againSeconds, hops, links, rawBytes: raw, storeBytes: size.facts + size.links + size.index, size,
    peakMiB: maxRSS / 1024, cpuSeconds: (userCPUTime + systemCPUTime) / 1e6,
  }),
) // biome-ignore format: one document
