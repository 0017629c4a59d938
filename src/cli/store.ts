import type { Command } from 'commander'
import { type LoadedConfig, loadConfig } from '../config/load.ts'
import { ERRORS } from '../errors.ts'
import { type Repaired, repair } from '../pipeline/repair.ts'
import { checkStore, type StoreCheck } from '../store/check.ts'
import { existingStore, type Store, withEngine } from '../store/store.ts'
import { compactCommand } from './compact.ts'
import { type Context, type StoreFlags, storeOptions, storeSettings, withWriter } from './context.ts'
import { dayNames } from './days.ts'
import { bytes, count, type Output, safe, table } from './output.ts'
import { pruneCommand } from './prune.ts'

interface Flags extends StoreFlags {
  readonly json?: boolean
}

/** The group of commands about the folder itself; each adds its own. */
export function storeCommand(program: Command, context: Context): void {
  const store = program
    .command('store')
    .summary('check, repair, compact and prune the store')
    .description('Looks after the files of the store. See docs/store.md.')
  storeOptions(store.command('check'))
    .summary('compare every file with the ledger')
    .description(
      'Reads the whole ledger and every file that it names, and says what is missing, altered or left over. Changes nothing. Ends with 0 where all is well, 1 where only derived parts are wrong or something is left over, 3 where facts or the ledger are damaged.',
    )
    .option('--json', 'as one JSON document')
    .addHelpText(
      'after',
      '\nExamples:\n  throughline store check\n  throughline store check --json --store /data/evidence',
    )
    .action((flags: Flags) => check(context, flags))
  storeOptions(store.command('repair'))
    .summary('remove leftovers, make index and links again')
    .description(
      'Removes what a crash has left behind and makes damaged id index, links and snapshots again from the facts. Facts and ledger are never touched. Ends like store check.',
    )
    .option('--json', 'as one JSON document')
    .addHelpText('after', '\nExamples:\n  throughline store repair')
    .action((flags: Flags) => repairStore(context, flags))
  compactCommand(store, context)
  pruneCommand(store, context)
}

async function check(context: Context, flags: Flags): Promise<void> {
  const settings = storeSettings(flags, loadConfig(flags.config))
  const root = existingStore(settings.path)
  const result = await withEngine(settings, db => checkStore(root, db))
  if (flags.json) context.out.line(JSON.stringify({ version: 1, store: root, ...result }, null, 2))
  else printCheck(context.out, result)
  process.exitCode = exitCodeOf(result)
}

async function repairStore(context: Context, flags: Flags): Promise<void> {
  existingStore(storeSettings(flags, loadConfig(flags.config)).path)
  const act = async (store: Store, { config }: LoadedConfig): Promise<void> => {
    const done = await repair(store, config)
    if (flags.json) context.out.line(JSON.stringify({ version: 1, store: store.root, ...done }, null, 2))
    else {
      printRepaired(context.out, done, days => dayNames(store, days))
      printCheck(context.out, done.check)
    }
    process.exitCode = exitCodeOf(done.check)
  }
  await withWriter(context, flags, act, { readsAll: true })
}

function exitCodeOf({ problems }: StoreCheck): number {
  if (problems.some(p => p.severity === 'damaged')) return ERRORS.STORE_DAMAGED.exit
  return problems.length > 0 ? 1 : 0
}

function printCheck(
  out: Output,
  { entries, files, bytes: size, isBeingWritten, problems }: StoreCheck,
): void {
  out.line(`ledger     ${count(entries)} ${entries === 1 ? 'entry' : 'entries'}`)
  out.line(`files      ${count(files)}, ${bytes(size)}`)
  if (isBeingWritten) out.line('writer     at work; what it has not finished is not looked at')
  out.line(`problems   ${problems.length === 0 ? 'none' : count(problems.length)}`)
  if (problems.length === 0) return
  const rows = problems.map(p => [p.severity, safe(p.path), safe(p.found), p.advice])
  const columns = [{ title: '' }, { title: 'where' }, { title: 'found' }, { title: 'what to do' }]
  for (const line of table(columns, rows, out)) out.line(line)
}

function printRepaired(
  out: Output,
  { removed, indexed, linked }: Repaired,
  names: (days: Repaired['linked']) => string,
): void {
  out.line(`removed    ${removed.length === 0 ? 'nothing' : removed.map(safe).join(', ')}`)
  out.line(`indexed    ${indexed.length === 0 ? 'nothing' : indexed.join(', ')}`)
  out.line(`linked     ${linked.length === 0 ? 'nothing' : names(linked)}`)
}
