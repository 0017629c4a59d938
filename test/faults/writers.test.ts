import { existsSync, mkdtempSync, rmSync, unlinkSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { writeFiles } from '../support/folder.ts'
import { portalFiles } from '../support/portal.ts'
import { throughline } from '../support/program.ts'

let cwd = ''

beforeAll(() => {
  cwd = mkdtempSync(join(tmpdir(), 'tl-test-'))
  writeFiles(join(cwd, 'logs'), portalFiles())
})
afterAll(() => rmSync(cwd, { recursive: true, force: true }))

const ingest = (store: string): string[] => ['ingest', 'logs', '--store', store]
const output = async (...args: string[]): Promise<string> => (await throughline(args, { cwd })).stdout

/** Waits until a file exists. */
async function existence(path: string): Promise<void> {
  while (!existsSync(join(cwd, path))) await new Promise(resolve => setTimeout(resolve, 10))
}

test('of two writers whose lock was removed by force one goes on; the other stops and harms nothing', async () => {
  expect((await throughline(ingest('alone'), { cwd })).code).toBe(0)
  let release: () => void = () => {}
  const late = throughline(['ingest', 'logs', '-', '--store', 'both'], {
    cwd,
    input: 'open',
    during: child => {
      release = () => void child.stdin?.end()
    },
  })
  // It has read the logs, waits for standard input, and will want the names that the other takes meanwhile.
  await existence('both/ledger/000/000001.json')
  unlinkSync(join(cwd, 'both/writer.lock'))
  expect((await throughline(ingest('both'), { cwd })).code).toBe(0)
  release()
  const { code, stderr } = await late
  expect([code, stderr]).toEqual([3, expect.stringContaining('was written by another process; this one stops')])
  expect(await output('query', '--hash', '--store', 'both')).toBe(await output('query', '--hash', '--store', 'alone'))
  const check = await throughline(['store', 'check', '--store', 'both'], { cwd })
  expect([check.code, check.stdout]).toEqual([0, expect.stringContaining('problems   none')])
}) // biome-ignore format: long lines
