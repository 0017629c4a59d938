import type { Application } from './company.ts'
import { COLLECTOR_BYTES } from './ids.ts'
import type { ClientApp, Device } from './principals.ts'
import { dateTimeText, HOUR_SECONDS, MS_US } from './times.ts'
import type { Fault, GatewayCall, Stamps } from './traffic.ts'

/**
 * The columns of an analytics export and their values (reference: Apigee 2). The order of columns in an export is
 * not documented; this one keeps together what is known at the same time. `code` is text that never needs
 * escaping, `text` may hold anything.
 */
export type ColumnType = 'code' | 'text' | 'integer' | 'time'
export type Value = string | number | undefined
export type Column<T> = readonly [name: string, type: ColumnType, read: (from: T) => Value]

const NOT_SET = '(not set)'
/** How a data collector writes a string that was never captured. */
const NOT_CAPTURED = 'Not set'

/** Fixed for a proxy. @param from undefined when no proxy matched */
export const proxyColumns = (organization: string): readonly Column<Application | undefined>[] => [
  ['organization', 'code', () => organization],
  ['environment', 'code', app => app?.environment ?? 'prod'],
  ['gateway_source', 'code', () => 'message_processor'],
  ['apiproxy', 'code', app => app?.proxy ?? NOT_SET],
  ['apiproxy_revision', 'code', app => (app === undefined ? undefined : '7')],
  ['proxy', 'code', app => (app === undefined ? undefined : 'default')],
  ['proxy_basepath', 'text', app => app?.basepath],
  ['proxy_deployment_type', 'code', () => 'EXTENSIBLE'],
  ['virtual_host', 'code', () => 'secure'],
  ['x_forwarded_proto', 'code', () => 'https'],
  ['ax_dn_region', 'code', () => 'europe-west3'],
]

/** The chosen target. @param from undefined when the call never got to one */
export const TARGET_COLUMNS: readonly Column<Application | undefined>[] = [
  ['target', 'code', app => (app === undefined ? undefined : 'default')],
  ['target_host', 'code', app => app?.targetHost],
  ['target_ip', 'code', app => app?.targetIp],
  [
    'target_url',
    'text',
    app => (app === undefined ? undefined : `https://${app.targetHost}${app.targetBasepath}`),
  ],
  ['target_basepath', 'text', app => app?.targetBasepath],
]

/** The app behind a verified token. @param from undefined when nothing was verified */
export const APP_COLUMNS: readonly Column<ClientApp | undefined>[] = [
  ['api_product', 'code', app => app?.product ?? NOT_SET],
  ['developer', 'code', app => app?.developer ?? NOT_SET],
  ['developer_app', 'code', app => app?.name ?? NOT_SET],
  ['developer_email', 'code', app => app?.developerEmail ?? NOT_SET],
  ['client_id', 'code', app => app?.clientId ?? NOT_SET],
]

export const DEVICE_COLUMNS: readonly Column<Device>[] = [
  ['client_ip', 'code', device => device.frontIp],
  ['proxy_client_ip', 'code', device => device.forwardedFor.replace(/.*, /, '')],
  ['ax_resolved_client_ip', 'code', device => device.ip],
  ['x_forwarded_for_ip', 'text', device => device.forwardedFor],
  ['useragent', 'text', device => device.userAgent],
  ['ax_ua_agent_family', 'code', device => device.family],
]

/** The derived times of the analytics are zero-padded texts in UTC. @param from hours since 1970 */
export const HOUR_COLUMNS: readonly Column<number>[] = [
  ['ax_hour_of_day', 'code', hour => dateTimeText(hour * HOUR_SECONDS).slice(11, 13)],
  ['ax_month_of_year', 'code', hour => dateTimeText(hour * HOUR_SECONDS).slice(5, 7)],
]

const isFault = (fault: Fault | undefined, kind: string) => (fault?.kind === kind ? 1 : 0)

/** @param from undefined when nothing failed */
export const FAULT_COLUMNS: readonly Column<Fault | undefined>[] = [
  ['is_error', 'integer', fault => (fault === undefined ? 0 : 1)],
  ['policy_error', 'integer', fault => isFault(fault, 'policy')],
  ['target_error', 'integer', fault => isFault(fault, 'target')],
  ['ax_edge_execution_fault_code', 'code', fault => fault?.code ?? NOT_SET],
  ['ax_execution_fault_policy_name', 'code', fault => fault?.policy ?? NOT_SET],
  ['ax_execution_fault_flow_name', 'code', fault => fault?.flow ?? NOT_SET],
  ['ax_execution_fault_flow_state', 'code', fault => fault?.state ?? NOT_SET],
]

function uri({ received }: GatewayCall): string {
  return received.query === '' ? received.path : `${received.path}?${received.query}`
}

const time = (name: keyof Stamps, column: string): Column<GatewayCall> => [
  column,
  'time',
  call => call.stamps[name],
]

/** Whole milliseconds between two stamps as the gateway has them, i.e. after cutting. */
function between(fromUs: number | undefined, toUs: number | undefined): number | undefined {
  if (fromUs === undefined || toUs === undefined) return undefined
  return Math.floor(toUs / MS_US) - Math.floor(fromUs / MS_US)
}

export const CALL_COLUMNS: readonly Column<GatewayCall>[] = [
  ['gateway_flow_id', 'code', call => call.received.flowId],
  ['request_verb', 'code', call => call.received.method],
  ['request_uri', 'text', uri],
  ['request_path', 'text', call => call.received.path],
  [
    'proxy_pathsuffix',
    'text',
    call => (call.received.application === undefined ? undefined : call.received.suffix),
  ],
  ['response_status_code', 'integer', call => call.status],
  ['target_response_code', 'integer', call => call.targetStatus],
  ['cache_hit', 'integer', call => (call.cache === 'hit' ? 1 : 0)],
  ['ax_cache_source', 'code', call => ({ hit: 'L1', miss: 'CACHE_MISS', none: undefined })[call.cache]],
  ['request_size', 'integer', call => call.received.requestBytes],
  ['response_size', 'integer', call => call.responseBytes],
  time('clientReceivedStart', 'client_received_start_timestamp'),
  time('clientReceivedEnd', 'client_received_end_timestamp'),
  time('targetSentStart', 'target_sent_start_timestamp'),
  time('targetSentEnd', 'target_sent_end_timestamp'),
  time('targetReceivedStart', 'target_received_start_timestamp'),
  time('targetReceivedEnd', 'target_received_end_timestamp'),
  time('clientSentStart', 'client_sent_start_timestamp'),
  time('clientSentEnd', 'client_sent_end_timestamp'),
  [
    'total_response_time',
    'integer',
    ({ stamps }) => between(stamps.clientReceivedStart, stamps.clientSentEnd),
  ],
  [
    'target_response_time',
    'integer',
    ({ stamps }) => between(stamps.targetSentStart, stamps.targetReceivedEnd),
  ],
  [
    'request_processing_latency',
    'integer',
    ({ stamps }) => between(stamps.clientReceivedEnd, stamps.targetSentStart ?? stamps.clientSentStart),
  ],
  [
    'response_processing_latency',
    'integer',
    ({ stamps }) => between(stamps.targetReceivedEnd, stamps.clientSentStart),
  ],
  ['access_token', 'code', call => call.token],
  [
    'dc_correlation_id',
    'text',
    call => call.received.correlationId?.slice(0, COLLECTOR_BYTES) ?? NOT_CAPTURED,
  ],
  ['dc_subject', 'text', call => call.subject ?? NOT_CAPTURED],
  ['message_count', 'integer', () => 1],
]
