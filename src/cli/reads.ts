import { type Asked, type Given, ReadRecord } from '../store/reads.ts'
import type { Store } from '../store/store.ts'
import type { Context } from './context.ts'
import { safe } from './output.ts'
import { userName } from './prune.ts'

/**
 * Runs a command that gives data out, with a record of what was asked before, and of what was given after it. A store on media
 * that cannot be written is read all the same, which is said. Of several stores each gets a record, which names all of
 * them; what was given is that of all.
 */
export async function recorded(
  context: Context,
  store: Store,
  asked: Asked,
  action: () => Promise<Given>,
): Promise<void> {
  const end = begin(context, store, asked)
  try {
    end(await action())
  } catch (error) {
    end({ problem: (error as Error).message })
    throw error
  }
}

/** @returns to be called with what was given */
function begin(context: Context, store: Store, asked: Asked): (given: Given) => void {
  const at = (): string => new Date(context.now()).toISOString()
  const { parts } = store.state
  const stores = parts?.map(part => part.state.storeId)
  const what = { ...asked, what: { ...asked.what, stores } }
  const records = store.roots.flatMap(
    root => attempt(context, () => ReadRecord.begin(root, what, { at: at(), who: userName() })) ?? [],
  )
  return given => {
    for (const record of records) attempt(context, () => record.end(given, at()))
  }
}

/** The longest that a lasting record is open, as only one that has ended comes into the ledger. */
const LASTS_MS = 24 * 3_600_000

/** Records of what is given out again and again, as new things come in: one a receiver and day, not one each time. */
export class LastingRecords {
  readonly #context: Context
  readonly #open = new Map<
    string,
    { readonly end: (given: Given) => void; readonly sinceMs: number; rows: number }
  >()

  constructor(context: Context) {
    this.#context = context
  }

  /** @param action gives something out, and says how many rows */
  async add(store: Store, asked: Asked, action: () => Promise<number>): Promise<void> {
    const key = JSON.stringify([store.root, asked])
    const nowMs = this.#context.now()
    let record = this.#open.get(key)
    if (record && nowMs - record.sinceMs >= LASTS_MS) {
      record.end({ rows: record.rows })
      record = undefined
    }
    record ??= { end: begin(this.#context, store, asked), sinceMs: nowMs, rows: 0 }
    this.#open.set(key, record)
    record.rows += await action()
  }

  end(): void {
    for (const { end, rows } of this.#open.values()) end({ rows })
    this.#open.clear()
  }
}

function attempt<T>({ out }: Context, step: () => T): T | undefined {
  try {
    return step()
  } catch (error) {
    if ((error as NodeJS.ErrnoException).syscall === undefined) throw error
    out.warn(`that data was given out could not be recorded: ${safe((error as Error).message)}`)
    return undefined
  }
}
