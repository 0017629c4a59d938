import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { gunzipSync } from 'node:zlib'
import { afterEach, expect, test } from 'vitest'
import { writeSimulation } from './index.ts'
import { collect } from './reading.fixture.ts'

const folders: string[] = []
afterEach(() => {
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true })
})

function temporaryFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'simulate-'))
  folders.push(folder)
  return folder
}

test('the files on disk are the blocks of the simulation, and the progress ends at their size', async () => {
  const options = { hours: 1, ratePerSecond: 2 }
  const folder = temporaryFolder()
  const written = await writeSimulation(options, folder)
  const { files, summary } = collect(options)
  let bytes = 0
  for (const [path, text] of files) {
    const content = readFileSync(join(folder, path))
    expect(content.toString('utf8')).toBe(text)
    bytes += content.length
  }
  expect(written).toEqual({ ...summary, bytes, files: files.size })
})

test('compressed exports hold the same bytes, in several gzip members', async () => {
  const options = { hours: 1, ratePerSecond: 2 }
  const folder = temporaryFolder()
  await writeSimulation({ ...options, gzip: true }, folder)
  const path = 'apigee/corp/prod/api_2026-03-02_to_2026-03-03-000000000000.json'
  const compressed = readFileSync(join(folder, `${path}.gz`))
  expect(gunzipSync(compressed).toString('utf8')).toBe(collect(options).files.get(path))
  expect(compressed.indexOf(Buffer.from([0x1f, 0x8b, 8]), 1)).toBeGreaterThan(0)
})

test('a folder that cannot be written is reported', async () => {
  await expect(writeSimulation({ hours: 0.1 }, '/dev/null')).rejects.toThrow(/ENOTDIR/)
})
