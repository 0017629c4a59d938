import { expect, test } from 'vitest'
import { CONFIG } from '../config/schema.ts'
import { emptyState } from '../ledger/state.ts'
import { advise } from './advice.ts'
import type { HostClock } from './clocks.ts'
import type { Finding } from './finding.ts'
import type { AppLog, ProxyLog } from './logs.ts'
import type { Survey } from './survey.ts'

/** 100 lines with everything in them, each joined by id. */
const LOG: AppLog = {
  host: 'web01', serverIp: '10.0.0.1', site: 'w3svc2', paths: ['web01/u_ex260701.log'], idFields: {},
  fields: ['date', 'time', 's-computername', 'cs-host', 'sc-bytes', 'cs-bytes', 'time-taken', 'c-ip', 'x-correlation-id'],
  lines: 100, linked: 100, linked_by_id: 100, ids: 100, durations: 100, bytes_out: 100, bytes_in: 100, host_headers: 100,
  peers: 100, subjects: 100, forwarded_subjects: 0, forwarded_addresses: 0,
} // biome-ignore format: a record

const PROXY: ProxyLog = {
  organization: 'corp', environment: 'prod', proxy: 'pay-v1', hops: 100, called: 100, linked: 100, linked_by_id: 100, ids: 100,
  no_stamps: 0, uncalled_linked: 0, people: 100, same_path: 100, other_path: 0,
} // biome-ignore format: a record

const SURVEY: Survey = {
  share: { gatewayHops: 100, targetCalled: 100, gatewayJoined: 100, appHops: 100, appJoined: 100, kernelHops: 0, kernelConnections: 0, kernelJoined: 0 },
  pairs: [{ gatewayField: 'dc_id', appField: 'x-id', how: 'equal', links: 100 }],
  appLogs: [LOG], proxyLogs: [PROXY], clocks: [], peers: [], subjects: { shapes: [], pairs: 100, agreeing: 100, rules: [] },
  repeatedIds: [], origins: { rules: [], nameless: [] },
} // biome-ignore format: a record

const clock = (host: string, usualUs: number): HostClock => ({
  host, lines: 100, lowUs: usualUs, highUs: usualUs, usualLowUs: usualUs, usualHighUs: usualUs, isOff: true, steps: [],
}) // biome-ignore format: a record

function findings(change: Partial<Survey>): Finding[] {
  return advise({ ...SURVEY, ...change }, emptyState(), CONFIG.parse({}))
}

test('nothing is said about logs that lack nothing', () => {
  expect(findings({})).toEqual([])
})

test('with HTTPERR nothing is said about calls without a line', () => {
  expect(findings({ share: { ...SURVEY.share, gatewayJoined: 93, kernelHops: 1 } })).toEqual([])
})

test.each<{ name: string; change: Partial<Survey>; code: string; lines: number; words: string }>([
  { name: 'ids of both sides that never meet', change: { pairs: [] }, code: 'ids-never-match', lines: 100, words: 'AM-CorrelationId' },
  { name: 'a constant for an id', change: { repeatedIds: [{ side: 'app', field: 'x-id', id: '0', hops: 60 }] }, code: 'id-repeated', lines: 60, words: 'a new id for every call' },
  { name: 'records without times of the target', change: { proxyLogs: [{ ...PROXY, no_stamps: 30 }] }, code: 'stamps-missing', lines: 30, words: 'organizations/corp/environments/prod/analytics/exports' },
  { name: 'calls that records do not show', change: { proxyLogs: [{ ...PROXY, uncalled_linked: 30 }] }, code: 'targets-unmarked', lines: 30, words: 'ServiceCallout' },
  { name: 'paths that differ', change: { proxyLogs: [{ ...PROXY, linked_by_id: 80, same_path: 2, other_path: 70 }] }, code: 'paths-differ', lines: 20, words: 'logRewrittenUrl' },
  { name: 'people at the app only', change: { proxyLogs: [{ ...PROXY, people: 0, linked_by_id: 60 }] }, code: 'subject-missing', lines: 40, words: 'decoded.claim.sub' },
  { name: 'people at the gateway only', change: { appLogs: [{ ...LOG, subjects: 0, linked_by_id: 60 }] }, code: 'subject-missing', lines: 40, words: "logFieldName='X-Forwarded-User'" },
  { name: 'names that no rule brings together', change: { subjects: { shapes: [], pairs: 100, agreeing: 10, rules: [] } }, code: 'subjects-differ', lines: 90, words: 'throughline subjects import' },
  { name: 'columns that are not switched on', change: { appLogs: [{ ...LOG, fields: ['date', 'time', 'x-correlation-id'], durations: 0, peers: 0, host: undefined }] }, code: 'fields-missing', lines: 100, words: 'Date,Time,ComputerName,ClientIP,TimeTaken' },
  { name: 'a header with people that never comes', change: { appLogs: [{ ...LOG, fields: [...LOG.fields, 'X-Forwarded-User'], linked_by_id: 70 }] }, code: 'field-always-empty', lines: 30, words: 'curl.exe -H "X-Forwarded-User: ' },
  { name: 'a clock in another zone', change: { clocks: [clock('web01', 3600.4e6)] }, code: 'clock', lines: 100, words: 'tzutil /g' },
  { name: 'calls without a line, and no HTTPERR', change: { share: { ...SURVEY.share, gatewayJoined: 93 } }, code: 'httperr-missing', lines: 7, words: 'LogFiles\\\\HTTPERR\\\\httperr*.log' },
  { name: 'all clocks off by the same', change: { clocks: [1, 2, 3].map(n => clock(`web0${n}`, 5e6 + n)) }, code: 'clock', lines: 300, words: 'the clock of the gateway first' },
])('$name: $code', ({ change, code, lines, words }) => {
  const found = findings(change)
  expect(found.map(f => [f.code, f.lines])).toEqual([[code, lines]])
  expect(JSON.stringify(found[0]?.fix).replaceAll('\\"', '"')).toContain(words)
}) // biome-ignore format: a table

test('names from logs do not become part of commands', () => {
  const site = `x'] ; rm -rf / #`
  const found = findings({ appLogs: [{ ...LOG, site, ids: 0, fields: ['date', 'time'] }], proxyLogs: [{ ...PROXY, organization: '$(id)', ids: 0, linked_by_id: 0 }] }) // biome-ignore format: one step
  const code = found.flatMap(f => f.fix.map(step => step.code ?? '')).join('\n')
  expect(code).toContain('Default Web Site')
  expect(code).not.toContain('rm -rf')
  expect(code).not.toContain('$(id)')
})
