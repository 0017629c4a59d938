import { criteriaText } from './criteria.ts'
import { DASHBOARDS } from './dashboards.ts'
import { dataViewId, dataViewOf } from './data-views.ts'
import { elasticName } from './datasets.ts'
import type { Control, Dashboard, Panel, TextPanel } from './description.ts'
import { type Json, kql } from './lens-columns.ts'
import { lensOf } from './lens-panels.ts'
import { uuidOf } from './uuid.ts'

/** A saved object as Kibana's import reads it, one a line. */
export interface SavedObject {
  readonly id: string
  readonly type: 'dashboard' | 'index-pattern'
  readonly attributes: Json
  readonly references: readonly Reference[]
  readonly coreMigrationVersion: string
  readonly typeMigrationVersion: string
}

export interface Reference {
  readonly id: string
  readonly name: string
  readonly type: string
}

/**
 * The layout that the objects are written in, as exports of Kibana 8.19 carry it. Later versions bring an older layout
 * up to date when they import it, and refuse one that is newer than they know (docs/dashboards.md).
 */
const CORE_VERSION = '8.8.0'
const TYPE_VERSIONS = { dashboard: '10.2.0', 'index-pattern': '8.0.0' } as const

/** The data views and the dashboards, for Kibana's saved objects import; the same bytes every time. */
export function savedObjectsNdjson(): string {
  return savedObjects()
    .map(object => `${JSON.stringify(sorted(object))}\n`)
    .join('')
}

export function savedObjects(): readonly SavedObject[] {
  const views = (['requests', 'coverage'] as const).map(dataset => {
    const { id, attributes } = dataViewOf(dataset)
    return savedObject('index-pattern', id, attributes, [])
  })
  return [...views, ...DASHBOARDS.map(dashboardObject)]
}

function savedObject(
  type: SavedObject['type'],
  id: string,
  attributes: Json,
  references: readonly Reference[],
): SavedObject {
  return {
    id,
    type,
    attributes,
    references,
    coreMigrationVersion: CORE_VERSION,
    typeMigrationVersion: TYPE_VERSIONS[type],
  }
}

function dashboardObject(dashboard: Dashboard): SavedObject {
  const panels = dashboard.panels.map(panel => panelObject(dashboard, panel))
  const controls = controlsOf(dashboard)
  const attributes = {
    controlGroupInput: controls.input,
    description: dashboard.description,
    kibanaSavedObjectMeta: { searchSourceJSON: JSON.stringify(sorted({ filter: [], query: kql('') })) },
    optionsJSON: JSON.stringify({
      hidePanelTitles: false,
      syncColors: true,
      syncCursor: true,
      syncTooltips: false,
      useMargins: true,
    }),
    panelsJSON: JSON.stringify(sorted(panels.map(p => p.panel))),
    ...(dashboard.period
      ? { timeFrom: dashboard.period.from, timeRestore: true, timeTo: dashboard.period.to }
      : { timeRestore: false }),
    title: dashboard.title,
    version: 1,
  }
  const references = [...panels.flatMap(p => p.references), ...controls.references]
  return savedObject('dashboard', dashboard.id, attributes, references)
}

interface PanelObject {
  readonly panel: Json
  readonly references: readonly Reference[]
}

function panelObject(dashboard: Dashboard, panel: Panel): PanelObject {
  const panelIndex = uuidOf(dashboard.id, panel.name)
  const { type, config, references } =
    panel.type === 'text' ? textConfig(panel) : lensConfig(panel, `${dashboard.id}/${panel.name}`)
  return {
    panel: {
      embeddableConfig: config,
      gridData: { ...panel.grid, i: panelIndex },
      panelIndex,
      title: panel.title,
      type,
    },
    references: references.map(r => ({ ...r, name: `${panelIndex}:${r.name}` })),
  }
}

interface Embedded {
  readonly type: 'lens' | 'visualization'
  readonly config: Json
  readonly references: readonly Reference[]
}

/** What people read when they point at the title of a panel. */
export function describe({ description, criteria }: Panel): string {
  return [description, criteriaText(criteria)].filter(text => text !== '').join(' ')
}

function lensConfig(panel: Exclude<Panel, TextPanel>, scope: string): Embedded {
  const { visualizationType, layerId, state } = lensOf(panel, scope)
  const references = [
    {
      id: dataViewId(panel.dataset),
      name: `indexpattern-datasource-layer-${layerId}`,
      type: 'index-pattern',
    },
  ]
  return {
    type: 'lens',
    references,
    config: {
      attributes: {
        description: describe(panel),
        references,
        state,
        title: '',
        type: 'lens',
        visualizationType,
      },
      enhancements: {},
      hidePanelTitles: false,
    },
  }
}

function textConfig(panel: TextPanel): Embedded {
  return {
    type: 'visualization',
    references: [],
    config: {
      enhancements: {},
      hidePanelTitles: true,
      savedVis: {
        data: { aggs: [], searchSource: { filter: [], query: kql('') } },
        description: describe(panel),
        params: { fontSize: 12, markdown: panel.markdown, openLinksInNewTab: false },
        title: '',
        type: 'markdown',
        uiState: {},
      },
    },
  }
}

function controlsOf({ id, controls }: Dashboard): {
  readonly input: Json
  readonly references: readonly Reference[]
} {
  const ids = controls.map(c => uuidOf(id, 'control', c.field))
  const ignore = {
    ignoreFilters: false,
    ignoreQuery: false,
    ignoreTimerange: false,
    ignoreValidations: false,
  }
  const panels = controls.map((c, order): [string, Json] => [
    ids[order] ?? '',
    control(c, ids[order] ?? '', order),
  ])
  return {
    input: {
      chainingSystem: 'HIERARCHICAL',
      controlStyle: 'oneLine',
      ignoreParentSettingsJSON: JSON.stringify(ignore),
      panelsJSON: JSON.stringify(sorted(Object.fromEntries(panels))),
    },
    references: controls.map((c, i) => ({
      id: dataViewId(c.dataset),
      name: `controlGroup_${ids[i]}:optionsListDataView`,
      type: 'index-pattern',
    })),
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

/** The same with the keys of every object in order, so that a change of the code changes no more than it means to. */
function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted)
  if (typeof value !== 'object' || value === null) return value
  const entries = Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1))
  return Object.fromEntries(entries.map(([k, v]) => [k, sorted(v)]))
}
