import type { StoreSize } from '../requests/store-size.ts'
import { bytes, count } from './output.ts'

/** What a store takes up, and what compacting and pruning would do about it, as lines of `status`. */
export function sizeLines(size: StoreSize): string[] {
  const { mergeable, merged, notReady, replaced, prunable, earlierLinks } = size
  const earlier = earlierLinks > 0 ? `, earlier links ${bytes(earlierLinks)}` : ''
  const ready = `requests of ${count(notReady)} settled ${notReady === 1 ? 'day are' : 'days are'} not ready for fast searches`
  const todo = [
    ...(mergeable > 0 ? [`${count(mergeable)} files would become ${count(merged)}`] : []),
    ...(notReady > 0 ? [ready] : []),
  ]
  return [
    `besides   rejects ${bytes(size.rejects)}, ledger ${bytes(size.ledger)}${earlier}; ${count(size.segments)} files of facts, ${count(size.indexFiles)} of index`,
    ...(todo.length > 0 ? [`compact   ${todo.join('; ')}: throughline store compact`] : []),
    ...(replaced.files > 0
      ? [`replaced  ${count(replaced.files)} files, ${bytes(replaced.bytes)}, go when no reader needs them`]
      : []),
    ...(prunable && prunable.days > 0
      ? [
          `prune     ${count(prunable.days)} days before ${prunable.before}, ${bytes(prunable.bytes)}: throughline store prune`,
        ]
      : []),
  ]
}
