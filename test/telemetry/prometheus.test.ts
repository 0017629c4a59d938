import type { ChildProcess } from 'node:child_process'
import { appendFileSync, existsSync, mkdtempSync, rmSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { writeFiles } from '../support/folder.ts'
import { freePort, type Sample, scrape, total } from '../support/metrics.ts'
import { type Ended, throughline } from '../support/program.ts'

const FIELDS = '#Fields: date time s-computername cs-method cs-uri-stem sc-status X-Correlation-ID\r\n'
const row = (n: number): string =>
  `2026-07-01 22:00:${String(n % 60).padStart(2, '0')} web01 GET /${n} 200 id-0123456789-${n}\r\n`
const rows = (from: number, to: number): string =>
  Array.from({ length: to - from }, (_, i) => row(from + i)).join('')

let cwd = ''
beforeEach(() => {
  cwd = mkdtempSync(join(tmpdir(), 'tl-test-'))
  writeFiles(cwd, {
    // A line that is too short and one without a date; a copy of the same lines; no log at all.
    'logs/a.log': `${FIELDS}${rows(0, 50)}2026-07-01 22:00:01 web01\r\n2026-99-01 22:00:01 web01 GET /x 200 -\r\n`,
    'logs/b/a.log': FIELDS + rows(0, 20),
    'logs/notes.txt': 'this is\nno log\n',
  })
})
afterEach(() => rmSync(cwd, { recursive: true, force: true }))

/** Follows the logs with metrics served; ends when the action does. */
async function followed(
  args: readonly string[],
  action: (until: (isSo: (samples: readonly Sample[]) => boolean) => Promise<Sample[]>) => Promise<void>,
  port: number,
): Promise<Ended> {
  let failure: unknown
  const watch = async (child: ChildProcess): Promise<void> => {
    const until = async (isSo: (samples: readonly Sample[]) => boolean): Promise<Sample[]> => {
      for (let tries = 0; tries < 1_000; tries++) {
        const samples = await scrape(port).catch(() => [])
        if (samples.length > 0 && isSo(samples)) return samples
        await new Promise(resolve => setTimeout(resolve, 50))
      }
      throw new Error('waited in vain for metrics')
    }
    await action(until).catch(error => {
      failure = error
    })
    child.kill('SIGTERM')
  }
  const ended = await throughline(['ingest', '--follow', 'logs', ...args], {
    cwd,
    during: child => void watch(child),
  })
  if (failure) throw failure
  return ended
}

interface Status {
  readonly sources: readonly {
    readonly accounting: Readonly<
      Record<'lines' | 'decoded' | 'directives' | 'rejected' | 'duplicates' | 'bytes', number>
    > & {
      readonly rejectedBy: Readonly<Record<string, number>>
    }
  }[]
  readonly ledgerHead: number
  readonly days: readonly { readonly state: string }[]
  readonly refused: readonly unknown[]
  readonly bytes: Readonly<Record<string, number>>
}

async function status(): Promise<Status> {
  return JSON.parse((await throughline(['status', '--json'], { cwd })).stdout) as Status
}

test('what a follower serves is what status says afterwards', async () => {
  const port = await freePort()
  let samples: Sample[] = []
  const { code, stderr } = await followed(
    ['--prometheus', String(port)],
    async until => {
      await until(s => total(s, 'throughline_lines_read_total') === 74)
      appendFileSync(join(cwd, 'logs/a.log'), rows(50, 60))
      samples = await until(
        s =>
          total(s, 'throughline_lines_read_total') === 84 &&
          total(s, 'throughline_files_refused_total') === 1,
      )
    },
    port,
  )
  expect({ code, stderr }).toMatchObject({ code: 0 })
  const { sources, refused } = await status()
  const sum = (name: 'lines' | 'decoded' | 'directives' | 'rejected' | 'duplicates' | 'bytes'): number =>
    sources.reduce((n, s) => n + s.accounting[name], 0)
  const metric = (name: string): number => total(samples, `throughline_${name}_total`)
  expect(metric('lines_decoded')).toBe(sum('decoded'))
  expect(metric('lines_directives')).toBe(sum('directives'))
  expect(metric('lines_rejected')).toBe(sum('rejected'))
  expect(metric('lines_read')).toBe(sum('decoded') + sum('directives') + sum('rejected'))
  expect(metric('lines_read')).toBe(sum('lines'))
  expect(metric('lines_duplicate')).toBe(sum('duplicates'))
  expect(metric('bytes_read')).toBe(sum('bytes'))
  expect(metric('hops')).toBe(sum('decoded') - sum('duplicates'))
  expect(metric('files_refused')).toBe(refused.length)
  const byReason = samples.filter(s => s.name === 'throughline_lines_rejected_total')
  expect(Object.fromEntries(byReason.map(s => [s.labels.throughline_reject_reason, s.value]))).toEqual({
    'too-few-columns': 1,
    'bad-date': 1,
  })
  expect(total(samples, 'throughline_days')).toBe(1)
  expect(total(samples, 'throughline_files_followed')).toBe(3)
  expect(total(samples, 'throughline_follow_lag_size')).toBe(0)
})

test('a last line that was taken as it is and then grew is taken back, and the rest is what status says', async () => {
  // The first run reads a file that is complete as far as it can tell; the second finds the line whole.
  writeFiles(cwd, { 'logs/a.log': FIELDS + rows(0, 3) + row(3).slice(0, 30) })
  const first = await throughline(['ingest', 'logs/a.log'], { cwd })
  expect(first.stdout).toMatch(/rejected +1 /)
  appendFileSync(join(cwd, 'logs/a.log'), row(3).slice(30) + row(4))
  const port = await freePort()
  let samples: Sample[] = []
  const args = ['--prometheus', String(port)]
  await followed(
    args,
    async until => {
      samples = await until(s => total(s, 'throughline_lines_decoded_total') >= 22)
    },
    port,
  )
  const takenBack = samples.filter(s => s.name === 'throughline_lines_taken_back_total')
  expect(takenBack.map(s => [s.labels.throughline_line_result, s.value])).toEqual([['rejected', 1]])
})

test('nothing of a log is on the page', async () => {
  const port = await freePort()
  let page = ''
  await followed(
    ['--prometheus', `127.0.0.1:${port}`],
    async until => {
      await until(s => total(s, 'throughline_lines_read_total') === 74)
      page = await (await fetch(`http://127.0.0.1:${port}/metrics`)).text()
    },
    port,
  )
  expect(page).toContain('service_name="throughline"')
  expect(page).not.toMatch(/id-0123456789|web01|a\.log|\/x\b/)
})

test('the configuration can say where to serve, and a command that does not run on does not listen there', async () => {
  const port = await freePort()
  writeFiles(cwd, { 'throughline.yaml': `telemetry:\n  prometheus: ${port}\n` })
  expect((await throughline(['config', 'check'], { cwd })).code).toBe(2)
  writeFiles(cwd, { 'throughline.yaml': `telemetry:\n  prometheus: "${port}"\n` })
  const holder = createServer()
  await new Promise<void>(resolve => holder.listen(port, '127.0.0.1', resolve))
  try {
    const { code, stdout } = await throughline(['ingest', 'logs/a.log'], { cwd })
    expect(code).toBe(0)
    expect(stdout).toMatch(/decoded +50 /)
  } finally {
    await new Promise(resolve => holder.close(resolve))
  }
  const { code } = await followed(
    [],
    async until => {
      await until(s => total(s, 'throughline_lines_decoded_total') === 20)
    },
    port,
  )
  expect(code).toBe(0)
})

test('a port that is taken ends it before the store is touched', async () => {
  const holder = createServer()
  const port = await freePort()
  await new Promise<void>(resolve => holder.listen(port, '127.0.0.1', resolve))
  try {
    const { code, stdout, stderr } = await throughline(
      ['ingest', '--follow', 'logs', '--prometheus', String(port)],
      { cwd },
    )
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' })
    expect(stderr).toMatch(
      new RegExp(
        `--prometheus 127\\.0\\.0\\.1:${port}: cannot listen there: .*EADDRINUSE.*; name another port`,
      ),
    )
    expect(existsSync(join(cwd, 'throughline-store'))).toBe(false)
  } finally {
    await new Promise(resolve => holder.close(resolve))
  }
})

test.each([
  { args: ['ingest', 'logs', '--prometheus', '9464'], want: /it goes with --follow only/ },
  {
    args: ['ingest', '--follow', 'logs', '--prometheus', 'here'],
    want: /--prometheus here: expected a port/,
  },
])('$args is refused', async ({ args, want }) => {
  const { code, stderr } = await throughline(args, { cwd })
  expect(stderr).toMatch(want)
  expect(code).toBe(2)
})
