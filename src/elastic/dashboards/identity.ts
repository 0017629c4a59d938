import { CONTROLS, DENIED, grid, heading, TIME, values } from './common.ts'
import type { Dashboard, Panel } from './description.ts'

const ID = 'throughline-identity'
const COUNT = { kind: 'count', label: 'Requests' } as const
const LAST_SEEN = { kind: 'max', label: 'Last seen', field: '@timestamp' } as const

const NUMBERS: readonly Panel[] = [
  {
    type: 'metric', name: 'subjects', title: 'Subjects', dataset: 'requests', criteria: ['CC6.1'], grid: grid(0, 4, 12, 6),
    description: 'Different subjects: people, else client applications or machines. Approximate above about 3000.',
    metric: { kind: 'unique', label: 'subjects', field: 'subject' },
  },
  {
    type: 'metric', name: 'denied', title: 'Denied', dataset: 'requests', criteria: ['CC6.1'], grid: grid(12, 4, 12, 6),
    description: 'Requests answered with 401 or 403.',
    metric: { kind: 'count', label: 'denied', where: DENIED },
  },
  {
    type: 'metric', name: 'nobody', title: 'Without a subject', dataset: 'requests', criteria: ['CC6.1'], grid: grid(24, 4, 12, 6),
    description: 'Requests answered below 400 of which neither side named a subject.',
    where: 'outcome:success',
    metric: { kind: 'count', label: 'without a subject', where: 'not subject:*' },
  },
  {
    type: 'metric', name: 'app-only', title: 'Only at the application', dataset: 'requests', criteria: ['CC6.6'], grid: grid(36, 4, 12, 6),
    description: 'Requests of closed days that IIS logged and no record of the gateway explains: calls past the gateway, or records that are missing.',
    metric: { kind: 'count', label: 'app-only', where: 'state:app-only' },
  },
] // biome-ignore format: a table

const SUBJECTS: readonly Panel[] = [
  {
    type: 'table', name: 'subjects-table', title: 'Who made requests', dataset: 'requests', criteria: ['CC6.1', 'CC6.3'], grid: grid(0, 10, 28, 16),
    description: 'Who made most requests: how many, how many were denied or failed, from how many addresses, to how many applications, and when last.',
    rows: [values('subject', 'Subject', 100), values('subject_kind', 'Kind', 3)],
    metrics: [
      COUNT,
      { kind: 'count', label: 'Denied', where: DENIED },
      { kind: 'share', label: 'Failed', of: 'outcome:failure' },
      { kind: 'unique', label: 'Addresses', field: 'client_ip' },
      { kind: 'unique', label: 'Applications', field: 'application' },
      LAST_SEEN,
    ],
  },
  {
    type: 'heatmap', name: 'matrix', title: 'Who reaches which application', dataset: 'requests', criteria: ['CC6.3'], grid: grid(28, 10, 20, 16),
    description: 'Answered requests (status below 400) of the busiest subjects by application: what access was used, to compare with what was granted.',
    where: 'outcome:success',
    x: values('application', 'Application', 8), y: values('subject', 'Subject', 15), metric: COUNT,
  },
  {
    type: 'series', name: 'denied-by-layer', title: 'Denied by which layer', dataset: 'requests', criteria: ['CC6.1', 'CC7.2'], grid: grid(0, 26, 24, 12),
    description: 'Requests answered with 401 or 403 over time, by the layer that decided it.',
    where: DENIED,
    shape: 'bar_stacked', x: TIME, split: values('decided_by', 'Decided by', 8), metrics: [{ kind: 'count', label: 'Denied' }],
  },
  {
    type: 'table', name: 'denied-why', title: 'Denied, and why', dataset: 'requests', criteria: ['CC6.1', 'CC7.3'], grid: grid(24, 26, 24, 12),
    description: 'Layer, and the policy, fault code, or IIS status and substatus that denied the request.',
    where: DENIED,
    rows: [values('decided_by', 'Decided by', 8), { ...values('decided_detail', 'Detail', 10), missing: true }],
    metrics: [{ kind: 'count', label: 'Denied' }, { kind: 'unique', label: 'Subjects', field: 'subject' }, LAST_SEEN],
  },
  {
    type: 'table', name: 'app-only-table', title: 'Only at the application: from where', dataset: 'requests', criteria: ['CC6.6'], grid: grid(0, 38, 28, 14),
    description: 'Peers whose requests reached IIS without a record of the gateway, by host. Judge them only where both sides were read: see Coverage.',
    where: 'state:app-only',
    rows: [values('peer_ip', 'Address', 50), values('host', 'Host', 10)],
    metrics: [
      COUNT,
      { kind: 'share', label: 'Failed', of: 'outcome:failure' },
      { kind: 'unique', label: 'Paths', field: 'path' },
      { kind: 'unique', label: 'Subjects', field: 'subject' },
      LAST_SEEN,
    ],
  },
  {
    type: 'series', name: 'app-only-time', title: 'Only at the application: when', dataset: 'requests', criteria: ['CC6.6', 'CC7.2'], grid: grid(28, 38, 20, 14),
    description: 'The same requests over time, by application.',
    where: 'state:app-only',
    shape: 'bar_stacked', x: TIME, split: values('application', 'Application', 8), metrics: [COUNT],
  },
  {
    type: 'table', name: 'clients', title: 'Client applications', dataset: 'requests', criteria: ['CC6.1'], grid: grid(0, 52, 24, 12),
    description: 'Client applications as registered at the gateway, the subjects they act for and the addresses they come from. One credential on many networks is worth a look.',
    rows: [values('developer_app', 'Client application', 50)],
    metrics: [
      COUNT,
      { kind: 'unique', label: 'Subjects', field: 'subject' },
      { kind: 'unique', label: 'Addresses', field: 'client_ip' },
      { kind: 'count', label: 'Denied', where: DENIED },
      LAST_SEEN,
    ],
  },
  {
    type: 'table', name: 'nobody-table', title: 'Answered without a subject', dataset: 'requests', criteria: ['CC6.1'], grid: grid(24, 52, 24, 12),
    description: 'Paths that answered (status below 400) although neither side named a subject.',
    where: 'outcome:success and not subject:*',
    rows: [values('application', 'Application', 20), values('path', 'Path', 20)],
    metrics: [COUNT, { kind: 'unique', label: 'Addresses', field: 'client_ip' }],
  },
] // biome-ignore format: a table

export const IDENTITY: Dashboard = {
  id: ID,
  title: 'Throughline: Identity and access',
  description: 'Subjects, denials and the layer that denied, requests past the gateway (SOC 2 CC6).',
  controls: CONTROLS,
  panels: [
    heading(
      ID,
      'Who used what access, who was refused by which layer, and what reached IIS past the gateway (SOC 2 CC6).',
    ),
    ...NUMBERS,
    ...SUBJECTS,
  ],
}
