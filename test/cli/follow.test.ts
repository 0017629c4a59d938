import type { ChildProcess } from 'node:child_process'
import { appendFileSync, existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { type Ended, shell, throughline } from '../support/program.ts'

let cwd = ''
beforeEach(() => {
  cwd = mkdtempSync(join(tmpdir(), 'tl-test-'))
  mkdirSync(join(cwd, 'logs'))
  writeFileSync(join(cwd, 'logs/a.log'), FIELDS + rows(1, 4))
})
afterEach(() => rmSync(cwd, { recursive: true, force: true }))

const FIELDS = '#Fields: date time s-computername cs-method cs-uri-stem sc-status X-Correlation-ID\r\n'
const rows = (from: number, to: number): string =>
  Array.from(
    { length: to - from },
    (_, i) =>
      `2026-07-01 22:00:${String((from + i) % 60).padStart(2, '0')} web01 GET /${from + i} 200 id-0123456789-${from + i}\r\n`,
  ).join('')

const FOLLOW = ['ingest', '--follow', 'logs', '--json']
type Event = Record<string, unknown> & { readonly event: string }

/** Runs the follower and calls back with each event it prints. */
function followed(onEvent: (event: Event, child: ChildProcess) => void): Promise<Ended> {
  return throughline(FOLLOW, {
    cwd,
    during: child => {
      let rest = ''
      child.stdout?.on('data', (text: string) => {
        const lines = (rest + text).split('\n')
        rest = lines.pop() ?? ''
        for (const line of lines) onEvent(JSON.parse(line) as Event, child)
      })
    },
  })
}

/** Sends a signal once a file is there. */
function onceThere(path: string, child: ChildProcess, signal: NodeJS.Signals): void {
  const timer = setInterval(() => {
    if (!existsSync(join(cwd, path))) return
    clearInterval(timer)
    child.kill(signal)
  }, 20)
  child.on('exit', () => clearInterval(timer))
}

test.each(['SIGTERM', 'SIGINT'] as const)(
  '%s ends it with what was read committed, totals and 0',
  async signal => {
    const events: Event[] = []
    const { code, stderr } = await followed((event, child) => {
      events.push(event)
      if (event.event !== 'committed') return
      if (event.lines === 4) appendFileSync(join(cwd, 'logs/a.log'), rows(4, 5))
      else child.kill(signal)
    })
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
    expect(events.map(e => e.event)).toEqual(['started', 'committed', 'committed', 'stopped'])
    expect(events.at(-1)).toMatchObject({
      sources: 1,
      entries: 2,
      lines: 5,
      decoded: 4,
      directives: 1,
      rejected: 0,
    })
    expect(existsSync(join(cwd, 'throughline-store/writer.lock'))).toBe(false)
  },
)

test('a follower that is killed loses and doubles nothing, whether a follower or an ingest comes next', async () => {
  for (let round = 0; round < 3; round++) {
    appendFileSync(join(cwd, 'logs/a.log'), rows(4 + round, 5 + round))
    const { code } = await followed((event, child) => {
      if (event.event === 'committed') child.kill('SIGKILL')
    })
    expect(code).toBe(null)
  }
  appendFileSync(join(cwd, 'logs/a.log'), rows(7, 9))
  const { stdout } = await throughline(['ingest', 'logs'], { cwd })
  expect(stdout).toMatch(/decoded +8 /)
  expect(stdout).toMatch(/duplicates +0 /)
  expect((await throughline(['query', '--count'], { cwd })).stdout).toBe('8\n')
})

test('for people it says in one line what it follows, and its totals at the end', async () => {
  const { code, stdout, stderr } = await throughline(['ingest', '--follow', 'logs'], {
    cwd,
    during: child => {
      onceThere('throughline-store/ledger/000/000003.json', child, 'SIGTERM')
    },
  })
  expect({ code, stdout, stderr }).toEqual({
    code: 0,
    stdout: 'followed   4 lines from 1 source, 246 B: 3 decoded, 1 directives, 0 rejected; 0 duplicates\n',
    stderr: 'following logs; SIGINT or SIGTERM ends it\n',
  })
})

test('a store that cannot be written ends it with STORE_WRITE, and what was committed stays', async () => {
  writeFileSync(join(cwd, 'logs/b.log'), FIELDS + rows(10, 12_000))
  const { code, stderr } = await shell('ulimit -f 64; throughline ingest --follow logs', { cwd })
  expect(stderr).toMatch(/store .*: .*(?:large|space).*run the command again/)
  expect(code).toBe(3)
  const after = await throughline(['ingest', 'logs'], { cwd })
  expect(after.code).toBe(0)
  expect((await throughline(['query', '--count'], { cwd })).stdout).toBe('11993\n')
})

test.each([
  { name: 'standard input', args: ['ingest', '--follow', '-'], want: /standard input cannot be followed/ },
  {
    name: 'a place that is not there',
    args: ['ingest', '--follow', 'nowhere'],
    want: /nowhere: no such file or folder; make it first/,
  },
  { name: '--json without --follow', args: ['ingest', 'logs', '--json'], want: /it goes with --follow only/ },
])('$name is refused', async ({ args, want }) => {
  const { code, stderr } = await throughline(args, { cwd })
  expect(stderr).toMatch(want)
  expect(code).toBe(2)
})

test('an ingest that is interrupted prints what it has committed', async () => {
  writeFileSync(join(cwd, 'logs/b.log'), FIELDS + rows(10, 300_000))
  const { code, stdout, stderr } = await throughline(['ingest', 'logs'], {
    cwd,
    during: child => {
      const timer = setInterval(
        () => existsSync(join(cwd, 'throughline-store/tmp')) && child.kill('SIGINT'),
        20,
      )
      child.on('exit', () => clearInterval(timer))
    },
  })
  expect(stdout).toMatch(/^committed {2}[\d,]+ lines from /)
  expect(stderr).toContain('SIGINT: stopped')
  expect(code).toBe(130)
})
