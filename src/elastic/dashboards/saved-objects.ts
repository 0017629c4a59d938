import { DASHBOARDS } from './dashboards.ts'
import { DEFAULT_TITLES, dataViewId, dataViewOf, type Titles } from './data-views.ts'
import { elasticName } from './datasets.ts'
import { type Control, type Dashboard, type Dataset, isList } from './description.ts'
import { type Json, kql } from './lens-columns.ts'
import { panelObject, type Reference, searchObject } from './panel-objects.ts'
import { sortedJson } from './sorted-json.ts'
import { uuidOf } from './uuid.ts'

/** A saved object as Kibana's import reads it, one a line. */
export interface SavedObject {
  readonly id: string
  readonly type: keyof typeof TYPE_VERSIONS
  readonly attributes: Json
  readonly references: readonly Reference[]
  readonly coreMigrationVersion: string
  readonly typeMigrationVersion: string
}

/**
 * The layout that the objects are written in, as exports of Kibana 8 carry it. Later versions bring an older layout up
 * to date when they import it, and refuse one that is newer than they know (docs/dashboards.md).
 */
const CORE_VERSION = '8.8.0'
const TYPE_VERSIONS = { 'index-pattern': '8.0.0', search: '10.5.0', dashboard: '10.2.0' } as const
const DATASETS: readonly Dataset[] = ['requests', 'coverage']

/**
 * Data views, saved searches and dashboards, for Kibana's saved objects import; the same bytes every time.
 *
 * @param titles where the documents are, if not under the names that they have by default
 */
export function savedObjectsNdjson(titles: Titles = DEFAULT_TITLES): string {
  return savedObjects(titles)
    .map(object => `${sortedJson(object)}\n`)
    .join('')
}

/** Every object after those that it refers to. */
export function savedObjects(titles: Titles = DEFAULT_TITLES): readonly SavedObject[] {
  const views = DATASETS.map(dataset => dataViewOf(dataset, titles))
  const searches = DASHBOARDS.flatMap(d => d.panels.filter(isList).map(panel => searchObject(d, panel)))
  return [
    ...views.map(({ id, attributes }) => savedObject('index-pattern', id, attributes, [])),
    ...searches.map(s => savedObject('search', s.id, s.attributes, s.references)),
    ...DASHBOARDS.map(dashboardObject),
  ]
}

function savedObject(
  type: SavedObject['type'],
  id: string,
  attributes: Json,
  references: readonly Reference[],
): SavedObject {
  const typeMigrationVersion = TYPE_VERSIONS[type]
  return { id, type, attributes, references, coreMigrationVersion: CORE_VERSION, typeMigrationVersion }
}

const OPTIONS = {
  hidePanelTitles: false,
  syncColors: true,
  syncCursor: true,
  syncTooltips: false,
  useMargins: true,
}

function dashboardObject(dashboard: Dashboard): SavedObject {
  const { id, title, description, period } = dashboard
  const panels = dashboard.panels.map(panel => panelObject(dashboard, panel))
  const controls = controlsOf(dashboard)
  const attributes = {
    controlGroupInput: controls.input,
    description,
    kibanaSavedObjectMeta: { searchSourceJSON: sortedJson({ filter: [], query: kql('') }) },
    optionsJSON: sortedJson(OPTIONS),
    panelsJSON: sortedJson(panels.map(p => p.panel)),
    ...(period && { timeFrom: period.from, timeTo: period.to }),
    timeRestore: period !== undefined,
    title,
    version: 1,
  }
  return savedObject('dashboard', id, attributes, [
    ...panels.flatMap(p => p.references),
    ...controls.references,
  ])
}

interface Controls {
  readonly input: Json
  readonly references: readonly Reference[]
}

function controlsOf({ id: dashboard, controls }: Dashboard): Controls {
  const made = controls.map((c, order) => {
    const id = uuidOf(dashboard, 'control', c.field)
    const reference = {
      id: dataViewId(c.dataset),
      name: `controlGroup_${id}:optionsListDataView`,
      type: 'index-pattern',
    }
    return { id, control: control(c, id, order), reference }
  })
  const ignore = {
    ignoreFilters: false,
    ignoreQuery: false,
    ignoreTimerange: false,
    ignoreValidations: false,
  }
  return {
    input: {
      chainingSystem: 'HIERARCHICAL',
      controlStyle: 'oneLine',
      ignoreParentSettingsJSON: sortedJson(ignore),
      panelsJSON: sortedJson(Object.fromEntries(made.map(m => [m.id, m.control]))),
    },
    references: made.map(m => m.reference),
  }
}

function control({ field, title, dataset }: Control, id: string, order: number): Json {
  return {
    explicitInput: {
      enhancements: {},
      fieldName: elasticName(dataset, field),
      id,
      searchTechnique: 'prefix',
      selectedOptions: [],
      title,
    },
    grow: true,
    order,
    type: 'optionsListControl',
    width: 'medium',
  }
}
