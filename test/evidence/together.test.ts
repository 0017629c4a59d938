import { join, resolve } from 'node:path'
import { pathToFileURL } from 'node:url'
import { expect, test } from 'vitest'
import { mutated, randomFrom } from '../../scripts/evidence/mutate.mjs'
import { folderFiles, NODE_CRYPTO } from '../../src/evidence/folder-files.ts'
import { threads } from '../../src/evidence/threads.ts'
import type { Helpers } from '../../src/evidence/verify/parts.ts'
import { verifyBundle } from '../../src/evidence/verify/verify.ts'
import { bundleOf, filesOf, here, memoryFiles, simulated, verified } from './support.ts'

const TRAFFIC = { hours: 0.1, ratePerSecond: 0.7, seed: 6, idShare: 0.5, retriesShare: 0.1, lostAppShare: 0.1, lostGatewayShare: 0.1 } as const // biome-ignore format: one line

test('helpers find what one alone finds, whatever is changed', async () => {
  await simulated(TRAFFIC, async store => {
    const { folder } = await bundleOf(store)
    const files = filesOf(folder)
    const answered = { well: 0, other: 0 }
    const helpers = here(answered)
    expect(await verifyBundle(memoryFiles(files), NODE_CRYPTO, {}, helpers)).toEqual(await verified(folder))
    expect(answered.other).toBe(0)
    expect(answered.well).toBeGreaterThan(4)
    const random = randomFrom(7)
    for (let n = 0; n < 150; n++) {
      const { what, files: changed } = mutated(files, random, n)
      const alone = await verifyBundle(memoryFiles(changed), NODE_CRYPTO)
      const together = await verifyBundle(memoryFiles(changed), NODE_CRYPTO, {}, helpers)
      expect([what, together.parts]).toEqual([what, alone.parts])
    }
    expect(answered.other).toBeGreaterThan(20)
  })
}, 300_000) // biome-ignore format: few words

test('threads check a bundle, of people and without', async () => {
  const program = pathToFileURL(join(resolve(process.env.THROUGHLINE_DIST ?? 'dist'), 'evidence/verify.mjs'))
  await simulated(TRAFFIC, async store => {
    for (const isRedacted of [false, true]) {
      const { folder } = await bundleOf(store, `bundle-${isRedacted}`, {}, { isRedacted })
      const helpers = threads(program, 0)
      if (!helpers) return
      let sums = 0
      const counted: Helpers = {
        ...helpers,
        start: setup =>
          helpers.start(setup).map(helper => ({
            check: part => helper.check(part),
            sums: () => {
              sums++
              return helper.sums()
            },
            stop: () => helper.stop(),
          })),
      }
      expect(await verifyBundle(folderFiles(folder), NODE_CRYPTO, {}, counted)).toEqual(await verified(folder))
      expect(sums).toBeGreaterThan(1)
    }
  })
}, 120_000) // biome-ignore format: few words
