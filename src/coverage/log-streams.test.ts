import { expect, test } from 'vitest'
import type { SourceRecord } from '../ledger/entry.ts'
import { type LoggedOrigin, logStreams, steadyName } from './log-streams.ts'

const source = (id: number, path: string, more: Partial<SourceRecord> = {}): SourceRecord =>
  ({ id, path, ...more }) as SourceRecord
const origin = (sourceId: number, host?: string, site?: string): LoggedOrigin => ({
  sourceId,
  host,
  site,
  lines: 10,
})

/** Sources of each stream, as `host site: ids`. */
function shown(sources: readonly SourceRecord[], origins: readonly LoggedOrigin[]): string[] {
  return logStreams(sources, origins).map(
    ({ host, site, sources: own }) => `${host ?? '-'} ${site ?? '-'}: ${own.map(s => s.id).join(' ')}`,
  )
}

test.each([
  { path: 'logs/WEB1/W3SVC2/u_ex260302.log', want: 'logs/WEB1/W3SVC2/*.log' },
  { path: 'logs/WEB1/W3SVC2/u_ex26030217_x.log.gz', want: 'logs/WEB1/W3SVC2/*.log' },
  { path: 'logs/W3SVC2/u_extend17.log', want: 'logs/W3SVC2/*.log' },
  { path: 'logs/2026-03-02/web1/ex260302.log', want: 'logs/*/web1/*.log' },
  { path: 'logs/date=20260302/web1_u_ex260302.log', want: 'logs/date=*/web1_*.log' },
])('the name of the log of $path is $want', ({ path, want }) => expect(steadyName(path)).toBe(want))

test('files of a folder are one log, those of another host another', () => {
  const paths = ['a/W3SVC1/u_ex260302.log', 'a/W3SVC1/u_ex260303.log', 'b/W3SVC1/u_ex260302.log']
  const sources = paths.map((path, i) => source(i, path))
  expect(shown(sources, [origin(0), origin(1), origin(2)])).toEqual(['- w3svc1: 0 1', '- w3svc1: 2'])
})

test('a host that lines name joins folders, and its sites stay apart', () => {
  const paths = ['2026-03-02/W3SVC1/u_ex260302.log', 'old/W3SVC1/u_ex260301.log', 'old/W3SVC2/u_ex260301.log']
  const sources = paths.map((path, i) => source(i, path))
  expect(shown(sources, [origin(0, 'web1'), origin(1, 'WEB1'), origin(2, 'web1')])).toEqual([
    'web1 w3svc1: 0 1',
    'web1 w3svc2: 2',
  ])
})

test('lines that do not name the host are of the one that the others name, in the file and in its folder', () => {
  const sources = [source(0, 'a/W3SVC1/u_ex260302.log'), source(1, 'a/W3SVC1/u_ex260303.log')]
  expect(shown(sources, [origin(0), origin(0, 'web1'), origin(1)])).toEqual(['web1 w3svc1: 0 1'])
})

test('two hosts without names in one folder are told apart by the names of their files', () => {
  const sources = [source(0, 'all/web1_u_ex260302.log'), source(1, 'all/web2_u_ex260302.log')]
  expect(shown(sources, [origin(0), origin(1)])).toHaveLength(2)
})

test('a site of a named host without a folder of its own is told apart by the place of its log', () => {
  const sources = [source(0, 'web1/shop/u_ex260302.log'), source(1, 'web1/intranet/u_ex260302.log')]
  expect(shown(sources, [origin(0, 'web1'), origin(1, 'web1')])).toHaveLength(2)
})

test('a file with lines of several hosts is a log of each', () => {
  const sources = [source(0, 'all/u_ex260302.log')]
  expect(shown(sources, [origin(0, 'web1'), origin(0, 'web2'), origin(0)])).toHaveLength(3)
})

test('logs that a shipper wrapped are told apart by their host and their path there, as if they had been read', () => {
  const path = (name: string): string => `C:\\inetpub\\logs\\LogFiles\\${name}`
  const inside = (log: string, host?: string): LoggedOrigin => ({ ...origin(0, host), log: path(log) })
  const origins = [
    inside('W3SVC1\\u_ex260302.log', 'web1'), inside('W3SVC1\\u_ex260303.log', 'web1'), inside('W3SVC2\\u_ex260302.log', 'web1'),
    inside('W3SVC1\\u_ex260302.log', 'web2'),
  ] // biome-ignore format: a table
  expect(shown([source(0, 'shipped/filebeat.ndjson')], origins)).toEqual([
    'web1 w3svc1: 0', 'web1 w3svc2: 0', 'web2 w3svc1: 0',
  ]) // biome-ignore format: a table
})
