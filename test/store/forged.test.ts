import { cpSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { dropRow, LEVELS } from '../../scripts/evidence/forge-store.mjs'
import { rootKeysOf } from '../../src/cli/ledger-keys.ts'
import * as ed25519 from '../../src/ledger/ed25519.ts'
import * as entryFile from '../../src/ledger/entry-file.ts'
import * as log from '../../src/ledger/log.ts'
import * as publicKey from '../../src/ledger/public-key.ts'
import * as states from '../../src/ledger/state.ts'
import { contradictionOf, recordsOf } from '../../src/ledger/verify-log.ts'
import { checkStore } from '../../src/store/check.ts'
import { keysOf, type SigningKey, saltsOf } from '../../src/store/keys.ts'
import * as leaves from '../../src/store/leaves.ts'
import { withEngine } from '../../src/store/store.ts'
import { withSealedStore } from '../evidence/support.ts'
import { evenings } from '../support/days.ts'
import { inFolder, writeFiles } from '../support/folder.ts'
import { ingestInto } from '../support/store.ts'

const code = { ...ed25519, ...entryFile, ...log, ...publicKey, ...states, ...leaves }

test('a row taken out and everything made right again is noticed; with secret and key stolen, by an anchor only', async () => {
  await inFolder(async folder => {
    const keys = join(folder, 'keys')
    await withSealedStore(folder, async store => {
      await ingestInto(store, writeFiles(folder, evenings(1, 4)))
      await log.signLog(store.root, store.state, signer(store.state, keys))
    })
    const note = readFileSync(join(folder, 'store/ledger/log/checkpoint'), 'utf8')
    for (const level of Object.keys(LEVELS) as (keyof typeof LEVELS)[]) {
      const copy = join(folder, level)
      cpSync(join(folder, 'store'), copy, { recursive: true })
      await withEngine({ path: copy, memoryMiB: 256, threads: 1 }, async db => {
        const { state } = stateOf(copy)
        await dropRow(copy, db, { level, pick: below => below - 1, code, saltsOf: id => saltsOf(state, keys, id) })
        const { problems } = await checkStore(copy, db, { rootKeys: rootKeysOf(keys) })
        const damaged = problems.filter(p => p.severity === 'damaged').map(p => p.found)
        expect([level, damaged.length > 0]).toEqual([level, level !== 'sealed'])
        const forged = stateOf(copy)
        const known = await log.openCheckpoint(note, state)
        if (typeof known === 'string') throw new Error(known)
        expect(contradictionOf(recordsOf(forged.digests), known)).toContain('its root is not that of')
        if (level !== 'hashed') expect(forged.state.keys[0]?.fingerprint).not.toBe(state.keys[0]?.fingerprint)
      })
    }
  })
}) // biome-ignore format: one line each

function signer(state: states.LedgerState, keys: string): SigningKey {
  const { signing } = keysOf(state, keys)
  if (!signing) throw new Error('no key')
  return signing
}

function stateOf(root: string): { state: states.LedgerState; digests: string[] } {
  const state = states.emptyState()
  const digests: string[] = []
  for (const { entry, digest } of entryFile.allEntries(join(root, 'ledger'))) {
    states.applyEntry(state, entry, digest)
    digests.push(digest)
  }
  return { state, digests }
}
