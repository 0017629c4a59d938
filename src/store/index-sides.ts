import type { HopKind } from '../model/hop.ts'
import { quoteTexts } from './query.ts'

const SIDES = {
  gateway: { side: 'g', stamp: 'start_ts' },
  app: { side: 'a', stamp: 'end_ts' },
} as const

/**
 * Rows of new files of facts for an index, as a SELECT: columns side (g or a), ts and those of the lists.
 *
 * @param lists SELECT lists by kind, each maybe with ` WHERE ` and a condition behind it
 */
export function selectSides(
  staged: readonly { readonly kind: HopKind; readonly file: string }[],
  lists: Readonly<Record<HopKind, readonly string[]>>,
): string {
  const parts = (['gateway', 'app'] as const).flatMap(kind => {
    const files = staged.filter(s => s.kind === kind).map(s => s.file)
    if (files.length === 0) return []
    const { side, stamp } = SIDES[kind]
    return lists[kind].map(list => {
      const [columns, where] = list.split(' WHERE ')
      return `SELECT '${side}' AS side, ${stamp} AS ts, ${columns} FROM read_parquet(${quoteTexts(files)})${where ? ` WHERE ${where}` : ''}`
    })
  })
  return parts.join(' UNION ALL ')
}
