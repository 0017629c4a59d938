// The Grafana dashboard of our own metrics, from a short description of its panels.
import { METRICS } from '../dist/telemetry/metrics.js'

/**
 * @typedef {object} Query
 * @property {string} expr PromQL
 * @property {string} legend
 *
 * @typedef {object} Panel
 * @property {string} title
 * @property {string} description what it shows, and what to do where it looks wrong
 * @property {string} unit unit of Grafana
 * @property {Query[]} queries
 * @property {number} [width] of 24; 8 unless said
 * @property {boolean} [stacked]
 *
 * @typedef {object} Row
 * @property {string} title
 * @property {Panel[]} panels
 */

const RATE = '$__rate_interval'
const WIDTH = 24
const HEIGHT = 8
// biome-ignore lint/suspicious/noTemplateCurlyInString: a variable of Grafana
const DATASOURCE = { type: 'prometheus', uid: '${datasource}' }

/** Name of a metric as the exporter writes it: dots become underscores, a sum that only grows gets `_total`. */
function prometheusName(name) {
  const row = METRICS[name]
  if (!row) throw new Error(`scripts/grafana.mjs: no metric ${name}`)
  const isTotal = row.kind === 'counter' || row.kind === 'observed-total'
  return name.replaceAll('.', '_') + (isTotal ? '_total' : '')
}

const labelOf = name => METRICS[name].attribute.name.replaceAll('.', '_')
const selected = (name, suffix = '') => `${prometheusName(name)}${suffix}{instance=~"$instance"}`
/** Growth a second of one metric. */
const rate = (name, legend) => ({ expr: `sum(rate(${selected(name)}[${RATE}]))`, legend })
/** The same by the values of its attribute. */
const rateBy = name => ({
  expr: `sum by (${labelOf(name)}) (rate(${selected(name)}[${RATE}]))`,
  legend: `{{${labelOf(name)}}}`,
})
/** Growth within the interval of a point, for what is rare. */
const increaseBy = name => ({
  expr: `sum by (${labelOf(name)}) (increase(${selected(name)}[${RATE}]))`,
  legend: `{{${labelOf(name)}}}`,
})
const now = (name, legend, fold = 'sum') => ({ expr: `${fold}(${selected(name)})`, legend })
const nowBy = name => ({
  expr: `sum by (${labelOf(name)}) (${selected(name)})`,
  legend: `{{${labelOf(name)}}}`,
})
const quantile = (name, q, legend) => ({
  expr: `histogram_quantile(${q}, sum by (le) (rate(${selected(name, '_bucket')}[${RATE}])))`,
  legend,
})
const quantiles = name => [quantile(name, 0.5, 'median'), quantile(name, 0.95, '95 %')]

const OUTCOME = labelOf('throughline.link.hops')
const HOPS = selected('throughline.link.hops')

/** @type {Row[]} */
const ROWS = [
  {
    title: 'Reading',
    panels: [
      {
        title: 'Lines',
        description: 'Lines a second by what became of them. Together they are the lines that were read: nothing is left out.',
        unit: 'short',
        stacked: true,
        queries: [
          rate('throughline.lines.decoded', 'decoded'),
          rate('throughline.lines.directives', 'directives'),
          rate('throughline.lines.rejected', 'rejected'),
        ],
      },
      {
        title: 'Bytes read',
        description: 'Bytes of lines a second, decompressed.',
        unit: 'Bps',
        queries: [rate('throughline.bytes.read', 'bytes')],
      },
      {
        title: 'New hops',
        description: 'Hops a second that became facts, by side. Where one side stays at zero, no link can be made.',
        unit: 'short',
        queries: [rateBy('throughline.hops')],
      },
      {
        title: 'Rejected lines by reason',
        description: 'Lines that could not be read. Each is kept with its position; docs/formats.md explains the reasons.',
        unit: 'short',
        stacked: true,
        queries: [increaseBy('throughline.lines.rejected')],
      },
      {
        title: 'Duplicates and lines taken back',
        description: 'Decoded lines that the store already had, and last lines that were read again once they were whole.',
        unit: 'short',
        queries: [
          rate('throughline.lines.duplicate', 'duplicate'),
          rate('throughline.lines.taken_back', 'taken back'),
        ],
      },
      {
        title: 'Files',
        description: 'Files that are followed and open, and those that were refused or could not be read to their end since the process began.',
        unit: 'short',
        queries: [
          now('throughline.files.followed', 'followed'),
          now('throughline.files.open', 'open'),
          now('throughline.files.refused', 'refused'),
          now('throughline.files.failed', 'failed'),
        ],
      },
    ],
  },
  {
    title: 'Lag of the follower',
    panels: [
      {
        title: 'Bytes behind',
        description: 'Bytes that wait to be read. Nothing is dropped: a lag that grows means that the logs are written faster than they are read.',
        unit: 'bytes',
        width: 12,
        queries: [now('throughline.follow.lag.size', 'bytes')],
      },
      {
        title: 'Time behind',
        description: 'For how long there have been bytes that wait. It falls to zero each time the follower has caught up.',
        unit: 's',
        width: 12,
        queries: [now('throughline.follow.lag.duration', 'seconds', 'max')],
      },
    ],
  },
  {
    title: 'Store',
    panels: [
      {
        title: 'Commit duration',
        description: 'Time until what was read is durable. It grows with slow disks and with many days in one commit.',
        unit: 's',
        queries: quantiles('throughline.commit.duration'),
      },
      {
        title: 'Rows of a commit',
        description: 'Hops that one ledger entry takes in. Many small commits make many small files until they are merged.',
        unit: 'short',
        queries: quantiles('throughline.commit.rows'),
      },
      {
        title: 'Ledger entries',
        description: 'Entries appended, by kind. Each is a state of the store that can be gone back to.',
        unit: 'short',
        queries: [increaseBy('throughline.ledger.entries')],
      },
      {
        title: 'Size',
        description: 'Bytes of the files that the ledger names, by kind. Replaced files and earlier links come on top until they are removed.',
        unit: 'bytes',
        stacked: true,
        width: 12,
        queries: [nowBy('throughline.store.size')],
      },
      {
        title: 'Days',
        description: 'Days of applications by state. Only closed days are evidence; a day that stays open waits for a side (throughline status says which).',
        unit: 'short',
        stacked: true,
        width: 12,
        queries: [nowBy('throughline.days')],
      },
    ],
  },
  {
    title: 'Linking',
    panels: [
      {
        title: 'App hops by what joined them',
        description: 'App hops of the days that this process has linked: the method that linked each, or why it has no link. Much of `time` means that ids are missing: throughline doctor says what to log.',
        unit: 'short',
        stacked: true,
        width: 12,
        queries: [nowBy('throughline.link.hops')],
      },
      {
        title: 'Share of app hops with a link',
        description: 'The same as a share: linked by any method, and by an id alone.',
        unit: 'percentunit',
        queries: [
          { expr: `sum(${HOPS.replace('}', `,${OUTCOME}=~"id|id-time|subject|time"}`)}) / sum(${HOPS})`, legend: 'linked' },
          { expr: `sum(${HOPS.replace('}', `,${OUTCOME}="id"}`)}) / sum(${HOPS})`, legend: 'by an id alone' },
        ],
        width: 6,
      },
      {
        title: 'Time to link a day',
        description: 'Time to find the partners of one day. A follower links again at most every ten seconds, and at a bounded share of its time.',
        unit: 's',
        width: 6,
        queries: quantiles('throughline.link.duration'),
      },
    ],
  },
  {
    title: 'Sending spans of requests',
    panels: [
      {
        title: 'Spans',
        description: 'Spans a second that were sent, taken and refused. Sent more than taken and refused together means that attempts fail.',
        unit: 'short',
        queries: [
          rate('throughline.export.spans.sent', 'sent'),
          rate('throughline.export.spans.accepted', 'accepted'),
          rate('throughline.export.spans.rejected', 'rejected'),
        ],
      },
      {
        title: 'Retries by reason',
        description: 'Requests that were sent again: 429 and 503 mean that the receiver asks for patience.',
        unit: 'short',
        stacked: true,
        queries: [increaseBy('throughline.export.retries')],
      },
      {
        title: 'Lag',
        description: 'Age of the oldest settled request that has not been sent.',
        unit: 's',
        queries: [now('throughline.export.lag', 'seconds', 'max')],
      },
      {
        title: 'Batch size',
        description: 'Spans of one request.',
        unit: 'short',
        width: 12,
        queries: quantiles('throughline.export.batch.size'),
      },
      {
        title: 'Requests in flight',
        description: 'Requests that wait for their answer.',
        unit: 'short',
        width: 12,
        queries: [now('throughline.export.requests.active', 'requests')],
      },
    ],
  },
  {
    title: 'Workers',
    panels: [
      {
        title: 'Messages to take',
        description: 'Messages of each partition that its worker has still to take.',
        unit: 'short',
        queries: [nowBy('throughline.kafka.lag')],
      },
      {
        title: 'Lag of workers',
        description: 'Age of the newest message that was taken while others wait, by partition. Messages are deleted by age: act long before.',
        unit: 's',
        queries: [nowBy('throughline.kafka.lag.duration')],
      },
      {
        title: 'Open days of applications',
        description: 'Days of applications that are open, by partition.',
        unit: 'short',
        queries: [nowBy('throughline.kafka.days.open')],
      },
      {
        title: 'Rows that came again or late',
        description: 'Rows that came again and were passed over, and rows of days that had been closed.',
        unit: 'short',
        width: 12,
        queries: [rate('throughline.kafka.rows.replayed', 'again'), rate('throughline.kafka.rows.late', 'late')],
      },
      {
        title: 'Links of workers',
        description: 'Links and candidates of open and of closed days.',
        unit: 'short',
        width: 12,
        queries: [
          now('throughline.kafka.links.provisional', 'provisional'),
          now('throughline.kafka.links.final', 'final'),
        ],
      },
    ],
  },
  {
    title: 'Process',
    panels: [
      {
        title: 'Processor',
        description: 'Cores in use, by mode.',
        unit: 'short',
        stacked: true,
        width: 12,
        queries: [rateBy('process.cpu.time')],
      },
      {
        title: 'Memory',
        description: 'Physical memory. It does not grow with the size of the input.',
        unit: 'bytes',
        width: 12,
        queries: [now('process.memory.usage', 'resident')],
      },
    ],
  },
] // biome-ignore format: a table

/** Files by path. */
export const DASHBOARDS = () => ({
  'dashboards/grafana-throughline.json': `${JSON.stringify(dashboard(), null, 2)}\n`,
})

function dashboard() {
  const panels = []
  let y = 0
  for (const row of ROWS) {
    panels.push({ id: panels.length + 1, type: 'row', title: row.title, collapsed: false, gridPos: { x: 0, y, w: WIDTH, h: 1 }, panels: [] }) // biome-ignore format: one line
    y += 1
    let x = 0
    for (const panel of row.panels) {
      const w = panel.width ?? 8
      if (x + w > WIDTH) {
        x = 0
        y += HEIGHT
      }
      panels.push({ id: panels.length + 1, ...panelOf(panel), gridPos: { x, y, w, h: HEIGHT } })
      x += w
    }
    y += HEIGHT
  }
  return {
    uid: 'throughline',
    title: 'Throughline',
    description: 'Metrics of Throughline itself: what it reads, stores, links and sends.',
    tags: ['throughline'],
    schemaVersion: 41,
    version: 1,
    editable: true,
    graphTooltip: 1,
    refresh: '30s',
    time: { from: 'now-6h', to: 'now' },
    timezone: 'utc',
    templating: { list: [datasourceVariable(), instanceVariable()] },
    annotations: { list: [] },
    links: [],
    panels,
  }
}

function panelOf({ title, description, unit, queries, stacked = false }) {
  return {
    type: 'timeseries',
    title,
    description,
    datasource: DATASOURCE,
    fieldConfig: {
      defaults: {
        unit,
        min: 0,
        ...(unit === 'percentunit' ? { max: 1 } : {}),
        color: { mode: 'palette-classic' },
        custom: {
          drawStyle: 'line',
          lineWidth: 1,
          fillOpacity: stacked ? 20 : 5,
          showPoints: 'never',
          spanNulls: false,
          stacking: { mode: stacked ? 'normal' : 'none', group: 'A' },
        },
      },
      overrides: [],
    },
    options: {
      legend: { displayMode: 'list', placement: 'bottom', showLegend: true },
      tooltip: { mode: 'multi', sort: 'desc' },
    },
    targets: queries.map(({ expr, legend }, i) => ({
      refId: String.fromCharCode(65 + i),
      datasource: DATASOURCE,
      editorMode: 'code',
      range: true,
      expr,
      legendFormat: legend,
    })),
  }
}

function datasourceVariable() {
  return { name: 'datasource', label: 'Data source', type: 'datasource', query: 'prometheus', refresh: 1, hide: 0, includeAll: false, multi: false, options: [], regex: '' } // biome-ignore format: one line
}

function instanceVariable() {
  const query = `label_values(${prometheusName('throughline.lines.read')}, instance)`
  return {
    name: 'instance', label: 'Instance', type: 'query', datasource: DATASOURCE, definition: query,
    query: { query, refId: 'instances', qryType: 1 }, refresh: 2, sort: 1, hide: 0, includeAll: true, allValue: '.*', multi: true,
    current: { text: ['All'], value: ['$__all'] }, options: [], regex: '',
  } // biome-ignore format: a record
}
