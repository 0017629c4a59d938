import type { Command } from 'commander'
import { compactCommand } from './compact.ts'
import type { Context } from './context.ts'
import { pruneCommand } from './prune.ts'

export function storeCommand(program: Command, context: Context): void {
  const store = program
    .command('store')
    .summary('look after the files of a store')
    .description('Looks after the files of a store. See docs/store.md.')
  compactCommand(store, context)
  pruneCommand(store, context)
}
