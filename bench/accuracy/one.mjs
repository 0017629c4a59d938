// One run: simulates a regime under a variation, joins it, measures. Prints JSON.
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { CONFIG } from '../../dist/config/schema.js'
import { relink, run } from '../../dist/pipeline/run.js'
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
  const config = CONFIG.parse({ ...regime.config, hosts: [...hostsOf()] })
  const store = await Store.write(
    { path: `${folder}/store`, memoryMiB: config.engine.memoryMiB },
    { now: Date.now, newId: () => 'accuracy', by: 'bench' },
  )
  const inputs = await discoverInputs([`${folder}/traffic/apigee`, `${folder}/traffic/iis`], store.root)
  const began = performance.now()
  let linking = began
  await run(store, inputs, { config, pseudonym: s => `${s.length}`, onDay: () => (linking = Math.min(linking === began ? Infinity : linking, performance.now())) })
  const ended = performance.now()
  const warnings = [...store.state.days.values()].flatMap(d => d.link?.warnings ?? [])
  const counts = await measure(store, `${folder}/traffic`)
  store.close()
  console.log(JSON.stringify({ counts, readSeconds: (linking - began) / 1000, linkSeconds: (ended - linking) / 1000, warnings }))
} finally {
  rmSync(folder, { recursive: true, force: true })
}

/** Which host wrote the logs of a folder. */
function* hostsOf() {
  for (const site of ['WEB-PAY', 'WEB-APP'])
    for (let n = 1; n <= 16; n++) {
      const host = `${site}-${String(n).padStart(2, '0')}`
      yield { path: `**/${host}/**`, host: host.toLowerCase() }
    }
}
