import type { Position } from '../lines.ts'
import type { RowBinding } from './binding.ts'
import type { RowColumns } from './row-columns.ts'

/** What host and site mean for the rows of one day: the head of their identity key, and chunk columns. */
export interface Origin {
  readonly identity: Buffer
  readonly columns: string
}

/** What is known of a row besides its columns. */
export interface RowFacts {
  readonly origin: Origin
  readonly at: Position
  readonly hopId: string
  /** Logged second since 1970. */
  readonly endSecond: number
  /** Members of a JSON object that go among the attributes, before those of the row. */
  readonly members: string | undefined
}

/** What one writer of W3C extended logs does its own way. */
export interface Dialect<B extends RowBinding> {
  /** Columns of rows that no #Fields stands above; undefined: not configured. */
  readonly fields: readonly string[] | undefined
  bind(names: readonly string[]): B
  /** Columns of a row that no #Fields stands above, as far as the row itself tells; left out where it never does. */
  readonly guess?: (row: RowColumns) => B | undefined
  /** Whether a row that can be read tells of a request; one that does not is counted as a directive. */
  isRecord(row: RowColumns, binding: B): boolean
  origin(row: RowColumns, binding: B, day: number): Origin
  /** The chunk columns that stand before the raw row, each followed by a space. */
  columns(row: RowColumns, binding: B, facts: RowFacts): string
}
