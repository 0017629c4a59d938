import { join } from 'node:path'

/** Where entry N lies, as docs/store.md says it. */
export const entryFile = (store: string, seq: number): string =>
  join(
    store,
    'ledger',
    String(Math.floor(seq / 1000)).padStart(3, '0'),
    `${String(seq).padStart(6, '0')}.json`,
  )
