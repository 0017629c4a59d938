// One run: simulates a regime under a variation, joins it, measures. Prints JSON.
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { CONFIG } from '../../dist/config/schema.js'
import { run } from '../../dist/pipeline/run.js'
import { writeSimulation } from '../../dist/simulate/index.js'
import { discoverInputs } from '../../dist/sources/discover.js'
import { Store } from '../../dist/store/store.js'
import { measure } from './measure.mjs'
import { regimes } from './regimes.mjs'

const [name, variation] = [process.argv[2], JSON.parse(process.argv[3])]
const regime = regimes(variation).find(r => r.name === name)
const folder = mkdtempSync(join(tmpdir(), 'throughline-accuracy-'))
try {
  await writeSimulation(regime.options, `${folder}/traffic`)
  const config = CONFIG.parse(regime.config)
  const store = await Store.write(
    { path: `${folder}/store`, memoryMiB: config.engine.memoryMiB },
    { now: Date.now, newId: () => 'accuracy', by: 'bench' },
  )
  const inputs = await discoverInputs([`${folder}/traffic/apigee`, `${folder}/traffic/iis`], store.root)
  const began = performance.now()
  let linkFrom
  const onDay = () => {
    linkFrom ??= performance.now()
  }
  await run(store, inputs, { config, pseudonym: s => `${s.length}`, onDay })
  const ended = performance.now()
  const warnings = [...store.state.days.values()].flatMap(d => d.link?.warnings ?? [])
  const counts = await measure(store, `${folder}/traffic`)
  store.close()
  const seconds = { read: (linkFrom - began) / 1000, link: (ended - linkFrom) / 1000 }
  console.log(JSON.stringify({ counts, seconds, warnings }))
} finally {
  rmSync(folder, { recursive: true, force: true })
}
