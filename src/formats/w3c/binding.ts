import type { ChunkLayout } from '../chunk.ts'

/** What a row is checked by, whoever wrote it. Indexes are column positions, -1 where absent. */
export interface RowBinding {
  readonly names: readonly string[]
  readonly date: number
  readonly time: number
  readonly timeTaken: number
  /** Columns that must hold an unsigned number of at most so many digits. */
  readonly numeric: readonly { readonly index: number; readonly digits: number }[]
  /** Columns that are secrets as a whole (an Authorization header logged as a custom field). */
  readonly secret: readonly number[]
  /** The same by the fixed list that identity is made with. */
  readonly identitySecret: readonly number[]
  /** How rows become rows of a chunk. */
  readonly layout: ChunkLayout
}
