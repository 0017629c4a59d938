import { describe, expect, test } from 'vitest'
import type { SourceRecord } from '../ledger/entry.ts'
import { HOUR_US, MINUTE_US, SECOND_US } from '../model/time.ts'
import type { Recorder, Silence } from './judge.ts'
import { beginsWhole, logRecorder } from './log-recorder.ts'
import type { LogStream } from './log-streams.ts'

const NINE = Date.UTC(2026, 2, 2, 9) * 1000

interface File {
  readonly path?: string
  /** Seconds after nine; undefined: not noted. */
  readonly headers: readonly number[] | undefined
}

function stream(files: readonly File[]): LogStream {
  const sources = files.map(({ path = 'u_ex260302.log', headers }, id) => ({
    id,
    path,
    accounting: { headers: headers?.map(s => NINE / SECOND_US + s) },
  }))
  return { id: 0, host: 'web1', site: 'w3svc1', log: '', sources: sources as unknown as SourceRecord[], origins: [] } // biome-ignore format: one line
}

function recorder(files: readonly File[], rejectHours: readonly number[] = []): Recorder {
  return logRecorder(stream(files), {
    silences: [],
    hours: new Map(),
    partners: [],
    aheadUs: 0,
    rejectHours: new Set(rejectHours),
  })
}

const silence = (toSeconds: number, more: Partial<Silence> = {}): Silence => ({
  fromUs: NINE,
  toUs: NINE + toSeconds * SECOND_US,
  place: 'inside',
  isInFile: true,
  ...more,
})

describe('what a file says of a silence from nine on', () => {
  test.each<{ name: string; files: File[]; of: Silence; want: string | undefined }>([
    { name: 'a block for the line behind it: idle', files: [{ headers: [-600, 1800] }], of: silence(1800), want: 'idle' },
    { name: 'a block one second later than that line', files: [{ headers: [-600, 1801] }], of: silence(1800), want: 'idle' },
    { name: 'no block though IIS closes a log after 15 minutes: cut', files: [{ headers: [-600] }], of: silence(1020), want: 'cut' },
    { name: 'no block, and shorter than that', files: [{ headers: [-600] }], of: silence(1019), want: undefined },
    { name: 'a block without a line: cut, as it was written for one', files: [{ headers: [-600, 300] }], of: silence(1800), want: 'cut' },
    { name: 'a short one with a block without a line', files: [{ headers: [-600, 30] }], of: silence(90), want: 'cut' },
    { name: 'from file to file the block at the top says nothing', files: [{ headers: [-600] }, { headers: [1800] }], of: silence(1800, { isInFile: false }), want: undefined },
    { name: 'from file to file, with the line of the top taken out', files: [{ headers: [-600] }, { headers: [1200] }], of: silence(1800, { isInFile: false }), want: 'cut' },
    { name: 'a log without blocks says nothing', files: [{ headers: [] }], of: silence(1800), want: undefined },
    { name: 'a log whose blocks were not noted says nothing', files: [{ headers: undefined }, { headers: [-600] }], of: silence(1800), want: undefined },
    { name: 'a block behind the last line says nothing', files: [{ headers: [-600, 900] }], of: silence(1800, { place: 'after' }), want: undefined },
  ])('$name', ({ files, of, want }) => expect(recorder(files).proof(of)).toBe(want)) // biome-ignore format: a table
})

test('a block whose line was rejected is no sign of a cut', () => {
  const files = [{ headers: [-600, 300] }]
  expect(recorder(files, [NINE / HOUR_US]).proof(silence(900))).toBeUndefined()
})

test('a log begins whole where the block at its top is that of its first line', () => {
  expect(beginsWhole(stream([{ headers: [0] }]), NINE)).toBe(true)
  expect(beginsWhole(stream([{ headers: [0] }]), NINE + 10 * SECOND_US)).toBe(false)
  expect(beginsWhole(stream([{ headers: undefined }]), NINE)).toBe(false)
})

describe('a period that file names skip', () => {
  const daily = ['u_ex260301.log', 'u_ex260304_x.log'].map(path => ({ path, headers: [] }))
  const hourly = ['u_ex26030208.log', 'u_ex26030210.log'].map(path => ({ path, headers: [] }))
  const from = (fromUs: number, toUs: number): Silence => ({ ...silence(0), fromUs, toUs })
  test.each<{ name: string; files: File[]; of: Silence; want: boolean }>([
    { name: 'a day between two', files: daily, of: from(NINE - 10 * HOUR_US, NINE + 20 * HOUR_US), want: true },
    { name: 'not where the silence does not hold all of it', files: daily, of: from(NINE - 8 * HOUR_US, NINE + 14 * HOUR_US), want: false },
    { name: 'an hour between two', files: hourly, of: from(NINE - MINUTE_US, NINE + HOUR_US + MINUTE_US), want: true },
    { name: 'none behind the last file', files: hourly, of: from(NINE + HOUR_US, NINE + 5 * HOUR_US), want: false },
    { name: 'none where a name tells no time', files: [...daily, { path: 'access.log', headers: [] }], of: from(NINE - 10 * HOUR_US, NINE + 20 * HOUR_US), want: false },
  ])('$name', ({ files, of, want }) => expect(recorder(files).skipsPeriod(of)).toBe(want)) // biome-ignore format: a table
})

test('how many lines a silence would have held goes by the hours around it', () => {
  const hour = NINE / HOUR_US
  const counts = logRecorder(stream([{ headers: [] }]), {
    silences: [],
    // 3600 lines in 8:00..9:00, 1800 from 9:30 to 10:00, 3600 in 10:00..11:00: one a second.
    hours: new Map([[hour - 1, 3600], [hour, 1800], [hour + 1, 3600]]), // biome-ignore format: a table
    partners: [],
    aheadUs: 0,
    rejectHours: new Set(),
  })
  expect(counts.expected(silence(1800))).toBeCloseTo(1800, 6)
})
