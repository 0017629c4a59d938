import type { FilterParameter } from '../../requests/filter/index.ts'
import type { ByTime } from './description.ts'

/** Half-open, µs since 1970. */
export interface Period {
  readonly fromUs: number
  readonly toUs: number
}

/** What an answer depends on beside the panel and the data. */
export interface AskingOptions {
  /** What `now` means in filters. */
  readonly now: Date
  readonly period?: Period
}

export interface PanelSql {
  readonly sql: string
  readonly params: Readonly<Record<string, FilterParameter>>
}

/** What stands for no value where a breakdown asks for it. */
export const MISSING = '(missing)'

const STEP_US = { '5m': 300_000_000, '1h': 3_600_000_000, '1d': 86_400_000_000 } as const

/** The width of a time bucket, µs; `auto` is an hour where nobody looks at a period. */
export function stepUs({ every }: ByTime): number {
  return STEP_US[every === 'auto' ? '1h' : every]
}
