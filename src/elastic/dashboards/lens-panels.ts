import type { AskingPanel, Breakdown, HeatmapPanel, PartitionPanel, SeriesPanel } from './description.ts'
import { type Columns, columnsOf, type Json, kql } from './lens-columns.ts'
import { breakdownsOf, metricsOf } from './question.ts'
import { uuidOf } from './uuid.ts'

/** A Lens chart inside a panel, and the layer whose data view it needs. */
export interface Lens {
  readonly visualizationType: string
  readonly layerId: string
  readonly state: Json
}

/** @param scope what makes the ids unique: dashboard and panel */
export function lensOf(panel: AskingPanel, scope: string): Lens {
  const layerId = uuidOf(scope, 'layer')
  const columns = columnsOf(scope, panel.dataset, breakdownsOf(panel), metricsOf(panel))
  const { visualizationType, visualization } = visualizationOf(panel, layerId, columns)
  const layer = {
    columnOrder: columns.columnOrder,
    columns: columns.columns,
    ignoreGlobalFilters: false,
    incompleteColumns: {},
    sampling: 1,
  }
  return {
    visualizationType,
    layerId,
    state: {
      adHocDataViews: {},
      datasourceStates: { formBased: { layers: { [layerId]: layer } }, textBased: { layers: {} } },
      filters: [],
      internalReferences: [],
      query: kql(panel.where ?? ''),
      visualization,
    },
  }
}

interface Visualization {
  readonly visualizationType: string
  readonly visualization: Json
}

function visualizationOf(panel: AskingPanel, layerId: string, columns: Columns): Visualization {
  const layer = { layerId, layerType: 'data' }
  switch (panel.type) {
    case 'metric':
      return {
        visualizationType: 'lnsMetric',
        visualization: { ...layer, metricAccessor: columns.metrics[0] },
      }
    case 'table':
      return {
        visualizationType: 'lnsDatatable',
        visualization: {
          ...layer,
          columns: [...columns.breakdowns, ...columns.metrics].map(columnId => ({
            columnId,
            isMetric: columns.metrics.includes(columnId),
            isTransposed: false,
          })),
        },
      }
    case 'series':
      return { visualizationType: 'lnsXY', visualization: series(panel, layer, columns) }
    case 'partition':
      return { visualizationType: 'lnsPie', visualization: partition(panel, layer, columns) }
    case 'heatmap':
      return { visualizationType: 'lnsHeatmap', visualization: heatmap(panel, layer, columns) }
  }
}

/** The column of a breakdown, which stands where `breakdownsOf` put it. */
function accessor(panel: AskingPanel, columns: Columns, breakdown: Breakdown): string | undefined {
  return columns.breakdowns[breakdownsOf(panel).indexOf(breakdown)]
}

function series(panel: SeriesPanel, layer: Json, columns: Columns): Json {
  const visible = { x: true, yLeft: true, yRight: true }
  const isAlone = panel.split === undefined && panel.metrics.length === 1
  return {
    axisTitlesVisibilitySettings: { x: false, yLeft: false, yRight: false },
    fittingFunction: 'None',
    gridlinesVisibilitySettings: visible,
    labelsOrientation: { x: 0, yLeft: 0, yRight: 0 },
    layers: [
      {
        ...layer,
        accessors: columns.metrics,
        position: 'top',
        seriesType: panel.shape,
        showGridlines: false,
        ...(panel.split && { splitAccessor: accessor(panel, columns, panel.split) }),
        xAccessor: accessor(panel, columns, panel.x),
      },
    ],
    legend: { isVisible: !isAlone, position: 'right' },
    preferredSeriesType: panel.shape,
    tickLabelsVisibilitySettings: visible,
    valueLabels: 'hide',
  }
}

function partition(panel: PartitionPanel, layer: Json, columns: Columns): Json {
  return {
    layers: [
      {
        ...layer,
        categoryDisplay: 'default',
        ...(panel.shape === 'donut' && { emptySizeRatio: 0.54 }),
        legendDisplay: 'default',
        metrics: columns.metrics,
        nestedLegend: false,
        numberDisplay: 'percent',
        primaryGroups: columns.breakdowns,
      },
    ],
    shape: panel.shape,
  }
}

/** Cells from pale to full; the steps follow the values that are there. */
const PALETTE = ['#e6ebf2', '#c2d3ec', '#91b3e3', '#5f8fd4', '#2f6bbf']

function heatmap(panel: HeatmapPanel, layer: Json, columns: Columns): Json {
  const share = 100 / PALETTE.length
  const stops = (shift: number): Json[] => PALETTE.map((color, i) => ({ color, stop: (i + shift) * share }))
  return {
    ...layer,
    gridConfig: {
      isCellLabelVisible: true,
      isXAxisLabelVisible: true,
      isXAxisTitleVisible: true,
      isYAxisLabelVisible: true,
      isYAxisTitleVisible: true,
      type: 'heatmap_grid',
    },
    legend: { isVisible: false, position: 'right', type: 'heatmap_legend' },
    palette: {
      accessor: columns.metrics[0],
      name: 'custom',
      params: {
        colorStops: stops(0),
        continuity: 'above',
        name: 'custom',
        rangeMax: null,
        rangeMin: 0,
        rangeType: 'percent',
        reverse: false,
        steps: PALETTE.length,
        stops: stops(1),
      },
      type: 'palette',
    },
    shape: 'heatmap',
    valueAccessor: columns.metrics[0],
    xAccessor: accessor(panel, columns, panel.x),
    yAccessor: accessor(panel, columns, panel.y),
  }
}
