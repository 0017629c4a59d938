import { namesOf } from '../names.ts'
import { datasetFields, elasticName } from './datasets.ts'
import type { Dataset } from './description.ts'
import type { Json } from './lens-columns.ts'
import { sortedJson } from './sorted-json.ts'

export interface DataView {
  readonly id: string
  readonly attributes: Json
}

/** Fields that lead to the dashboard *Trace a request*. */
export const ID_FIELDS = ['request_id', 'correlation_id', 'trace_id', 'message_id'] as const

export const TRACE_ID = 'throughline-trace'
/** An id is looked for everywhere: retention bounds what is there, and a clock may be ahead. */
export const TRACE_PERIOD = { from: 'now-5y', to: 'now+1d' } as const

/**
 * The address of the dashboard *Trace a request* with one id filled in. Kibana puts the origin, its base path and the
 * space before `/app/..`. `{{value}}` is the value as encodeURIComponent writes it.
 */
export function traceTemplate(field: string): string {
  const { from, to } = TRACE_PERIOD
  return `../app/dashboards#/view/${TRACE_ID}?_g=(time:(from:${from},to:'${to.replace('+', '%2B')}'))&_a=(query:(language:kuery,query:'${field}:%22{{value}}%22'))`
}

const DURATION = {
  id: 'duration',
  params: {
    includeSpaceWithSuffix: true,
    inputFormat: 'microseconds',
    outputFormat: 'humanizePrecise',
    outputPrecision: 1,
    useShortSuffix: true,
  },
}

function formatOf(field: string): Json | undefined {
  if (ID_FIELDS.some(id => id === field)) {
    return {
      id: 'url',
      params: {
        labelTemplate: '{{value}}',
        openLinkInCurrentTab: true,
        type: 'a',
        urlTemplate: traceTemplate(field),
      },
    }
  }
  if (field.endsWith('_us')) return DURATION
  return /\bbytes|^bytes_/.test(field) ? { id: 'bytes' } : undefined
}

/** ECS keeps the duration in ns; filters do not know that field. */
const FURTHER: Readonly<Record<Dataset, readonly [string, Json][]>> = {
  requests: [['event.duration', { ...DURATION, params: { ...DURATION.params, inputFormat: 'nanoseconds' } }]],
  coverage: [],
}

/** Formats by field, under the field's own name and under the short one that filters use. */
function formats(dataset: Dataset): Json {
  const entries = datasetFields(dataset).flatMap(({ name }) => {
    const format = formatOf(name)
    const names = [...new Set([elasticName(dataset, name), name])]
    return format ? names.map((n): [string, Json] => [n, format]) : []
  })
  return Object.fromEntries([...entries, ...FURTHER[dataset]])
}

/** What a data view looks into: the names of aliases or indices. */
export type Titles = Readonly<Record<Dataset, string>>

export const DEFAULT_TITLES: Titles = namesOf('throughline')

export function dataViewId(dataset: Dataset): string {
  return `throughline-${dataset}-view`
}

export function dataViewOf(dataset: Dataset, titles: Titles): DataView {
  return {
    id: dataViewId(dataset),
    attributes: {
      fieldAttrs: '{}',
      fieldFormatMap: sortedJson(formats(dataset)),
      fields: '[]',
      name: `Throughline ${dataset}`,
      runtimeFieldMap: '{}',
      timeFieldName: '@timestamp',
      title: titles[dataset],
    },
  }
}
