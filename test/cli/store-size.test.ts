import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { evenings } from '../support/days.ts'
import { inFolder, writeFiles } from '../support/folder.ts'
import { inProcess } from '../support/program.ts'

const DAYS = ['2026-07-01', '2026-07-02', '2026-07-03', '2026-07-04']

test('a store is compacted and pruned from the command line, and answers say what is gone', () =>
  inFolder(async cwd => {
    writeFiles(join(cwd, 'logs'), evenings(3, 5))
    const run = (...args: string[]) => inProcess(args, { cwd })
    expect((await run('ingest', 'logs')).code).toBe(0)
    const open = await run('store', 'prune', '--before', '2026-07-05')
    expect([open.code, open.stderr]).toEqual([2, expect.stringContaining('link 2026-07-04 --close')])
    expect((await run('link', ...DAYS, '--close')).code).toBe(0)
    const compacted = await run('store', 'compact', '--no-wait')
    expect([compacted.code, compacted.stdout]).toEqual([0, expect.stringContaining('requests of 4 more days')])
    const before = await run('query', '--count')
    expect(before.stderr).toBe('')
    const dry = await run('store', 'prune', '--before', '2026-07-03', '--dry-run')
    expect(dry.stdout).toContain('would drop 2 days: 2026-07-01 to 2026-07-02')
    expect(await run('query', '--count')).toEqual(before)
    const pruned = await run('store', 'prune', '--before', '2026-07-03', '--why', 'policy 7', '--no-wait')
    expect([pruned.code, pruned.stdout]).toEqual([0, expect.stringContaining('dropped    2 days')])
    const after = await run('query', '--count')
    expect(Number(after.stdout)).toBeLessThan(Number(before.stdout))
    expect(after.stderr).toContain('warning: days before 2026-07-03 were pruned on')
    expect((await run('query', '--count', '--from', '2026-07-03')).stderr).toBe('')
    expect((await run('trace', 'nobody')).stderr).toContain('were pruned on')
    expect((await run('status')).stdout).toContain('pruned    days before 2026-07-03')
    expect((await run('ingest', 'logs')).stdout).toMatch(/known {6}\d+ sources? read before, of days that were pruned/)
  })) // biome-ignore format: one expectation a line

test.each([
  { args: ['prune'], message: /--before 2026-07-01 or --keep-days/ },
  { args: ['prune', '--before', '2026-02-30'], message: /no such date/ },
  { args: ['prune', '--before', '2026-07-01', '--keep-days', '3'], message: /not both/ },
])('store $args is refused', ({ args, message }) =>
  inFolder(async cwd => {
    writeFiles(join(cwd, 'logs'), { 'a.log': '#Fields: date time cs-uri-stem\r\n2026-07-01 10:00:00 /a\r\n' })
    await inProcess(['ingest', 'logs'], { cwd })
    const { code, stderr } = await inProcess(['store', ...args], { cwd })
    expect([code, stderr]).toEqual([2, expect.stringMatching(message)])
  }),
) // biome-ignore format: a table

test.each(['prune', 'compact'])('store %s makes no store where there is none', command =>
  inFolder(async cwd => {
    const { code, stderr } = await inProcess(['store', command, ...(command === 'prune' ? ['--keep-days', '3'] : [])], { cwd })
    expect([code, stderr]).toEqual([2, expect.stringContaining('no store there')])
    expect(existsSync(join(cwd, 'throughline-store'))).toBe(false)
  }),
) // biome-ignore format: one call
