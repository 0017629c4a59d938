import { SCRUBBED } from '../../model/scrub.ts'
import type { ReaderContext } from '../format.ts'
import type { RowBinding } from './binding.ts'
import type { RowColumns } from './row-columns.ts'

/** A row without secrets, and the row that its identity is made of. */
export interface ScrubbedRow {
  readonly stored: Buffer
  readonly key: Buffer
  readonly count: number
}

/**
 * Takes the secrets out of a row. Identity blanks a fixed list, so that a changed configuration changes no id.
 *
 * @returns undefined where there is nothing to scrub: the normal case
 */
export function scrubRow(
  row: RowColumns,
  start: number,
  end: number,
  binding: RowBinding,
  { scrubber, identityScrubber }: ReaderContext,
): ScrubbedRow | undefined {
  if (!row.isSuspect && !binding.secret.length && !binding.identitySecret.length) return undefined
  const text = row.line.toString('latin1', start, end)
  const stored = blank(scrubber.scrub(text), binding.secret)
  const key =
    scrubber === identityScrubber ? stored : blank(identityScrubber.scrub(text), binding.identitySecret)
  if (stored.count === 0 && key.count === 0) return undefined
  return {
    stored: Buffer.from(stored.text, 'latin1'),
    key: Buffer.from(key.text, 'latin1'),
    count: stored.count,
  }
}

/** Replaces whole columns. */
function blank(
  row: { readonly text: string; readonly count: number },
  indexes: readonly number[],
): { text: string; count: number } {
  if (indexes.length === 0) return row
  let { count } = row
  const columns = row.text.split(' ')
  for (const index of indexes) {
    const value = columns[index]
    if (value === '-' || value === SCRUBBED) continue
    columns[index] = SCRUBBED
    count++
  }
  return { text: columns.join(' '), count }
}
