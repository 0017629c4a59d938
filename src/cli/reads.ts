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
  const at = (): string => new Date(context.now()).toISOString()
  const { parts } = store.state
  const stores = parts?.map(part => part.state.storeId)
  const what = { ...asked, what: { ...asked.what, stores } }
  const records = store.roots.flatMap(
    root => attempt(context, () => ReadRecord.begin(root, what, { at: at(), who: userName() })) ?? [],
  )
  const end = (given: Given): void => {
    for (const record of records) attempt(context, () => record.end(given, at()))
  }
  try {
    end(await action())
  } catch (error) {
    end({ problem: (error as Error).message })
    throw error
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
