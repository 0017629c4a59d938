import { HOP_KINDS, type HopKind, stampOf } from '../model/hop.ts'
import { quoteTexts } from './query.ts'

/** How an index names the kind of its hops. */
export const SIDES = { gateway: 'g', app: 'a', kernel: 'k' } as const satisfies Record<HopKind, string>

/**
 * Rows of new files of facts for an index, as a SELECT: columns side (g, a or k), ts and those of the lists.
 *
 * @param lists SELECT lists by kind, each maybe with ` WHERE ` and a condition behind it
 */
export function selectSides(
  staged: readonly { readonly kind: HopKind; readonly file: string }[],
  lists: Readonly<Record<HopKind, readonly string[]>>,
): string {
  const parts = HOP_KINDS.flatMap(kind => {
    const files = staged.filter(s => s.kind === kind).map(s => s.file)
    if (files.length === 0) return []
    return lists[kind].map(list => {
      const [columns, where] = list.split(' WHERE ')
      return `SELECT '${SIDES[kind]}' AS side, ${stampOf(kind)} AS ts, ${columns} FROM read_parquet(${quoteTexts(files)})${where ? ` WHERE ${where}` : ''}`
    })
  })
  return parts.join(' UNION ALL ')
}
