import { CONTROLS, grid, heading, TIME, values } from './common.ts'
import type { Dashboard, Panel } from './description.ts'

const ID = 'throughline-overview'

const NUMBERS: readonly Panel[] = [
  {
    type: 'metric', name: 'requests', title: 'Requests', dataset: 'requests', criteria: ['CC7.2'], grid: grid(0, 4, 8, 6),
    description: 'End-to-end requests: one for each gateway hop, and one for each app hop that no gateway hop claims.',
    metric: { kind: 'count', label: 'requests' },
  },
  {
    type: 'metric', name: 'joined-share', title: 'Both legs', dataset: 'requests', criteria: ['CC4.1', 'CC7.2'], grid: grid(8, 4, 8, 6),
    description: 'Share of the requests of which the record of the gateway and that of IIS were joined.',
    metric: { kind: 'share', label: 'joined', of: 'state:joined' },
  },
  {
    type: 'metric', name: 'failed-share', title: 'Failed', dataset: 'requests', criteria: ['CC7.2'], grid: grid(16, 4, 8, 6),
    description: 'Share of the requests that ended with a status of 400 or more.',
    metric: { kind: 'share', label: 'failed', of: 'outcome:failure' },
  },
  {
    type: 'metric', name: 'waiting', title: 'Waiting for the other side', dataset: 'requests', criteria: ['CC4.1'], grid: grid(24, 4, 8, 6),
    description: 'Requests of days that are not closed: the other leg may still be read. Nothing is concluded from them.',
    metric: { kind: 'count', label: 'waiting', where: 'state:(awaiting-gateway or awaiting-app)' },
  },
  {
    type: 'metric', name: 'app-only', title: 'Only at the application', dataset: 'requests', criteria: ['CC6.6'], grid: grid(32, 4, 8, 6),
    description: 'Requests of closed days that IIS logged and no record of the gateway explains.',
    metric: { kind: 'count', label: 'app-only', where: 'state:app-only' },
  },
  {
    type: 'metric', name: 'subjects', title: 'Subjects', dataset: 'requests', criteria: ['CC6.1'], grid: grid(40, 4, 8, 6),
    description: 'Different subjects: people, else client applications or machines. Approximate above about 3000.',
    metric: { kind: 'unique', label: 'subjects', field: 'subject' },
  },
] // biome-ignore format: a table

const CHARTS: readonly Panel[] = [
  {
    type: 'series', name: 'traffic', title: 'Traffic by state', dataset: 'requests', criteria: ['CC7.2'], grid: grid(0, 10, 32, 12),
    description: 'Requests over time by how far their legs were joined.',
    shape: 'area_stacked', x: TIME, split: values('state', 'State', 8), metrics: [{ kind: 'count', label: 'Requests' }],
  },
  {
    type: 'partition', name: 'states', title: 'State', dataset: 'requests', criteria: ['CC4.1'], grid: grid(32, 10, 16, 12),
    description: 'How far the legs were joined: joined, ambiguous (the partner is in doubt), only at one side, or waiting.',
    shape: 'donut', groups: [values('state', 'State', 8)], metric: { kind: 'count', label: 'Requests' },
  },
  {
    type: 'series', name: 'errors', title: 'Errors by layer', dataset: 'requests', criteria: ['CC7.2'], grid: grid(0, 22, 24, 12),
    description: 'Requests with a status of 400 or more over time, by the layer that decided the status.',
    where: 'outcome:failure',
    shape: 'bar_stacked', x: TIME, split: values('decided_by', 'Decided by', 8), metrics: [{ kind: 'count', label: 'Errors' }],
  },
  {
    type: 'heatmap', name: 'errors-by-status', title: 'Errors by layer and status', dataset: 'requests', criteria: ['CC7.2'], grid: grid(24, 22, 24, 12),
    description: 'Which layer decided which status.',
    where: 'outcome:failure',
    x: values('status', 'Status', 15), y: values('decided_by', 'Decided by', 8), metric: { kind: 'count', label: 'Errors' },
  },
  {
    type: 'table', name: 'applications', title: 'Applications', dataset: 'requests', criteria: ['CC4.1', 'CC7.2'], grid: grid(0, 34, 28, 12),
    description: 'Traffic, joined share, failures and durations of each application. The share of the gateway is the duration without the wait for the target.',
    rows: [values('application', 'Application', 50)],
    metrics: [
      { kind: 'count', label: 'Requests' },
      { kind: 'share', label: 'Joined', of: 'state:joined' },
      { kind: 'share', label: 'Failed', of: 'outcome:failure' },
      { kind: 'average', label: 'Mean duration', field: 'duration_us' },
      { kind: 'average', label: 'Mean at the gateway', field: 'gateway_us' },
    ],
  },
  {
    type: 'series', name: 'durations', title: 'Where time goes', dataset: 'requests', criteria: ['CC7.2'], grid: grid(28, 34, 20, 12),
    description: 'Mean time at the gateway itself and mean wait for the target, of requests through the gateway.',
    shape: 'line', x: TIME,
    metrics: [
      { kind: 'average', label: 'At the gateway', field: 'gateway_us' },
      { kind: 'average', label: 'Waiting for the target', field: 'target_us' },
    ],
  },
  {
    type: 'partition', name: 'proxies', title: 'Proxies and outcome', dataset: 'requests', criteria: ['CC7.2'], grid: grid(0, 46, 24, 12),
    description: 'Requests of each proxy, divided by outcome.',
    shape: 'treemap', groups: [values('proxy', 'Proxy', 20), values('outcome', 'Outcome', 3)], metric: { kind: 'count', label: 'Requests' },
  },
  {
    type: 'table', name: 'link-methods', title: 'How legs were joined', dataset: 'requests', criteria: ['CC4.1'], grid: grid(24, 46, 24, 12),
    description: 'By id; by an id that several requests share, decided by time; by subject and time; or by time alone. Confidence is the probability of the weakest link; evidence asks for 0.99.',
    rows: [values('link_method', 'Method', 5)],
    metrics: [
      { kind: 'count', label: 'Requests' },
      { kind: 'share', label: 'At least 0.99 sure', of: 'confidence >= 0.99' },
      { kind: 'average', label: 'Mean confidence', field: 'confidence' },
    ],
  },
  {
    type: 'table', name: 'findings', title: 'Findings by rule', dataset: 'requests', criteria: ['CC4.1', 'CC6.1', 'CC6.6', 'CC7.2'], grid: grid(0, 58, 24, 12),
    description: 'Requests of closed days that rules found something about. None here is not the same as evaluated: throughline findings says what could not be.',
    where: 'finding:*',
    rows: [values('finding', 'Rule', 30)],
    metrics: [
      { kind: 'count', label: 'Requests' },
      { kind: 'unique', label: 'Applications', field: 'application' },
      { kind: 'unique', label: 'Subjects', field: 'subject' },
      { kind: 'max', label: 'Last seen', field: '@timestamp' },
    ],
  },
  {
    type: 'table', name: 'incidents', title: 'Incidents', dataset: 'requests', criteria: ['CC7.2', 'CC7.3'], grid: grid(24, 58, 24, 12),
    description: 'Incidents with most requests: how many, from how many addresses, how many failed, and when last. throughline findings says what each is about; incident:inc-… finds its requests.',
    where: 'incident:*',
    rows: [values('incident', 'Incident', 50)],
    metrics: [
      { kind: 'count', label: 'Requests' },
      { kind: 'unique', label: 'Addresses', field: 'peer_ip' },
      { kind: 'share', label: 'Failed', of: 'outcome:failure' },
      { kind: 'max', label: 'Last seen', field: '@timestamp' },
    ],
  },
  {
    type: 'series', name: 'findings-time', title: 'Findings over time', dataset: 'requests', criteria: ['CC7.2'], grid: grid(0, 70, 48, 12),
    description: 'The same requests over time, by rule.',
    where: 'finding:*',
    shape: 'bar_stacked', x: TIME, split: values('finding', 'Rule', 12), metrics: [{ kind: 'count', label: 'Requests' }],
  },
] // biome-ignore format: a table

export const OVERVIEW: Dashboard = {
  id: ID,
  title: 'Throughline: Overview',
  description: 'Traffic, both legs, joined share, errors by layer, findings.',
  controls: CONTROLS,
  panels: [
    heading(ID, 'One request is what the gateway recorded and what IIS logged about the same call, joined.'),
    ...NUMBERS,
    ...CHARTS,
  ],
}
