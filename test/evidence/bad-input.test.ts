import {
  chmodSync,
  cpSync,
  existsSync,
  mkdirSync,
  readdirSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import { afterEach, describe, expect, test } from 'vitest'
import { exitCodeOf } from '../../src/evidence/verify/print.ts'
import { armFailpoints } from '../../src/failpoint.ts'
import { keysOf } from '../../src/store/keys.ts'
import { prune } from '../../src/store/prune.ts'
import { closeAll, evenings } from '../support/days.ts'
import { inFolder, writeFiles } from '../support/folder.ts'
import { throughline } from '../support/program.ts'
import { ingestInto } from '../support/store.ts'
import { bundleOf, failures, filesOf, question, verified, verifiedFiles, withSealedStore } from './support.ts'

const JULY = { fromUs: Date.UTC(2026, 6, 1) * 1000, toUs: Date.UTC(2026, 6, 5) * 1000 }

afterEach(() => armFailpoints(undefined, undefined))

const withEvenings = <T>(count: number, action: (store: Parameters<Parameters<typeof withSealedStore<T>>[1]>[0], folder: string) => Promise<T>): Promise<T> =>
  inFolder(folder =>
    withSealedStore(folder, async store => {
      await ingestInto(store, writeFiles(folder, evenings(count, 5)))
      closeAll(store)
      return action(store, folder)
    }),
  ) // biome-ignore format: one line each

describe('making a bundle', () => {
  test('a disk that fills at any step leaves nothing behind, and no folder is written into', async () => {
    await withEvenings(1, async (store, folder) => {
      const before = readdirSync(folder).sort()
      for (const step of ['*:1', '*:37']) {
        armFailpoints(`${step}:ENOSPC`, undefined)
        await expect(bundleOf(store, 'full', { range: JULY })).rejects.toMatchObject({
          code: 'OUTPUT_UNWRITABLE',
          message: expect.stringContaining('no space left'),
        })
        armFailpoints(undefined, undefined)
        expect(readdirSync(folder).sort()).toEqual(before)
      }
      await bundleOf(store, 'full', { range: JULY })
      await expect(bundleOf(store, 'full', { range: JULY })).rejects.toMatchObject({ code: 'OUTPUT_EXISTS' })
    })
  })

  test('a period that nothing covers gives an empty bundle that says so', async () => {
    await withEvenings(1, async store => {
      const made = await bundleOf(store, 'empty', {
        range: { fromUs: JULY.fromUs - 10 * 86_400e6, toUs: JULY.fromUs - 9 * 86_400e6 },
      })
      expect(made.counts.requests).toBe(0)
      expect(failures(await verified(made.folder))).toEqual([])
      expect([...made.exceptions]).toEqual([['no-source', 2]])
      expect(String(filesOf(made.folder).get('report.html'))).toContain('holds nothing of this period')
    })
  })

  test('a store that was pruned in the middle of the period', async () => {
    await withEvenings(2, async store => {
      const whole = await bundleOf(store, 'whole', { range: JULY })
      await prune(store, '2026-07-02', { why: 'test', who: 'test' })
      const rest = await bundleOf(store, 'rest', { range: JULY })
      expect(failures(await verified(rest.folder))).toEqual([])
      expect(rest.exceptions.get('days-pruned')).toBe(1)
      expect(rest.counts.requests).toBeLessThan(whole.counts.requests)
      // What was made before still verifies.
      expect(failures(await verified(whole.folder))).toEqual([])
    })
  })

  test('keys that are missing, or that others may read', async () => {
    await withEvenings(1, async (store, folder) => {
      const keys = join(folder, 'keys')
      const files = readdirSync(keys, { recursive: true, withFileTypes: true })
        .filter(e => e.isFile())
        .map(e => join(e.parentPath, e.name))
      for (const file of files) chmodSync(file, 0o644)
      expect(() => keysOf(store.state, keys)).toThrow(expect.objectContaining({ code: 'KEY_REFUSED' }))
      for (const file of files) chmodSync(file, 0o600)
      await expect(
        bundleOf(store, 'saltless', { range: JULY }, { saltsOf: () => undefined }),
      ).rejects.toMatchObject({ code: 'KEY_REFUSED' })
      rmSync(keys, { recursive: true })
      expect(keysOf(store.state, keys).signing).toBeUndefined()
      expect(existsSync(join(folder, 'saltless'))).toBe(false)
    })
  })

  test('cells that a spreadsheet would run are defused, and markup in log lines is text', async () => {
    await inFolder(folder =>
      withSealedStore(folder, async store => {
        const fields =
          '#Fields: date time s-computername cs-method cs-uri-stem cs-username sc-status time-taken'
        const rows = ['=cmd|calc', '@SUM(1)', '+1', '-2', '<script>alert(1)</script>'].map(
          (user, n) => `2026-07-01 12:00:0${n} web01 GET /${user} ${user} 200 10`,
        )
        await ingestInto(store, writeFiles(folder, { 'a.log': [fields, ...rows, ''].join('\r\n') }))
        const { folder: made } = await bundleOf(store, 'bundle', { range: JULY })
        const files = filesOf(made)
        const csv = String(files.get('population.csv'))
        for (const user of ['=cmd|calc', '@sum(1)', '+1', '-2'])
          expect(csv.toLowerCase()).toContain(`,'${user}`)
        expect(csv).not.toMatch(/(?:^|,)"?[=@+]/m)
        expect(String(files.get('report.html'))).not.toContain('<script')
        expect(String(files.get('report.html'))).toContain('&lt;script&gt;')
        expect(failures(await verified(made))).toEqual([])
      }),
    )
  })
})

describe('checking a folder', () => {
  test('with files that no bundle has', async () => {
    await withEvenings(1, async (store, folder) => {
      const { folder: made } = await bundleOf(store, 'bundle', { range: JULY })
      const additions: readonly ((path: string) => void)[] = [
        path => writeFileSync(join(path, 'notes.txt'), 'x'),
        path => mkdirSync(join(path, 'empty')),
        path => symlinkSync('/etc/hostname', join(path, 'link')),
        path => writeFileSync(join(path, 'proofs/.DS_Store'), ''),
      ]
      for (const [n, add] of additions.entries()) {
        const copy = join(folder, `copy-${n}`)
        cpSync(made, copy, { recursive: true })
        add(copy)
        const verification = await verified(copy)
        expect(failures(verification)).toEqual([expect.stringContaining('not listed in manifest.json')])
        expect(exitCodeOf(verification)).toBe(1)
      }
      expect(failures(await verified(made))).toEqual([])
      expect(existsSync(join(folder, 'bundle'))).toBe(true)
    })
  })

  test('that is no bundle, or not there', async () => {
    expect(exitCodeOf(await verifiedFiles(new Map()))).toBe(3)
    await inFolder(async folder => {
      const { code, stderr } = await throughline(['evidence', 'verify', 'nowhere'], { cwd: folder })
      expect([code, stderr]).toEqual([3, expect.stringContaining('nowhere: cannot be read')])
      mkdirSync(join(folder, 'empty'))
      expect((await throughline(['evidence', 'verify', 'empty'], { cwd: folder })).code).toBe(3)
    })
  })
})

test('the command makes a bundle, and both programs check it', async () => {
  await inFolder(async folder => {
    writeFiles(folder, evenings(1, 5))
    const run = (...args: string[]) => throughline(args, { cwd: folder })
    await run('ingest', '0', '--store', 'store')
    const ask = ['evidence', 'create', 'status >= 400', '--from', '2026-07-01', '--to', '2026-07-03', '--purpose', 'p', '--requester', 'r', '--store', 'store', '--output', 'bundle']
    const made = await run(...ask)
    expect([made.code, made.stderr]).toEqual([0, ''])
    const fingerprint = /signed by +([0-9a-f]{64})/.exec(made.stdout)?.[1] ?? ''
    const checked = await run('evidence', 'verify', 'bundle', '--key', fingerprint, '--store', 'store')
    expect(checked.stdout).toMatch(/AGREEMENT +PASS/)
    expect(checked.stdout).toContain(`ANCHORED      by the key ${fingerprint}`)
    expect(checked.code).toBe(0)
    expect((await run('evidence', 'verify', 'bundle')).stdout).toContain('UNANCHORED')
    expect((await run(...ask)).code).toBe(2)
    expect((await run('evidence', 'create', '--from', '2026-07-01')).code).toBe(2)
    expect(question().filter).toBe('*')
  })
}) // biome-ignore format: few words
