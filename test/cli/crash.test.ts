import { existsSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { throughline } from '../support/program.ts'

let cwd = ''
let want = ''

const ingest = (store: string): string[] => ['ingest', 'logs/apigee', 'logs/iis', '--store', store]
const population = async (store: string): Promise<string> =>
  (await throughline(['query', '--hash', '--store', store], { cwd })).stdout

beforeAll(async () => {
  cwd = mkdtempSync(join(tmpdir(), 'tl-test-'))
  const simulate = ['simulate', 'logs', '--hours', '0.2', '--seed', '9', '--start', '2026-03-02T23:54:00Z']
  await throughline(simulate, { cwd })
  expect((await throughline(ingest('whole'), { cwd })).code).toBe(0)
  want = await population('whole')
})
afterAll(() => rmSync(cwd, { recursive: true, force: true }))

test.each(['ledger/000/000000.json', 'facts', 'ledger/000/000003.json', 'links'])(
  'an ingest that is killed once %s exists loses nothing: the next one ends like one that was never killed',
  async sign => {
    const store = `killed-${sign.replaceAll('/', '-')}`
    await throughline(ingest(store), {
      cwd,
      during: child => {
        const timer = setInterval(() => existsSync(join(cwd, store, sign)) && child.kill('SIGKILL'), 2)
        child.on('exit', () => clearInterval(timer))
      },
    })
    expect((await throughline(ingest(store), { cwd })).code).toBe(0)
    expect(await population(store)).toBe(want)
  },
)
