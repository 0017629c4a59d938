import type { ByTime, ByValues, Control, Grid, TextPanel } from './description.ts'

/** Parts that several dashboards have. */

export const TIME: ByTime = { kind: 'time', field: '@timestamp', label: 'Time', every: 'auto' }
export const HOUR: ByTime = { ...TIME, label: 'Hour', every: '1h' }

export const DENIED = 'status:(401 or 403)'

export function values(field: string, label: string, size: number): ByValues {
  return { kind: 'values', field, label, size }
}

export function grid(x: number, y: number, w: number, h: number): Grid {
  return { x, y, w, h }
}

export const CONTROLS: readonly Control[] = [
  { field: 'application', title: 'Application', dataset: 'requests' },
  { field: 'proxy', title: 'Proxy', dataset: 'requests' },
  { field: 'host', title: 'Host', dataset: 'requests' },
  { field: 'subject', title: 'Subject', dataset: 'requests' },
  { field: 'outcome', title: 'Outcome', dataset: 'requests' },
]

const LINKS = [
  ['Overview', 'throughline-overview'],
  ['Trace a request', 'throughline-trace'],
  ['Identity and access', 'throughline-identity'],
  ['Failures', 'throughline-failures'],
  ['Coverage', 'throughline-coverage'],
] as const

/** What a dashboard is for, and the way to the others. */
export function heading(id: string, text: string, height = 4): TextPanel {
  const links = LINKS.map(([title, to]) => (to === id ? `**${title}**` : `[${title}](#/view/${to})`)).join(
    ' | ',
  )
  return {
    type: 'text',
    name: 'heading',
    title: 'About',
    description: 'What this dashboard is for, and the way to the others.',
    criteria: [],
    grid: grid(0, 0, 48, height),
    markdown: `${links}\n\n${text}`,
  }
}
