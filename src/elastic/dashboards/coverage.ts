import type { Criterion } from '../../model/criteria.ts'
import { grid, HOUR, heading, TIME, values } from './common.ts'
import type { Dashboard, Metric, Panel } from './description.ts'

const ID = 'throughline-coverage'
const READ: readonly Criterion[] = ['CC4.1', 'CC7.2']
const SOURCES = 'throughline.kind:source'
const HOURS = 'throughline.kind:hour'
const DAYS = 'throughline.kind:day'
const sum = (field: string, label: string): Metric => ({ kind: 'sum', label, field })

const number = (name: string, place: number, title: string, where: string, description: string, metric: Metric): Panel => ({
  type: 'metric', name, title, description, where, metric, dataset: 'coverage', criteria: READ, grid: grid(place * 8, 5, 8, 6),
}) // biome-ignore format: one line of a table

const NUMBERS: readonly Panel[] = [
  number('lines', 0, 'Lines read', SOURCES, 'Lines of all sources: decoded, directives and rejected together.', sum('throughline.lines.total', 'lines')),
  number('decoded', 1, 'Hops', SOURCES, 'Lines that became hops; those known from another source are among them.', sum('throughline.lines.decoded', 'decoded')),
  number('rejected', 2, 'Rejected', SOURCES, 'Lines that could not be read. Each is kept with its place and reason.', sum('throughline.lines.rejected', 'rejected')),
  number('unfinished', 3, 'Sources not complete', `${SOURCES} and not throughline.source.status:complete`, 'Sources that are read only in part, or failed.', { kind: 'count', label: 'sources' }),
  number('open', 4, 'Days open', `${DAYS} and throughline.day_state:open`, 'Days of applications that may still change. Nothing is concluded from them.', { kind: 'count', label: 'open' }),
  number('closed', 5, 'Days closed', `${DAYS} and throughline.day_state:closed`, 'Days of applications that are closed: both sides were read, or the deadline passed.', { kind: 'count', label: 'closed' }),
] // biome-ignore format: a table

const BY_TIME: readonly Panel[] = [
  {
    type: 'series', name: 'hops', title: 'Hops by hour and side', dataset: 'coverage', criteria: READ, grid: grid(0, 11, 24, 12),
    description: 'What was read of each side, by hour. An hour that one side lacks is a gap in its logs, or was not handed over.',
    where: HOURS,
    shape: 'bar_stacked', x: HOUR, split: values('throughline.side', 'Side', 2), metrics: [sum('throughline.hops.total', 'Hops')],
  },
  {
    type: 'series', name: 'joined', title: 'Hops that were joined', dataset: 'coverage', criteria: ['CC4.1'], grid: grid(24, 11, 24, 12),
    description: 'Hops by hour, and those of them that were joined with the other side.',
    where: HOURS,
    shape: 'line', x: HOUR, metrics: [sum('throughline.hops.total', 'Hops'), sum('throughline.hops.joined', 'Joined')],
  },
  {
    type: 'heatmap', name: 'gaps', title: 'Hops by source and hour', dataset: 'coverage', criteria: READ, grid: grid(0, 23, 48, 14),
    description: 'What each source holds, by hour. Empty cells between full ones are gaps in the log of a host.',
    where: HOURS,
    x: HOUR, y: values('log.file.path', 'Source', 20), metric: sum('throughline.hops.total', 'Hops'),
  },
  {
    type: 'series', name: 'states', title: 'Requests by state, by hour', dataset: 'requests', criteria: READ, grid: grid(0, 37, 24, 12),
    description: 'How far requests were joined, by hour. Requests that wait belong to open days.',
    shape: 'bar_stacked', x: HOUR, split: values('state', 'State', 8), metrics: [{ kind: 'count', label: 'Requests' }],
  },
  {
    type: 'table', name: 'hosts', title: 'Joined, by host', dataset: 'requests', criteria: READ, grid: grid(24, 37, 24, 12),
    description: 'Requests by the host that served them. A host whose share is lower than that of the others may lack the correlation id, or its clock may be wrong.',
    where: 'host:*',
    rows: [values('host', 'Host', 50)],
    metrics: [
      { kind: 'count', label: 'Requests' },
      { kind: 'share', label: 'Joined', of: 'state:joined' },
      { kind: 'count', label: 'Only at IIS', where: 'state:app-only' },
      { kind: 'count', label: 'In doubt', where: 'state:ambiguous' },
      { kind: 'max', label: 'Last seen', field: '@timestamp' },
    ],
  },
] // biome-ignore format: a table

const TABLES: readonly Panel[] = [
  {
    type: 'table', name: 'days', title: 'Days', dataset: 'coverage', criteria: READ, grid: grid(0, 49, 48, 12),
    description: 'Each day of each application: whether it is closed and why, and what became of its requests.',
    where: DAYS,
    rows: [
      values('throughline.application', 'Application', 50), { ...TIME, label: 'Day', every: '1d' },
      values('throughline.day_state', 'State', 2), { ...values('event.reason', 'Why', 5), missing: true },
    ],
    metrics: [
      sum('throughline.requests.total', 'Requests'), sum('throughline.requests.joined', 'Joined'),
      sum('throughline.requests.gateway_only', 'Only at the gateway'), sum('throughline.requests.app_only', 'Only at IIS'), sum('throughline.requests.awaiting', 'Waiting'), sum('throughline.requests.ambiguous', 'In doubt'),
    ],
  },
  {
    type: 'table', name: 'sources', title: 'Sources', dataset: 'coverage', criteria: READ, grid: grid(0, 61, 48, 14),
    description: 'Every source that was read, and what became of its lines: lines = decoded + directives + rejected.',
    where: SOURCES,
    rows: [
      values('log.file.path', 'Source', 200), values('throughline.side', 'Side', 2),
      values('throughline.source.format', 'Format', 2), values('throughline.source.status', 'Status', 3),
    ],
    metrics: [
      sum('throughline.lines.total', 'Lines'), sum('throughline.lines.decoded', 'Decoded'), sum('throughline.lines.directives', 'Directives'), sum('throughline.lines.rejected', 'Rejected'),
      sum('throughline.lines.duplicates', 'Known before'), { kind: 'max', label: 'Last stamp', field: 'event.end' },
    ],
  },
] // biome-ignore format: a table

/** Has no controls: no field is on days, hours, sources and requests alike, and a choice would hide the others. */
export const COVERAGE: Dashboard = {
  id: ID,
  title: 'Throughline: Coverage',
  description: 'What was read, rejected and joined, by hour and source (SOC 2 CC7).',
  controls: [],
  panels: [
    heading(
      ID,
      'What the other dashboards rest on: which logs were read, what could not be read, and which days are closed (SOC 2 CC7). ' +
        'Sources stand at the time of their first stamp: choose a period that holds it.',
      5,
    ),
    ...NUMBERS,
    ...BY_TIME,
    ...TABLES,
  ],
}
