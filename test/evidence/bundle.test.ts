import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { populationOf } from '../../src/requests/population.ts'
import { closeAll } from '../support/days.ts'
import { bundleOf, failures, question, simulated, verified } from './support.ts'

const MIXED = {
  hours: 0.2,
  ratePerSecond: 1,
  seed: 3,
  retriesShare: 0.2,
  handshakeShare: 0.3,
  lostAppShare: 0.05,
  lostGatewayShare: 0.05,
  appErrorShare: 0.1,
} as const

describe('a bundle', () => {
  test('of all requests passes, with the population that a query finds', async () => {
    await simulated(MIXED, async store => {
      closeAll(store)
      const { folder, counts, populationHash } = await bundleOf(store)
      const verification = await verified(folder)
      expect(failures(verification)).toEqual([])
      const { filter, range, nowMs } = question()
      expect(await populationOf(store, { filter, range, nowMs })).toEqual({ requests: counts.requests, sha256: populationHash })
      expect(counts.requests).toBeGreaterThan(500)
      expect(verification.anchors).toEqual([])
      expect((await verified(folder, { key: verification.fingerprint })).anchors).toHaveLength(1)
    })
  })

  test('that is made twice has the same bytes', async () => {
    await simulated(MIXED, async store => {
      const [one, two] = [await bundleOf(store, 'one', { filter: 'status >= 400' }), await bundleOf(store, 'two', { filter: 'status >= 400' })]
      const names = readdirSync(one.folder, { recursive: true, withFileTypes: true }).filter(e => e.isFile()).map(e => join(e.parentPath, e.name))
      for (const name of names) expect(readFileSync(name).equals(readFileSync(name.replace(one.folder, two.folder)))).toBe(true)
      expect(names).toHaveLength(22)
    })
  })

  test('without people proves the rest, and says what it cannot', async () => {
    await simulated(MIXED, async store => {
      const { folder } = await bundleOf(store, 'bundle', { filter: 'subject:* and status >= 400' }, { isRedacted: true })
      const { parts } = await verified(folder)
      expect(failures(await verified(folder))).toEqual([])
      expect(parts.soundness.verdict).toBe('NOT CHECKED')
      expect(parts.integrity.verdict).toBe('PASS')
    })
  })
}) // biome-ignore format: few words
