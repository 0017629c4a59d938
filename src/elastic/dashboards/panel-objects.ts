import { criteriaText } from '../../model/criteria.ts'
import { dataViewId } from './data-views.ts'
import type { AskingPanel, Dashboard, ListPanel, Panel, TextPanel } from './description.ts'
import { isList } from './description.ts'
import { type Json, kql } from './lens-columns.ts'
import { lensOf } from './lens-panels.ts'
import { sortedJson } from './sorted-json.ts'
import { uuidOf } from './uuid.ts'

export interface Reference {
  readonly id: string
  readonly name: string
  readonly type: string
}

/** A panel as it stands in a dashboard, and the references that the dashboard keeps for it. */
export interface PanelObject {
  readonly panel: Json
  readonly references: readonly Reference[]
}

/** What a saved search consists of; a panel only names it. */
export interface SearchObject {
  readonly id: string
  readonly attributes: Json
  readonly references: readonly Reference[]
}

interface Embedded {
  readonly type: 'lens' | 'visualization' | 'search'
  readonly config: Json
  readonly references: readonly Reference[]
  /** Name under which the references of the panel name what it shows. */
  readonly panelRefName?: string
}

/** What people read when they point at the title of a panel. */
export function describePanel({ description, criteria }: Panel): string {
  return [description, criteriaText(criteria)].filter(text => text !== '').join(' ')
}

export function panelObject(dashboard: Dashboard, panel: Panel): PanelObject {
  const panelIndex = uuidOf(dashboard.id, panel.name)
  const { type, config, references, panelRefName } = embedded(dashboard, panel)
  return {
    panel: {
      embeddableConfig: config,
      gridData: { ...panel.grid, i: panelIndex },
      panelIndex,
      ...(panelRefName && { panelRefName }),
      title: panel.title,
      type,
    },
    references: references.map(r => ({ ...r, name: `${panelIndex}:${r.name}` })),
  }
}

function embedded(dashboard: Dashboard, panel: Panel): Embedded {
  if (panel.type === 'text') return textConfig(panel)
  return isList(panel) ? listConfig(dashboard, panel) : lensConfig(panel, `${dashboard.id}/${panel.name}`)
}

function lensConfig(panel: AskingPanel, scope: string): Embedded {
  const { visualizationType, layerId, state } = lensOf(panel, scope)
  const name = `indexpattern-datasource-layer-${layerId}`
  const references = [{ id: dataViewId(panel.dataset), name, type: 'index-pattern' }]
  const description = describePanel(panel)
  return {
    type: 'lens',
    references,
    config: {
      attributes: { description, references, state, title: '', type: 'lens', visualizationType },
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
        description: describePanel(panel),
        params: { fontSize: 12, markdown: panel.markdown, openLinksInNewTab: false },
        title: '',
        type: 'markdown',
        uiState: {},
      },
    },
  }
}

function listConfig(dashboard: Dashboard, panel: ListPanel): Embedded {
  const panelRefName = `panel_${uuidOf(dashboard.id, panel.name)}`
  return {
    type: 'search',
    references: [{ id: searchId(dashboard, panel), name: panelRefName, type: 'search' }],
    config: { enhancements: {} },
    panelRefName,
  }
}

const searchId = (dashboard: Dashboard, panel: ListPanel): string => `${dashboard.id}-${panel.name}`

/** The saved search that a list shows; Kibana keeps it beside the dashboard. */
export function searchObject(dashboard: Dashboard, panel: ListPanel): SearchObject {
  const { dataset, where = '', columns } = panel
  const indexRefName = 'kibanaSavedObjectMeta.searchSourceJSON.index'
  return {
    id: searchId(dashboard, panel),
    attributes: {
      // The names that filters use, which are aliases in the mapping: they head the columns.
      columns,
      description: describePanel(panel),
      grid: {},
      hideChart: true,
      isTextBasedQuery: false,
      kibanaSavedObjectMeta: {
        searchSourceJSON: sortedJson({ filter: [], indexRefName, query: kql(where) }),
      },
      sort: [['@timestamp', 'desc']],
      timeRestore: false,
      title: `${dashboard.title}: ${panel.title}`,
    },
    references: [{ id: dataViewId(dataset), name: indexRefName, type: 'index-pattern' }],
  }
}
