import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { DASHBOARDS } from '../../src/elastic/dashboards/dashboards.ts'
import { isAsking, isList } from '../../src/elastic/dashboards/description.ts'
import { savedObjects, savedObjectsNdjson } from '../../src/elastic/dashboards/saved-objects.ts'
import { CRITERIA } from '../../src/model/criteria.ts'
import { decoded, kindsOf, type Tree } from './key-paths.ts'

const EXPORTS = JSON.parse(readFileSync(new URL('exports.json', import.meta.url), 'utf8')) as {
  readonly versions: Readonly<Record<string, Readonly<Record<'8' | '9', readonly string[]>>>>
  readonly groups: Readonly<Record<string, Readonly<Record<string, string>>>>
}

const LINES = savedObjectsNdjson().trimEnd().split('\n')
const OBJECTS = LINES.map(line => JSON.parse(line) as Tree)
const DASHBOARD_OBJECTS = OBJECTS.filter(o => o.type === 'dashboard')

/** What an object has that no export has, and the other way round; both must be empty. */
function differences(group: string, value: unknown, opaque: readonly string[] = []): string[] {
  const known = EXPORTS.groups[group]
  if (known === undefined) return [`${group}: of this no export was read`]
  const found = kindsOf(value, new Set(opaque))
  const strange = [...found].flatMap(([path, kinds]) => {
    const allowed = (known[path] ?? '').replace('always ', '').split('|')
    return [...kinds].filter(kind => !allowed.includes(kind)).map(kind => `${group}: ${path} is ${kind}`)
  })
  const lacking = Object.entries(known).flatMap(([path, text]) => {
    const hasParent = !path.includes('.') || found.has(path.slice(0, path.lastIndexOf('.')))
    return text.startsWith('always') && hasParent && !found.has(path) ? [`${group}: lacks ${path}`] : []
  })
  return [...strange, ...lacking]
}

const panelsOf = (dashboard: Tree): Tree[] => decoded(dashboard.attributes.panelsJSON) as Tree[]
const ALL_PANELS = DASHBOARD_OBJECTS.flatMap(panelsOf)

test('every line of the file is one object, and the same bytes come out each time', () => {
  const lists = DASHBOARDS.flatMap(d => d.panels.filter(isList).map(() => 'search'))
  const dashboards = DASHBOARDS.map(() => 'dashboard')
  expect(OBJECTS.map(o => o.type)).toEqual(['index-pattern', 'index-pattern', ...lists, ...dashboards])
  expect(savedObjectsNdjson().split('\n')).toEqual([...LINES, ''])
})

/** As numbers, so that 10.11.0 is newer than 10.5.0. */
const parts = (version: string): number => version.split('.').reduce((sum, n) => sum * 1000 + Number(n), 0)

test('objects have a version that exports of Kibana 8 have, and none that is newer than those of Kibana 9', () => {
  for (const { type, coreMigrationVersion, typeMigrationVersion } of savedObjects()) {
    for (const [name, version] of [
      ['core', coreMigrationVersion],
      [type, typeMigrationVersion],
    ] as const) {
      const known = EXPORTS.versions[name] ?? { '8': [], '9': [] }
      expect(known['8']).toContain(version)
      expect(parts(version)).toBeLessThanOrEqual(Math.max(...known['9'].map(parts)))
    }
  }
})

test('ids are unique', () => {
  const ids = [...OBJECTS.map(o => o.id), ...ALL_PANELS.map(p => p.panelIndex)]
  expect(new Set(ids).size).toBe(ids.length)
})

test('dashboards have the keys that exports have', () => {
  const opaque = ['attributes.panelsJSON', 'attributes.controlGroupInput.panelsJSON']
  expect(DASHBOARD_OBJECTS.flatMap(o => differences('dashboard', o, opaque))).toEqual([])
})

test('controls have the keys that exports have', () => {
  const controls = DASHBOARD_OBJECTS.flatMap(o =>
    Object.values(decoded(o.attributes.controlGroupInput.panelsJSON) as Tree),
  )
  expect(controls.length).toBeGreaterThan(0)
  expect(controls.flatMap((c: Tree) => differences(`control ${c.type}`, c))).toEqual([])
})

test('data views and formats have the keys that exports have', () => {
  const views = OBJECTS.filter(o => o.type === 'index-pattern')
  const opaque = ['attributes.fieldFormatMap', 'attributes.fieldAttrs', 'attributes.runtimeFieldMap']
  expect(views.flatMap(o => differences('index-pattern', o, opaque))).toEqual([])
  const formats = views.flatMap(o => Object.values(decoded(o.attributes.fieldFormatMap) as Tree))
  expect(formats.flatMap((f: Tree) => differences(`format ${f.id}`, f))).toEqual([])
})

test('saved searches have the keys that exports have', () => {
  const searches = OBJECTS.filter(o => o.type === 'search')
  expect(searches.flatMap(o => differences('search', o, ['attributes.grid']))).toEqual([])
})

test('there are no other panels than Lens, Markdown and saved searches, and they have the keys that exports have', () => {
  const found = ALL_PANELS.flatMap(panel => {
    if (panel.type === 'visualization') return differences('markdown', panel)
    if (panel.type === 'search') return differences('search panel', panel)
    const { state, visualizationType } = panel.embeddableConfig.attributes
    const { visualization, datasourceStates, ...rest } = state
    const layers = Object.values(datasourceStates.formBased.layers as Tree) as Tree[]
    return [
      ...differences('lens', panel, ['embeddableConfig.attributes.state', 'embeddableConfig.enhancements']),
      ...differences('state', rest, ['adHocDataViews']),
      ...differences('datasourceStates', datasourceStates, ['formBased.layers', 'textBased.layers']),
      ...differences(visualizationType, visualization),
      ...layers.flatMap(layer => [
        ...differences('layer', layer, ['columns', 'incompleteColumns']),
        ...Object.values(layer.columns as Tree).flatMap((column: Tree) =>
          differences(`column ${column.operationType}`, column, ['params.tinymathAst.args']),
        ),
      ]),
    ]
  })
  expect([...new Set(found)]).toEqual([])
  expect([...new Set(ALL_PANELS.map(p => p.type))].sort()).toEqual(['lens', 'search', 'visualization'])
})

test('references lead to objects of the file that stand before, and there is one for each layer, list and control', () => {
  const before = new Set<string>()
  for (const { type, id, references } of OBJECTS) {
    expect(references.filter((r: Tree) => !before.has(`${r.type} ${r.id}`))).toEqual([])
    before.add(`${type} ${id}`)
  }
  for (const object of DASHBOARD_OBJECTS) {
    const wanted = panelsOf(object).flatMap(panel =>
      Object.keys(panel.embeddableConfig.attributes?.state.datasourceStates.formBased.layers ?? {}).map(
        layer => `${panel.panelIndex}:indexpattern-datasource-layer-${layer}`,
      ),
    )
    const lists = panelsOf(object).filter(panel => panel.panelRefName)
    wanted.push(...lists.map(panel => `${panel.panelIndex}:${panel.panelRefName}`))
    const controls = Object.keys(decoded(object.attributes.controlGroupInput.panelsJSON) as Tree)
    wanted.push(...controls.map(id => `controlGroup_${id}:optionsListDataView`))
    expect(object.references.map((r: Tree) => r.name).sort()).toEqual(wanted.sort())
  }
})

test('columns of a layer are those in its order, and charts show columns of their layer', () => {
  for (const { embeddableConfig } of ALL_PANELS.filter(p => p.type === 'lens')) {
    const { visualization, datasourceStates } = embeddableConfig.attributes.state
    const [[layerId, layer] = ['', {} as Tree]] = Object.entries(datasourceStates.formBased.layers as Tree)
    expect([...layer.columnOrder].sort()).toEqual(Object.keys(layer.columns).sort())
    const references = Object.values(layer.columns as Tree).flatMap((c: Tree) => [
      ...(c.references ?? []),
      ...(c.params?.orderBy?.columnId ? [c.params.orderBy.columnId] : []),
    ])
    const uuids = JSON.stringify(visualization).match(/[0-9a-f]{8}-[0-9a-f-]{27}/g) ?? []
    for (const id of [...references, ...uuids].filter(id => id !== layerId))
      expect(layer.columns).toHaveProperty(id)
  }
})

test.each(DASHBOARDS)('panels of $title lie in the grid of 48 columns and do not overlap', ({ panels }) => {
  const cells = new Map<string, string>()
  for (const { name, grid } of panels) {
    expect([name, grid.x >= 0 && grid.w > 0 && grid.h > 0 && grid.x + grid.w <= 48]).toEqual([name, true])
    for (let x = grid.x; x < grid.x + grid.w; x++)
      for (let y = grid.y; y < grid.y + grid.h; y++) {
        expect([name, cells.get(`${x} ${y}`)]).toEqual([name, undefined])
        cells.set(`${x} ${y}`, name)
      }
  }
  const bottom = Math.max(...panels.map(({ grid }) => grid.y + grid.h))
  expect(cells.size).toBe(48 * bottom)
})

test('every dashboard can be reached from every other', () => {
  const ids = DASHBOARDS.map(d => d.id)
  for (const { id, panels } of DASHBOARDS) {
    const links = panels.flatMap(p =>
      p.type === 'text' ? [...p.markdown.matchAll(/#\/view\/([\w-]+)/g)].map(([, to]) => to) : [],
    )
    expect(links.sort()).toEqual(ids.filter(other => other !== id).sort())
  }
})

test('every panel says what it answers, under a title of its own; criteria are those of SOC 2', () => {
  const asking = DASHBOARDS.flatMap(d => d.panels).filter(p => isAsking(p) || isList(p))
  for (const { panels } of DASHBOARDS) expect(new Set(panels.map(p => p.title)).size).toBe(panels.length)
  for (const { title, description, criteria } of asking) {
    expect([title, description.length > 25, description.endsWith('.')]).toEqual([title, true, true])
    for (const criterion of criteria) expect(CRITERIA).toHaveProperty([criterion])
  }
  const used = new Set(DASHBOARDS.flatMap(d => d.panels.flatMap(p => p.criteria)))
  expect([...used].sort()).toEqual(Object.keys(CRITERIA).sort())
})
