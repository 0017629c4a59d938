import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { inFolder, writeFiles } from '../support/folder.ts'
import { portalFiles } from '../support/portal.ts'
import { inProcess } from '../support/program.ts'

const WORDS = ['--reason', 'case 17', '--author', 'legal']
const RULES = 'subjects:\n  rules: [{ match: "CORP\\\\*", as: "*@corp.example" }]\n'

/** Files of a folder in which a text stands as it is. */
const filesWith = (folder: string, text: string): string[] =>
  readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter(e => e.isFile() && readFileSync(join(e.parentPath, e.name), 'latin1').toLowerCase().includes(text))
    .map(e => e.name) // biome-ignore format: one condition

test('a hold keeps requests until it is released; then a person is erased, and every command says so', () =>
  inFolder(async cwd => {
    writeFiles(cwd, { 'throughline.yaml': RULES, ...portalFiles({ hasSubjects: true }) })
    const run = (...args: string[]) => inProcess(args, { cwd })
    expect((await run('ingest', 'exports', 'iis')).code).toBe(0)
    expect((await run('link', '2026-07-01', '--close')).code).toBe(0)
    const wrong = await run('hold', 'add', '--filter', 'planet:mars', ...WORDS)
    expect([wrong.code, wrong.stderr]).toEqual([2, expect.stringContaining('planet')])
    const asked = ['query', 'subject:"ann3@corp.example"', '--count']
    const { stdout: requests } = await run(...asked)
    expect(Number(requests)).toBeGreaterThan(5)
    const held = await run('hold', 'add', '--filter', 'subject:"ann3@corp.example"', ...WORDS)
    const [, hold = ''] = /^hold (\d+): keeps (\d+) requests as of now\n$/.exec(held.stdout) ?? []
    expect([held.code, held.stdout]).toEqual([0, `hold ${hold}: keeps ${requests.trim()} requests as of now\n`])
    const dry = await run('store', 'prune', '--before', '2026-07-02', '--dry-run')
    expect(dry.stdout).toMatch(new RegExp(`^nothing .*\\nkept       days from 2026-07-01 on: hold ${hold} keeps ${requests.trim()} requests before 2026-07-02`))
    const erase = ['erase', '--subject', 'CORP\\ann3', '--reason', 'request 4', '--author', 'privacy']
    const refused = await run(...erase)
    expect([refused.code, refused.stderr]).toEqual([2, expect.stringContaining(`hold ${hold} keeps ${requests.trim()} of its requests`)])
    expect((await run('hold', 'release', hold, ...WORDS)).stdout).toBe(`hold ${hold}: released\n`)
    expect((await run('hold', 'list')).stdout).toMatch(/^\d+ +released .* subject:ann3@corp.example +case 17$/m)
    const would = await run(...erase, '--dry-run')
    expect([would.code, would.stdout]).toEqual([0, expect.stringMatching(/^subject {4}ann3@corp.example \(user\)\nwould go {3}\d+ hops, in \d+ requests\n/)])
    const done = await run(...erase, '--no-wait')
    expect([done.code, done.stderr]).toEqual([0, ''])
    const [, name = ''] = /^as {9}(erased-[0-9a-f]{8})$/m.exec(done.stdout) ?? []
    expect((await run('query', `subject:${name}`, '--count')).stdout).toBe(requests)
    expect((await run(...asked)).stdout).toBe('0\n')
    expect((await run('status')).stdout).toContain('erased    1 subject\n')
    expect((await run('hold', 'list')).stdout).toContain('(named a subject that was erased)')
    const check = await run('store', 'check')
    expect([check.code, check.stdout]).toEqual([0, expect.stringContaining('problems   none')])
    // Of those who ask for her now, what they asked is kept until she is erased again.
    const again = await run(...erase, '--no-wait')
    expect([again.code, again.stdout]).toEqual([0, expect.stringMatching(/^reads {6}1 records? of what was asked$/m)])
    expect(filesWith(join(cwd, 'throughline-store'), 'ann3')).toEqual([])
  }), 600_000) // biome-ignore format: one expectation a line

test.each([
  { args: ['erase', '--subject', 'ann'], words: "required option '--reason <text>' not specified" },
  { args: ['erase', '--subject', 'anonymous', ...WORDS], words: 'that is nobody' },
  { args: ['hold', 'release', 'x', ...WORDS], words: 'a whole number' },
  { args: ['store', 'prune', '--kind', 'reads'], words: 'configure retention.readsDays' },
])('$args is refused', ({ args, words }) =>
  inFolder(async cwd => {
    writeFiles(cwd, { 'a.log': '#Fields: date time cs-uri-stem\r\n2026-07-01 10:00:00 /a\r\n' })
    if (args.includes('prune')) await inProcess(['ingest', 'a.log'], { cwd })
    const { code, stderr } = await inProcess(args, { cwd })
    expect([code, stderr]).toEqual([2, expect.stringContaining(words)])
  }),
) // biome-ignore format: a table
