import { join } from 'node:path'
import { inFolder, writeFiles } from '../../test/support/folder.ts'
import { type IngestSetting, ingestInto, withStore } from '../../test/support/store.ts'
import { findById } from '../requests/lookup.ts'
import type { Store } from '../store/store.ts'
import type { Legs } from './legs.ts'
import { legsOfFound } from './read-legs.ts'
import type { Span } from './span.ts'
import { spansOf } from './spans.ts'

type Values = Readonly<Record<string, string>>

/** The correlation id of `record` and `line`. */
export const ID = 'id-one-0123456789'
export const MESSAGE = 'rrt-1-2-3'

/** One gateway record: a call of 20 ms, 10 of them its target's, at 12:00:00.000. */
export const record = (changes: Values = {}): string =>
  JSON.stringify({
    organization: 'o', environment: 'e', apiproxy: 'p', apiproxy_revision: '7', gateway_flow_id: MESSAGE, request_verb: 'GET', request_uri: '/v1/a?x=1',
    request_path: '/v1/a', proxy_basepath: '/v1', proxy_pathsuffix: '/a', target_host: 'app.example', target_url: 'https://app.example:8443',
    response_status_code: '200', target_response_code: '200', client_received_start_timestamp: '2026-07-01 12:00:00.000 UTC',
    target_sent_start_timestamp: '2026-07-01 12:00:00.005 UTC', target_received_end_timestamp: '2026-07-01 12:00:00.015 UTC',
    client_sent_end_timestamp: '2026-07-01 12:00:00.020 UTC', dc_correlation_id: ID, client_id: 'Client7', client_ip: '198.51.100.7', ...changes,
  }) // biome-ignore format: a record

/** What a record lacks whose target was not called. */
export const NOT_CALLED = {
  target_response_code: '',
  target_sent_start_timestamp: '',
  target_received_end_timestamp: '',
} as const

const FIELDS =
  '#Fields: date time s-sitename s-computername s-ip s-port cs-method cs-uri-stem cs-username c-ip cs-version cs(User-Agent) sc-status sc-substatus sc-win32-status time-taken X-Correlation-ID traceparent'

/** One IIS line: 10 ms, ended in the second 12:00:00. */
export const line = ({
  at = '12:00:00',
  user = '-',
  status = '200 0 0',
  took = '10',
  id = ID,
  trace = '-',
} = {}): string =>
  `2026-07-01 ${at} W3SVC2 web01 10.0.0.1 8443 GET /a ${user} 10.9.9.9 HTTP/1.1 agent/1.0 ${status} ${took} ${id} ${trace}`

/** Reads records and lines into a store of their own. */
export function withLogs<T>(
  records: readonly string[],
  lines: readonly string[],
  action: (store: Store) => Promise<T>,
  setting: IngestSetting = {},
): Promise<T> {
  return inFolder(folder =>
    withStore(join(folder, 'store'), async store => {
      const files: Record<string, string> = {}
      if (records.length > 0) files['a.json'] = `${records.join('\n')}\n`
      if (lines.length > 0) files['a.log'] = [FIELDS, ...lines, ''].join('\r\n')
      await ingestInto(store, writeFiles(folder, files), setting)
      return action(store)
    }),
  )
}

/** Requests that an id stands for, oldest first. */
export const legsOf = (
  records: readonly string[],
  lines: readonly string[],
  id = ID,
  setting: IngestSetting = {},
): Promise<Legs[]> =>
  withLogs(
    records,
    lines,
    async store => [...(await legsOfFound(store, await findById(store, id))).values()],
    setting,
  )

/** Their spans. */
export async function spansOfLogs(
  records: readonly string[],
  lines: readonly string[],
  id = ID,
  setting: IngestSetting = {},
): Promise<Span[]> {
  return (await legsOf(records, lines, id, setting)).flatMap(legs => spansOf(legs))
}
