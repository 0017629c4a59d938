import { DAY_US, dayNumber } from '../model/time.ts'
import type { Range } from '../store/facts.ts'
import type { Store } from '../store/store.ts'
import { safe } from './output.ts'

/**
 * What to say where a question reaches into days that were dropped: that nothing was found there means nothing.
 *
 * @returns undefined where it does not
 */
export function prunedNote({ state }: Pick<Store, 'state'>, range?: Range): string | undefined {
  if (state.parts) {
    const notes = state.parts.flatMap(part => {
      const note = prunedNote(part, range)
      return note === undefined ? [] : [`${safe(part.name)}: ${note}`]
    })
    return notes.length > 0 ? notes.join('; ') : undefined
  }
  const { pruning } = state
  if (!pruning || (range && range.fromUs >= dayNumber(pruning.before) * DAY_US)) return undefined
  return `days before ${pruning.before} were pruned on ${pruning.at.slice(0, 10)} (ledger entry ${pruning.seq}): what they held is not in the answer`
}
