import { cpSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { Store } from '../../src/store/store.ts'
import { fingerprint } from '../support/fingerprint.ts'
import { writeFiles } from '../support/folder.ts'
import { portalFiles } from '../support/portal.ts'
import { shell, throughline } from '../support/program.ts'

let cwd = ''

beforeAll(async () => {
  cwd = mkdtempSync(join(tmpdir(), 'tl-test-'))
  writeFiles(join(cwd, 'logs'), portalFiles({ hasSubjects: true }))
  expect((await throughline(['ingest', 'logs', '--store', 'before'], { cwd })).code).toBe(0)
})
afterAll(() => rmSync(cwd, { recursive: true, force: true }))

async function seen(path: string): Promise<unknown> {
  const store = await Store.read({ path: join(cwd, path), memoryMiB: 256 })
  try {
    return await fingerprint(store)
  } finally {
    store.close()
  }
}

/** A limit on the size of files is a disk that refuses in the middle of a write; without the trap it kills. */
const limited = (kib: number, command: string): string =>
  `trap '' XFSZ; ulimit -f ${kib}; throughline ${command}`

test.each([
  { name: 'a chunk of lines', kib: 1, command: 'ingest more.log', file: /tmp\/\S+\/chunks\/\d+\.csv/ },
  { name: 'a file that DuckDB writes', kib: 1, command: 'link', file: /tmp\/\S+\/claims-\S+\.parquet\.part/ },
])('$name that the system refuses ends the run with exit code 3, what failed, and the state before', async ({ kib, command, file }) => {
  const store = `refused-${command.slice(0, 4)}`
  cpSync(join(cwd, 'before'), join(cwd, store), { recursive: true })
  const rows = Array.from({ length: 60 }, (_, i) => `2026-07-01 22:00:${String(i).padStart(2, '0')} web-x GET /a 200`)
  writeFileSync(join(cwd, 'more.log'), ['#Fields: date time s-computername cs-method cs-uri-stem sc-status', ...rows, ''].join('\r\n'))
  const { code, stderr } = await shell(limited(kib, `${command} --store ${store}`), { cwd })
  expect([code, stderr]).toEqual([3, expect.stringMatching(/^throughline: store .*(?:EFBIG|File too large)/m)])
  expect(stderr).toMatch(file)
  expect(stderr).toMatch(/raise the limit on the size of a file.*run the command again\. What was there before is unharmed\n$/)
  expect(stderr).not.toContain('a bug')
  expect(await seen(store)).toEqual(await seen('before'))
  const check = await throughline(['store', 'check', '--store', store], { cwd })
  expect([check.code, check.stdout]).toEqual([0, expect.stringContaining('problems   none')])
  expect((await throughline([...command.split(' '), '--store', store], { cwd })).code).toBe(0)
}) // biome-ignore format: a table

test('an export that the system refuses names the file', async () => {
  const args = 'export facts --kind app --output big.csv --format csv --store before'
  const { code, stderr } = await shell(limited(1, args), { cwd })
  expect([code, stderr]).toEqual([3, expect.stringMatching(/^throughline: big\.csv\.part: cannot be written: IO Error/)])
}) // biome-ignore format: long lines

test.each([
  { action: 'ENOSPC', advice: 'free some space' },
  { action: 'EIO', advice: 'check the disk' },
  { action: 'EACCES', advice: 'let this user write there' },
])('$action at the entry that would make a run visible leaves nothing of it', async ({ action, advice }) => {
  const store = `entry-${action}`
  cpSync(join(cwd, 'before'), join(cwd, store), { recursive: true })
  writeFileSync(join(cwd, `${action}.log`), '#Fields: date time s-computername cs-uri-stem\r\n2026-07-01 09:00:00 web-x /x\r\n')
  const env = { THROUGHLINE_FAILPOINT: `ledger.link:1:${action}` }
  const { code, stderr } = await throughline(['ingest', `${action}.log`, '--store', store], { cwd, env })
  expect([code, stderr]).toEqual([3, expect.stringMatching(/^throughline: store \S+\/ledger\/000\/\d{6}\.json: /)])
  expect(stderr).toContain(`${advice} and run the command again`)
  expect(await seen(store)).toEqual(await seen('before'))
  expect((await throughline(['store', 'check', '--store', store], { cwd })).code).toBe(0)
}) // biome-ignore format: long lines

test('a failpoint that is written wrongly is refused before anything is touched', async () => {
  const env = { THROUGHLINE_FAILPOINT: 'ledger.link:first' }
  const { code, stderr } = await throughline(['ingest', 'logs', '--store', 'none'], { cwd, env })
  expect([code, stderr]).toEqual([2, expect.stringContaining('expected name[:nth][:action]')])
})
