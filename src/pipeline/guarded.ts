import { type Store, writing } from '../store/store.ts'

/** What the engine says where a file cannot be written; it has no codes. */
const UNWRITTEN = /No space left|File too large|Could not write|Disk quota/i

/** Runs what writes to the store; where that cannot be written, the failure says what to do. */
export async function guarded<T>(store: Store, action: () => Promise<T>): Promise<T> {
  try {
    return await action()
  } catch (cause) {
    const { message } = cause as Error
    const isEngine = !(cause as NodeJS.ErrnoException).code && UNWRITTEN.test(message)
    const code = /No space left/i.test(message) ? 'ENOSPC' : 'EIO'
    return writing(store.root, () => {
      throw isEngine ? Object.assign(new Error(message, { cause }), { code }) : cause
    })
  }
}
