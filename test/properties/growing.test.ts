import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { type Fingerprint, fingerprint } from '../support/fingerprint.ts'
import { inFolder } from '../support/folder.ts'
import { runs } from '../support/runs.ts'
import { ingestInto, withStore } from '../support/store.ts'
import { type Call, calls, csv, gatewayRows, iisLog, iisRows, logFiles } from '../support/traffic.ts'

/** Reads files as they grow: each step is what they hold by then. The last step is all of them. */
async function takeGrowing(steps: readonly Record<string, string | Uint8Array>[]): Promise<Fingerprint> {
  return inFolder(async folder =>
    withStore(join(folder, 'store'), async store => {
      for (const files of steps) {
        for (const [name, content] of Object.entries(files)) writeFileSync(join(folder, name), content)
        await ingestInto(
          store,
          Object.keys(files).map(name => join(folder, name)),
        )
      }
      return fingerprint(store)
    }),
  )
}

/**
 * Where to cut. A row that is cut within its last column cannot be told from a whole one, as a last row needs no line
 * end: such a cut goes behind the row.
 */
function cutAt(bytes: Buffer, share: number): number {
  const at = Math.round(bytes.length * share)
  const torn = bytes.subarray(bytes.lastIndexOf(10, at - 1) + 1, at)
  return torn.includes(' agent') ? bytes.indexOf(10, at) + 1 : at
}

test('logs that grow step by step, torn lines included, end like logs that were read once', async () => {
  const shares = fc.array(fc.double({ min: 0, max: 1, noNaN: true }), { minLength: 1, maxLength: 3 })
  await fc.assert(
    fc.asyncProperty(calls, shares, async (list, steps) => {
      const files = Object.entries(logFiles(list)).map(([name, text]) => [name, Buffer.from(text)] as const)
      const cut = (share: number) =>
        Object.fromEntries(files.map(([name, bytes]) => [name, bytes.subarray(0, cutAt(bytes, share))]))
      const grown = await takeGrowing([...steps.sort((a, b) => a - b), 1].map(cut))
      expect(grown).toEqual(await takeGrowing([cut(1)]))
    }),
    runs(6),
  )
})

const TWO: readonly Call[] = [0, 60_000].map(atMs => ({
  atMs, takenMs: 500, host: 'web01', method: 'GET', path: '/a', id: `id-${atMs}`, form: 'plain', status: 200, recorded: 'both',
  hasTwin: false,
})) // biome-ignore format: two calls

test.each([
  { name: 'a CR', lost: 1 },
  { name: 'the whole line, without its CRLF', lost: 2 },
  { name: 'all but its last column', lost: 12 },
])('a row of an IIS log that ends after $name is one hop once the log has grown', async ({ lost }) => {
  const text = iisLog(iisRows(TWO, 'web01'))
  const grown = await takeGrowing([{ 'a.log': text.slice(0, -lost) }, { 'a.log': text }])
  expect(grown).toEqual(await takeGrowing([{ 'a.log': text }]))
})

test.each([
  { name: 'the whole record, without its line feed', lost: 1 },
  { name: 'a column too few', lost: 12 },
])(
  'a record of a CSV export that ends after $name is one hop once the export has grown',
  async ({ lost }) => {
    const rows = gatewayRows(TWO)
    const names = Object.keys(rows[0] ?? {}).filter(name => name !== 'message_count')
    const text = csv(rows, names)
    const grown = await takeGrowing([{ 'a.csv': text.slice(0, -lost) }, { 'a.csv': text }])
    expect(grown).toEqual(await takeGrowing([{ 'a.csv': text }]))
  },
)
