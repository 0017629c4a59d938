import type { Command } from 'commander'
import { type LoadedConfig, loadConfig } from '../config/load.ts'
import { ERRORS } from '../errors.ts'
import { type Repaired, repair } from '../pipeline/repair.ts'
import { checkStore, type StoreCheck } from '../store/check.ts'
import { existingStore, type Store, withEngine } from '../store/store.ts'
import { compactCommand } from './compact.ts'
import { type Context, folderOfKeys, type StoreFlags, storeOptions } from './context.ts'
import { dayNames } from './days.ts'
import { rootKeysOf } from './ledger-keys.ts'
import { storeSettings, withWriter } from './opening.ts'
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
    .summary('remove leftovers, make index, links and log again')
    .description(
      'Removes what a crash has left behind and makes damaged id index, links, snapshots and tiles of the log again from facts and ledger. Facts and ledger are never touched. Ends like store check.',
    )
    .option('--json', 'as one JSON document')
    .addHelpText('after', '\nExamples:\n  throughline store repair')
    .action((flags: Flags) => repairStore(context, flags))
  compactCommand(store, context)
  pruneCommand(store, context)
}

async function check(context: Context, flags: Flags): Promise<void> {
  const loaded = loadConfig(flags.config)
  const settings = storeSettings(flags, loaded)
  const root = existingStore(settings.path)
  const result = await withEngine(settings, db =>
    checkStore(root, db, { rootKeys: rootKeysOf(folderOfKeys(context, loaded)) }),
  )
  if (flags.json) context.out.line(JSON.stringify({ version: 1, store: root, ...result }, null, 2))
  else printCheck(context.out, result)
  process.exitCode = exitCodeOf(result)
}

async function repairStore(context: Context, flags: Flags): Promise<void> {
  existingStore(storeSettings(flags, loadConfig(flags.config)).path)
  const act = async (store: Store, loaded: LoadedConfig): Promise<void> => {
    const done = await repair(store, loaded.config, rootKeysOf(folderOfKeys(context, loaded)))
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
  { entries, files, bytes: size, isBeingWritten, roots, signed, problems }: StoreCheck,
): void {
  const isSigned = signed === undefined ? 'not signed' : `signed up to entry ${count(signed - 1)}`
  out.line(`ledger     ${count(entries)} ${entries === 1 ? 'entry' : 'entries'}, ${isSigned}`)
  out.line(`files      ${count(files)}, ${bytes(size)}`)
  if (roots) out.line(`roots      ${rootsText(roots)}`)
  if (isBeingWritten) out.line('writer     at work; what it has not finished is not looked at')
  out.line(`problems   ${problems.length === 0 ? 'none' : count(problems.length)}`)
  if (problems.length === 0) return
  const rows = problems.map(p => [p.severity, safe(p.path), safe(p.found), p.advice])
  const columns = [{ title: '' }, { title: 'where' }, { title: 'found' }, { title: 'what to do' }]
  for (const line of table(columns, rows, out)) out.line(line)
}

function rootsText({ roots, without, compared }: NonNullable<StoreCheck['roots']>): string {
  const none = without > 0 ? `; ${count(without)} files have none` : ''
  const missing = roots - compared
  const away = missing > 0 ? `; ${count(missing)} not compared, as their secret is not on this machine` : ''
  return `${count(compared)} of ${count(roots)} made again from the rows${away}${none}`
}

function printRepaired(
  out: Output,
  { removed, indexed, linked, isLogMade }: Repaired,
  names: (days: Repaired['linked']) => string,
): void {
  out.line(`removed    ${removed.length === 0 ? 'nothing' : removed.map(safe).join(', ')}`)
  out.line(`indexed    ${indexed.length === 0 ? 'nothing' : indexed.join(', ')}`)
  out.line(`linked     ${linked.length === 0 ? 'nothing' : names(linked)}`)
  if (isLogMade) out.line('log        its tiles were made again')
}
