import fc from 'fast-check'
import { expect, test } from 'vitest'
import { exitCodeOf } from '../../src/evidence/verify/print.ts'
import { REQUEST_FIELDS } from '../../src/requests/fields.ts'
import { filtersOf, type Sample } from '../../src/requests/filter/filters.fixture.ts'
import { canonicalFilter } from '../../src/requests/filter/index.ts'
import { populationOf } from '../../src/requests/population.ts'
import type { Store } from '../../src/store/store.ts'
import { closeAll, evenings } from '../support/days.ts'
import { requestsOf } from '../support/fingerprint.ts'
import { inFolder, writeFiles } from '../support/folder.ts'
import { runs } from '../support/runs.ts'
import { ingestInto } from '../support/store.ts'
import { bundleOf, failures, filesOf, question, verifiedFiles, withSealedStore } from './support.ts'

/** 2026-07-01 and the days after it, on which the evenings lie. */
const at = (hours: number): number => (Date.UTC(2026, 6, 1) + hours * 3_600_000) * 1000

const sampleOf = (row: Readonly<Record<string, unknown>>): Sample =>
  Object.fromEntries(REQUEST_FIELDS.flatMap(({ name, column, type }) => {
    const value = row[column]
    if (value === null || value === undefined) return []
    return [[name, type === 'timestamp' ? `${String(value).replace(' ', 'T')}Z` : String(value)]]
  })) // biome-ignore format: few words

async function samplesOf(store: Store): Promise<Sample[]> {
  return (await requestsOf(store)).map(sampleOf)
}

test('whatever the traffic, filter and period: the bundle has what a query finds, passes, and adds up', async () => {
  await fc.assert(
    fc.asyncProperty(fc.nat(), fc.boolean(), fc.integer({ min: 0, max: 30 }), fc.integer({ min: 1, max: 40 }), async (seed, isClosed, from, hours) => {
      await inFolder(folder =>
        withSealedStore(folder, async store => {
          await ingestInto(store, writeFiles(folder, evenings(2, seed)))
          if (isClosed) closeAll(store)
          const range = { fromUs: at(from), toUs: at(from + hours) }
          const trees = fc.sample(filtersOf(REQUEST_FIELDS, await samplesOf(store)), { numRuns: 1, seed })
          for (const [n, filter] of ['*', ...trees.map(canonicalFilter)].entries()) {
            const { nowMs } = question()
            const made = await bundleOf(store, `bundle-${n}`, { filter, range })
            expect({ requests: made.counts.requests, sha256: made.populationHash }).toEqual(await populationOf(store, { filter, range, nowMs }))
            expect(failures(await verifiedFiles(filesOf(made.folder)))).toEqual([])
            if (n === 0) continue
            const hidden = await bundleOf(store, `hidden-${n}`, { filter, range }, { isRedacted: true })
            const verification = await verifiedFiles(filesOf(hidden.folder))
            expect(failures(verification)).toEqual([])
            expect(exitCodeOf(verification)).toBe(0)
          }
        }),
      )
    }),
    runs(2),
  )
}, 1_800_000) // biome-ignore format: few words

test('stand-ins give nobody away', async () => {
  await inFolder(folder =>
    withSealedStore(folder, async store => {
      await ingestInto(store, writeFiles(folder, evenings(1, 3)))
      const { folder: hidden } = await bundleOf(store, 'hidden', { filter: 'client_id:client-7 or client_ip:10.9.9.9', range: { fromUs: at(0), toUs: at(48) } }, { isRedacted: true })
      const texts = [...filesOf(hidden)].filter(([name]) => !/^(?:verify|proofs)/.test(name)).map(([, bytes]) => String(bytes)).join('\n')
      for (const text of ['client-7', '10.9.9.9', 'agent/1.0']) expect(texts).not.toContain(text)
      expect(texts).toContain('hmac:')
    }),
  )
}) // biome-ignore format: few words
