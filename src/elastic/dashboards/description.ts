import type { Criterion } from '../../model/criteria.ts'

/** What a panel counts: requests, or what was read and joined: days, hours and sources. */
export type Dataset = 'requests' | 'coverage'

/** How a panel divides what it counts. Fields are named as in filters. */
export type Breakdown = ByValues | ByTime | ByFilters

/** By the values of a field, the most frequent or first ones. */
export interface ByValues {
  readonly kind: 'values'
  readonly field: string
  readonly label: string
  /** At most so many values. */
  readonly size: number
  /** Requests without a value are shown under `(missing)`; text fields only. Left out by default. */
  readonly missing?: true
  /** By the first metric, most first (default), or by the value itself, smallest first. */
  readonly order?: 'most' | 'value'
}

/** By time; `auto` follows the period that is looked at. */
export interface ByTime {
  readonly kind: 'time'
  readonly field: string
  readonly label: string
  readonly every: 'auto' | '5m' | '1h' | '1d'
}

/** By filters of our own; one request may meet several. */
export interface ByFilters {
  readonly kind: 'filters'
  readonly filters: readonly { readonly label: string; readonly where: string }[]
}

export type Metric =
  | { readonly kind: 'count'; readonly label: string; readonly where?: string }
  | FieldMetric
  /** Share of those that meet `of` among those that meet `among`; all by default. */
  | { readonly kind: 'share'; readonly label: string; readonly of: string; readonly among?: string }

export interface FieldMetric {
  /** `unique` counts different values. */
  readonly kind: 'sum' | 'average' | 'max' | 'unique'
  readonly label: string
  readonly field: string
}

/** Place in the grid of a dashboard, which is 48 columns wide. */
export interface Grid {
  readonly x: number
  readonly y: number
  readonly w: number
  readonly h: number
}

interface PanelBase {
  /** Unique in its dashboard; ids of saved objects come from it. */
  readonly name: string
  readonly title: string
  /** What it answers; the criteria are added when it is shown. */
  readonly description: string
  readonly criteria: readonly Criterion[]
  readonly grid: Grid
}

interface QuestionPanel extends PanelBase {
  readonly dataset: Dataset
  /** Filter of the whole panel, in the filter language. */
  readonly where?: string
}

export interface MetricPanel extends QuestionPanel {
  readonly type: 'metric'
  readonly metric: Metric
}

export interface TablePanel extends QuestionPanel {
  readonly type: 'table'
  readonly rows: readonly [Breakdown, ...Breakdown[]]
  readonly metrics: readonly [Metric, ...Metric[]]
}

export interface SeriesPanel extends QuestionPanel {
  readonly type: 'series'
  readonly shape: 'line' | 'area_stacked' | 'bar_stacked' | 'bar_horizontal_stacked'
  readonly x: Breakdown
  readonly split?: Breakdown
  readonly metrics: readonly [Metric, ...Metric[]]
}

export interface PartitionPanel extends QuestionPanel {
  readonly type: 'partition'
  readonly shape: 'donut' | 'treemap'
  readonly groups: readonly [Breakdown, ...Breakdown[]]
  readonly metric: Metric
}

export interface HeatmapPanel extends QuestionPanel {
  readonly type: 'heatmap'
  readonly x: Breakdown
  readonly y: Breakdown
  readonly metric: Metric
}

/** What is counted elsewhere, one by one, latest first: a table of Discover. */
export interface ListPanel extends QuestionPanel {
  readonly type: 'list'
  readonly columns: readonly string[]
}

export interface TextPanel extends PanelBase {
  readonly type: 'text'
  readonly markdown: string
}

/** A panel that counts something. */
export type AskingPanel = MetricPanel | TablePanel | SeriesPanel | PartitionPanel | HeatmapPanel
export type Panel = AskingPanel | ListPanel | TextPanel

/** A list to choose values of a field from, above the panels. */
export interface Control {
  readonly field: string
  readonly title: string
  readonly dataset: Dataset
}

export interface Dashboard {
  /** Id of the saved object, and its name in addresses. */
  readonly id: string
  readonly title: string
  readonly description: string
  /** Period shown when it is opened, as Kibana writes it; without: the one looked at before. */
  readonly period?: { readonly from: string; readonly to: string }
  readonly controls: readonly Control[]
  readonly panels: readonly Panel[]
}

export function isAsking(panel: Panel): panel is AskingPanel {
  return panel.type !== 'text' && panel.type !== 'list'
}

export function isList(panel: Panel): panel is ListPanel {
  return panel.type === 'list'
}
