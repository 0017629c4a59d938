import { CONTROLS, grid, heading, TIME, values } from './common.ts'
import type { Dashboard, Metric, Panel } from './description.ts'

const ID = 'throughline-failures'
const COUNT = { kind: 'count', label: 'Requests' } as const
const LAST_SEEN = { kind: 'max', label: 'Last seen', field: '@timestamp' } as const

/** The gateway passed on another status than it got. */
const CHANGED = 'decided_by:gateway-policy and target_status:*'

const number = (name: string, place: number, title: string, description: string, metric: Metric): Panel => ({
  type: 'metric', name, title, description, metric, dataset: 'requests', criteria: ['CC7.2'], grid: grid(place * 8, 4, 8, 6),
}) // biome-ignore format: one line of a table

const NUMBERS: readonly Panel[] = [
  number('failed', 0, 'Failed', 'Requests with a status of 400 or more.', { kind: 'count', label: 'failed', where: 'outcome:failure' }),
  number('unauthorised', 1, '401', 'Requests answered with 401.', { kind: 'count', label: 'status 401', where: 'status:401' }),
  number('server-errors', 2, '5xx', 'Requests with a status of 500 or more.', { kind: 'count', label: 'status 5xx', where: 'status >= 500' }),
  number('timeouts', 3, 'Target too slow', 'Requests that the gateway gave up because its target took too long.', { kind: 'count', label: 'timeouts', where: 'decided_by:target-timeout' }),
  number('unreachable', 4, 'Target unreachable', 'Requests for which the gateway could not reach its target.', { kind: 'count', label: 'unreachable', where: 'decided_by:target-unreachable' }),
  number('several', 5, 'Several IIS lines', 'Requests with more than one line at IIS: retries, and challenges of integrated authentication.', { kind: 'count', label: 'requests', where: 'app_hops >= 2' }),
] // biome-ignore format: a table

const CHARTS: readonly Panel[] = [
  {
    type: 'series', name: 'bursts', title: '401 by hop, in five minutes', dataset: 'requests', criteria: ['CC6.1', 'CC7.2'], grid: grid(0, 10, 48, 12),
    description: 'Refused before the application was asked, or by the application itself. A burst at one hop alone points to a credential, a clock or a policy there.',
    where: 'status:401',
    shape: 'bar_stacked', x: { ...TIME, every: '5m' },
    split: {
      kind: 'filters',
      filters: [
        { label: 'Gateway', where: 'not decided_by:app' },
        { label: 'Application, through the gateway', where: 'decided_by:app and gateway_status:*' },
        { label: 'Application, without a gateway record', where: 'decided_by:app and not gateway_status:*' },
      ],
    },
    metrics: [{ kind: 'count', label: '401' }],
  },
  {
    type: 'heatmap', name: 'statuses', title: 'Status at the gateway and at IIS', dataset: 'requests', criteria: ['CC7.2'], grid: grid(0, 22, 24, 14),
    description: 'Requests with both legs: the status that the client got from the gateway against the one that IIS logged. Off the diagonal the legs differ.',
    where: 'state:joined',
    x: { ...values('gateway_status', 'Gateway', 12), order: 'value' }, y: { ...values('app_status', 'IIS', 12), order: 'value' }, metric: COUNT,
  },
  {
    type: 'table', name: 'changed', title: 'Another status than the target gave', dataset: 'requests', criteria: ['CC7.2', 'CC7.3'], grid: grid(24, 22, 24, 14),
    description: 'Requests of which the gateway got one status and passed on another.',
    where: CHANGED,
    rows: [values('proxy', 'Proxy', 20), values('target_status', 'Gateway got', 10), values('gateway_status', 'Client got', 10)],
    metrics: [COUNT, LAST_SEEN],
  },
  {
    type: 'table', name: 'paths', title: 'Failing paths', dataset: 'requests', criteria: ['CC7.2'], grid: grid(0, 36, 24, 14),
    description: 'Paths with most failures, the layer that decided and the status.',
    where: 'outcome:failure',
    rows: [values('path', 'Path', 20), values('decided_by', 'Decided by', 4), values('status', 'Status', 4)],
    metrics: [{ kind: 'count', label: 'Failed' }, { kind: 'unique', label: 'Subjects', field: 'subject' }, LAST_SEEN],
  },
  {
    type: 'table', name: 'faults', title: 'Faults at the gateway', dataset: 'requests', criteria: ['CC7.2', 'CC7.3'], grid: grid(24, 36, 24, 14),
    description: 'Fault codes of the gateway and the policies that raised them.',
    rows: [values('fault_code', 'Fault code', 20), { ...values('fault_policy', 'Policy', 5), missing: true }],
    metrics: [COUNT, { kind: 'unique', label: 'Proxies', field: 'proxy' }, LAST_SEEN],
  },
  {
    type: 'table', name: 'several-table', title: 'Retries and handshakes', dataset: 'requests', criteria: ['CC7.2'], grid: grid(0, 50, 24, 14),
    description: 'Requests with more than one line at IIS, by application and path: the lines they took, and the most for one request.',
    where: 'app_hops >= 2',
    rows: [values('application', 'Application', 20), values('path', 'Path', 10)],
    metrics: [COUNT, { kind: 'sum', label: 'IIS lines', field: 'app_hops' }, { kind: 'max', label: 'Most', field: 'app_hops' }, { kind: 'share', label: 'Failed', of: 'outcome:failure' }],
  },
  {
    type: 'heatmap', name: 'hosts', title: 'Server errors by host', dataset: 'requests', criteria: ['CC7.2'], grid: grid(24, 50, 24, 14),
    description: 'Requests that IIS answered with 500 or more, by host, over time.',
    where: 'app_status >= 500',
    x: TIME, y: values('host', 'Host', 15), metric: COUNT,
  },
] // biome-ignore format: a table

export const FAILURES: Dashboard = {
  id: ID,
  title: 'Throughline: Failures',
  description: '401 by hop, statuses that differ between the legs, faults, retries.',
  controls: CONTROLS,
  panels: [
    heading(ID, 'What failed, at which hop, and where the two legs tell different stories.'),
    ...NUMBERS,
    ...CHARTS,
  ],
}
