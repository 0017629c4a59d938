import { expect, test } from 'vitest'
import { DASHBOARDS } from '../../src/elastic/dashboards/dashboards.ts'
import { datasetFields } from '../../src/elastic/dashboards/datasets.ts'
import { type Dataset, isAsking } from '../../src/elastic/dashboards/description.ts'
import { measuresOf, questionOf } from '../../src/elastic/dashboards/question.ts'
import { savedObjects } from '../../src/elastic/dashboards/saved-objects.ts'
import { coverageMappings, requestMappings } from '../../src/elastic/mapping.ts'
import { bindFilter, parseFilter } from '../../src/requests/filter/index.ts'
import { decoded, type Tree } from './key-paths.ts'

const PROPERTIES: Readonly<Record<Dataset, Readonly<Record<string, Tree>>>> = {
  requests: requestMappings().properties,
  coverage: coverageMappings().properties,
}
const VIEWS: Readonly<Record<string, Dataset>> = Object.fromEntries(
  savedObjects()
    .filter(o => o.type === 'index-pattern')
    .map(o => [o.id, String(o.attributes.title).replace('throughline-', '') as Dataset]),
)
const DASHBOARD_OBJECTS = savedObjects().filter(o => o.type === 'dashboard')

/** Every value under a key, however deep. */
function valuesUnder(key: string, value: unknown): unknown[] {
  if (typeof value !== 'object' || value === null) return []
  return Object.entries(value).flatMap(([k, v]) => [...(k === key ? [v] : []), ...valuesUnder(key, v)])
}

const lensPanels = DASHBOARD_OBJECTS.flatMap(o => decoded(o.attributes.panelsJSON) as Tree[])
  .filter(p => p.type === 'lens')
  .map(panel => {
    const { state, references } = panel.embeddableConfig.attributes
    return {
      title: panel.title as string,
      dataset: VIEWS[references[0].id] ?? 'requests',
      state: state as Tree,
    }
  })

test('every field that a panel shows is in the mapping of its index, and no alias', () => {
  for (const { title, dataset, state } of lensPanels) {
    const names = ['sourceField', 'sortField'].flatMap(key => valuesUnder(key, state))
    for (const name of names.filter(n => n !== '___records___')) {
      const property = PROPERTIES[dataset][String(name)]
      expect([title, name, property !== undefined && property.type !== 'alias']).toEqual([title, name, true])
    }
  }
})

test('every column of a list is a name of the mapping', () => {
  const searches = savedObjects().filter(o => o.type === 'search')
  for (const { attributes, references } of searches)
    for (const column of attributes.columns as string[])
      expect(PROPERTIES[VIEWS[references[0]?.id ?? ''] ?? 'coverage']).toHaveProperty([column])
  expect(searches.length).toBeGreaterThan(0)
})

test('every filter of a panel is one of ours, and names fields of the mapping', () => {
  let filters = 0
  for (const { title, dataset, state } of lensPanels) {
    const texts = valuesUnder('query', state).filter((q): q is string => typeof q === 'string' && q !== '')
    const formulas = valuesUnder('formula', state).map(String)
    const inside = formulas.flatMap(f => [...f.matchAll(/kql='([^']*)'/g)].map(([, text = '']) => text))
    expect(formulas.every(f => f.split("'").length % 2 === 1)).toBe(true)
    for (const text of [...texts, ...inside]) {
      const names = fieldsOf(text, dataset)
      for (const name of names)
        expect([title, name, name in PROPERTIES[dataset]]).toEqual([title, name, true])
      filters += names.length
    }
  }
  expect(filters).toBeGreaterThan(50)
})

function fieldsOf(text: string, dataset: Dataset): string[] {
  const bound = bindFilter(parseFilter(text), datasetFields(dataset), new Date(0))
  return valuesUnder('field', bound).map(field => (field as { readonly name: string }).name)
}

test('controls and formats are of fields of the mapping; ids lead to the dashboard that traces them', () => {
  for (const { attributes, references } of DASHBOARD_OBJECTS) {
    const controls = decoded((attributes.controlGroupInput as Tree).panelsJSON) as Tree
    for (const [id, { explicitInput }] of Object.entries(controls)) {
      const view = references.find(r => r.name === `controlGroup_${id}:optionsListDataView`)
      expect(PROPERTIES[VIEWS[view?.id ?? ''] ?? 'coverage']).toHaveProperty([explicitInput.fieldName])
    }
  }
  const ids = new Set(DASHBOARDS.map(d => d.id))
  for (const { id, type, attributes } of savedObjects()) {
    if (type !== 'index-pattern') continue
    for (const [field, format] of Object.entries(decoded(attributes.fieldFormatMap) as Tree)) {
      expect(PROPERTIES[VIEWS[id] ?? 'requests']).toHaveProperty([field])
      const to = /#\/view\/([\w-]+)\?/.exec(format.params?.urlTemplate ?? '')?.[1]
      if (format.id === 'url') expect(ids).toContain(to)
    }
  }
})

test('an address that an id leads to is what Kibana reads: a period, and a filter of ours with the id in it', () => {
  const view = savedObjects().find(o => VIEWS[o.id] === 'requests')
  const formats = decoded(view?.attributes.fieldFormatMap) as Tree
  for (const field of [
    'event.id',
    'http.request.id',
    'trace.id',
    'throughline.message_id',
    'correlation_id',
  ]) {
    const { urlTemplate } = formats[field].params as { readonly urlTemplate: string }
    // Kibana puts the encoded value in, the browser decodes the fragment.
    const address = decodeURIComponent(urlTemplate.replaceAll('{{value}}', encodeURIComponent('a/b:c')))
    const [, filter = ''] = /query:'([^']*)'/.exec(address) ?? []
    const bound = bindFilter(parseFilter(filter), datasetFields('requests'), new Date(0))
    expect(bound).toMatchObject({ kind: 'compare', operator: '=', value: 'a/b:c' })
    expect(address).toMatch(
      /^\.\.\/app\/dashboards#\/view\/throughline-trace\?_g=\(time:\(from:now-5y,to:'now\+1d'\)\)&_a=/,
    )
  }
})

test('values are chosen by a metric that every level of a search can compute', () => {
  for (const panel of DASHBOARDS.flatMap(d => d.panels).filter(isAsking)) {
    const { breakdowns, metrics } = questionOf(panel)
    if (!breakdowns.some(b => b.kind === 'values' && b.order !== 'value')) continue
    const [first] = metrics.flatMap(measuresOf)
    expect([panel.name, first?.where]).toEqual([panel.name, undefined])
  }
})
