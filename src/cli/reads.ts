import { type Asked, type Given, ReadRecord } from '../store/reads.ts'
import type { Store } from '../store/store.ts'
import type { Context } from './context.ts'
import { safe } from './output.ts'
import { userName } from './prune.ts'

/**
 * Runs a command that gives data out, with a record of what was asked before, and of what was given after it. A store on media
 * that cannot be written is read all the same, which is said.
 */
export async function recorded(
  context: Context,
  store: Store,
  asked: Asked,
  action: () => Promise<Given>,
): Promise<void> {
  const at = (): string => new Date(context.now()).toISOString()
  const record = attempt(context, () => ReadRecord.begin(store.root, asked, { at: at(), who: userName() }))
  try {
    const given = await action()
    attempt(context, () => record?.end(given, at()))
  } catch (error) {
    attempt(context, () => record?.end({ problem: (error as Error).message }, at()))
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
