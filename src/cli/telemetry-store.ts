import { storeBytes } from '../requests/overview.ts'
import type { Store } from '../store/store.ts'
import { observe } from '../telemetry/record.ts'

/** Lets those who read metrics see what a store holds; asked for only then, from the ledger's state in memory. */
export function watchStore(store: Store): void {
  observe('throughline.store.size', store.root, () => ({
    ...storeBytes(store),
    rejects: store.state.rejects.reduce((sum, file) => sum + file.bytes, 0),
  }))
  observe('throughline.days', store.root, () => {
    const days = [...store.state.days.values()]
    const open = days.filter(day => day.state === 'open').length
    return { open, closed: days.length - open }
  })
}
