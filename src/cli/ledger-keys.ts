import type { LedgerState } from '../ledger/state.ts'
import { LINK_COLUMNS } from '../requests/view.ts'
import type { RootKeys } from '../store/check-roots.ts'
import { type Salts, saltsOf } from '../store/keys.ts'

/** What roots are made again with, each secret read once. */
export function rootKeysOf(folder: string): (state: LedgerState) => RootKeys {
  return state => {
    const known = new Map<string, Salts | undefined>()
    return {
      linkColumns: LINK_COLUMNS,
      saltsOf: id => {
        if (!known.has(id)) known.set(id, saltsOf(state, folder, id))
        return known.get(id)
      },
    }
  }
}
