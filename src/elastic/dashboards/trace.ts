import { grid, heading, TIME, values } from './common.ts'
import { TRACE_ID, TRACE_PERIOD } from './data-views.ts'
import type { Dashboard, Panel } from './description.ts'

const PANELS: readonly Panel[] = [
  {
    type: 'metric', name: 'found', title: 'Requests found', dataset: 'requests', criteria: [], grid: grid(0, 6, 12, 5),
    description: 'Requests that the search finds. Without a search: all.',
    metric: { kind: 'count', label: 'requests' },
  },
  {
    type: 'metric', name: 'both', title: 'With both legs', dataset: 'requests', criteria: [], grid: grid(12, 6, 12, 5),
    description: 'Of these, requests whose record at the gateway and line at IIS were joined.',
    metric: { kind: 'count', label: 'joined', where: 'state:joined' },
  },
  {
    type: 'metric', name: 'lines', title: 'IIS lines', dataset: 'requests', criteria: [], grid: grid(24, 6, 12, 5),
    description: 'Lines of IIS logs that belong to these requests, retries and handshakes included.',
    metric: { kind: 'sum', label: 'lines', field: 'app_hops' },
  },
  {
    type: 'metric', name: 'slowest', title: 'Slowest', dataset: 'requests', criteria: [], grid: grid(36, 6, 12, 5),
    description: 'The longest duration among these requests, as the first system measured it.',
    metric: { kind: 'max', label: 'duration', field: 'duration_us' },
  },
  {
    type: 'list', name: 'legs', title: 'Both legs', dataset: 'requests', criteria: ['CC7.3'], grid: grid(0, 11, 48, 16),
    description: 'The requests that the search finds, latest first: the status at each step and the time it took. Empty cells: that side has no record. An id leads to all requests that have it.',
    columns: [
      'state', 'method', 'path', 'status', 'proxy', 'target_status', 'host', 'app_status', 'app_substatus',
      'duration_us', 'gateway_us', 'target_us', 'app_us', 'request_id',
    ],
  },
  {
    type: 'list', name: 'ids', title: 'Ids and identity', dataset: 'requests', criteria: ['CC6.1', 'CC7.3'], grid: grid(0, 27, 48, 14),
    description: 'The same requests: who asked, from where, every id, and how sure it is that the legs belong together.',
    columns: [
      'subject', 'app_subject', 'client_ip', 'application', 'correlation_id', 'trace_id', 'message_id', 'link_method', 'confidence', 'request_id',
    ],
  },
  {
    type: 'series', name: 'time', title: 'Where the time went', dataset: 'requests', criteria: [], grid: grid(0, 41, 28, 14),
    description: 'Mean time of these requests at the gateway itself, and their mean wait for the target.',
    where: 'target_us:*',
    shape: 'bar_stacked', x: TIME,
    metrics: [
      { kind: 'average', label: 'At the gateway', field: 'gateway_us' },
      { kind: 'average', label: 'Waiting for the target', field: 'target_us' },
    ],
  },
  {
    type: 'table', name: 'decided', title: 'Who decided the status', dataset: 'requests', criteria: ['CC7.3'], grid: grid(28, 41, 20, 14),
    description: 'The layer that decided the status, with the policy, fault code, or status and substatus.',
    rows: [values('decided_by', 'Decided by', 8), { ...values('decided_detail', 'Detail', 5), missing: true }],
    metrics: [{ kind: 'count', label: 'Requests' }],
  },
] // biome-ignore format: a table

export const TRACE: Dashboard = {
  id: TRACE_ID,
  title: 'Throughline: Trace a request',
  description: 'From any id to both legs of a request: at the gateway and at IIS.',
  period: TRACE_PERIOD,
  controls: [],
  panels: [
    heading(
      TRACE_ID,
      'Paste any id into the search bar: `correlation_id:"…"`, `trace_id:"…"`, `message_id:"…"`, or the id alone. ' +
        'Ids in all tables of these dashboards lead here. It looks at all times, not only at the period that you looked at before.',
      6,
    ),
    ...PANELS,
  ],
}
