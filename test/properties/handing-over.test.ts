import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { type Fingerprint, fingerprint } from '../support/fingerprint.ts'
import { inFolder, writeFiles } from '../support/folder.ts'
import { runs } from '../support/runs.ts'
import { ingestInto, withStore } from '../support/store.ts'
import { type Call, calls, csv, gatewayRows, iisLog, iisRows, logFiles, ndjson } from '../support/traffic.ts'

/** Reads batches of files, one after the other, into a new store. */
async function take(
  batches: readonly Record<string, string | Uint8Array>[],
  threads?: number,
): Promise<Fingerprint> {
  return inFolder(async folder =>
    withStore(
      join(folder, 'store'),
      async store => {
        for (const [i, files] of batches.entries())
          await ingestInto(store, writeFiles(join(folder, `batch-${i}`), files))
        return fingerprint(store)
      },
      threads === undefined ? {} : { threads },
    ),
  )
}

/** Cuts a list at places where `key` changes. */
function parts<T>(list: readonly T[], cuts: readonly number[], key: (item: T) => unknown): T[][] {
  const result: T[][] = [[]]
  list.forEach((item, i) => {
    const before = list[i - 1]
    if (cuts.includes(i) && before !== undefined && key(before) !== key(item)) result.push([])
    result.at(-1)?.push(item)
  })
  return result
}

/** The files of some calls, each cut into parts that have a header of their own. */
function cutFiles(list: readonly Call[], cuts: readonly number[]): [string, string][] {
  const second = (row: string): string => row.slice(0, 19)
  const logs = ['web01', 'web02'].flatMap(host => parts(iisRows(list, host), cuts, second).map(iisLog))
  const exports = parts(gatewayRows(list), cuts, row => row).map(ndjson)
  return [...logs, ...exports].map((text, i) => [`${i}.txt`, text])
}

test('any split at a second, order and batching of the files gives the same facts, links and population', async () => {
  const scenario = fc.tuple(
    calls,
    fc.array(fc.integer({ min: 1, max: 25 }), { maxLength: 4 }),
    fc.infiniteStream(fc.integer({ min: 0, max: 999 })),
  )
  await fc.assert(
    fc.asyncProperty(scenario, async ([list, cuts, random]) => {
      const files = cutFiles(list, cuts)
        .map(file => ({ file, rank: random.next().value as number }))
        .sort((a, b) => a.rank - b.rank)
      const batches: Record<string, string>[] = [{}, {}, {}]
      for (const { file, rank } of files)
        Object.assign(batches[rank % 3] ?? {}, { [`${rank}-${file[0]}`]: file[1] })
      const used = batches.filter(batch => Object.keys(batch).length > 0)
      expect(await take(used)).toEqual(await take([logFiles(list)]))
    }),
    runs(4),
  )
})

test('the same logs renamed, compressed or in a second batch change nothing', async () => {
  await fc.assert(
    fc.asyncProperty(calls, async list => {
      const files = logFiles(list)
      const whole = await take([files])
      const renamed = Object.fromEntries(
        Object.entries(files).map(([name, text]) => [`moved/${name}.old`, text]),
      )
      const zipped = Object.fromEntries(
        Object.entries(files).map(([name, text]) => [`${name}.gz`, gzipSync(text)]),
      )
      expect(await take([files, files])).toEqual(whole)
      expect(await take([{ ...files, ...renamed, ...zipped }])).toEqual(whole)
      expect(await take([zipped, renamed])).toEqual(whole)
    }),
    runs(2),
  )
})

test('one, two or eight engine threads give the same hashes', async () => {
  await fc.assert(
    fc.asyncProperty(calls, async list => {
      const one = await take([logFiles(list)], 1)
      expect(await take([logFiles(list)], 2)).toEqual(one)
      expect(await take([logFiles(list)], 8)).toEqual(one)
    }),
    runs(2),
  )
})

test('an export as NDJSON or CSV, in any order of columns, gives the same hop ids, links and population', async () => {
  const scenario = fc.tuple(
    calls,
    fc.shuffledSubarray(Object.keys(gatewayRows([LONE])[0] ?? {}), { minLength: 21 }),
  )
  await fc.assert(
    fc.asyncProperty(scenario, async ([list, names]) => {
      const { 'export.json': json = '', ...logs } = logFiles(list)
      const asJson = await take([{ ...logs, 'export.json': json }])
      const asCsv = await take([{ ...logs, 'export.csv': csv(gatewayRows(list), names) }])
      expect({ ...asCsv, facts: hopIds(asCsv) }).toEqual({ ...asJson, facts: hopIds(asJson) })
    }),
    runs(4),
  )
})

const LONE: Call = {
  atMs: 0, takenMs: 0, host: 'web01', method: 'GET', path: '/', id: 'x', form: 'plain', status: 200, recorded: 'both', hasTwin: false,
} // biome-ignore format: one call

function hopIds(of: Fingerprint): string[] {
  return of.facts.map(text => (JSON.parse(text) as { hop_id: string }).hop_id).sort()
}
