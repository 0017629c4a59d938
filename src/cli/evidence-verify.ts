import { existsSync, readFileSync, statSync } from 'node:fs'
import type { Command } from 'commander'
import { loadConfig } from '../config/load.ts'
import { ThroughlineError } from '../errors.ts'
import { agreementOf, requestsOf, rootAt } from '../evidence/agreement.ts'
import { folderFiles, NODE_CRYPTO } from '../evidence/folder-files.ts'
import { threads } from '../evidence/threads.ts'
import { type KnownStore, verifyAny } from '../evidence/verify/any.ts'
import type { Helpers } from '../evidence/verify/parts.ts'
import { exitCodeOf, verdictLines } from '../evidence/verify/print.ts'
import type { BundleFiles } from '../evidence/verify/world.ts'
import { Ledger } from '../ledger/chain.ts'
import type { Store } from '../store/store.ts'
import { type Context, type StoreFlags, storeOptions } from './context.ts'
import { withReader } from './opening.ts'
import { safe } from './output.ts'
import { allStores } from './stores.ts'

interface Flags extends StoreFlags {
  readonly key?: readonly string[]
  readonly knownCheckpoint?: readonly string[]
  readonly json?: boolean
}

export function evidenceVerifyCommand(evidence: Command, context: Context): void {
  storeOptions(evidence.command('verify'), { several: true })
    .summary('check a bundle of evidence')
    .description(
      'Checks a bundle: INTEGRITY (nothing was altered since it was signed), SOUNDNESS (every row follows from its log lines and fulfils the query), COMPLETENESS (it adds up to what the store took in) and, with --store, AGREEMENT (the store gives the same rows again). Exit codes: 0 nothing is wrong, 1 something is, 3 it cannot be read.',
    )
    .argument('<dir>', 'folder of the bundle')
    .option('--key <fingerprint>', "fingerprint of the store's key, from its owner and not from the bundle; of several stores one for each", each)
    .option('--known-checkpoint <file>', 'a checkpoint of the store that was kept elsewhere, not newer than the bundle unless --store is given; of several stores one for each', each)
    .option('--json', 'print one JSON document')
    .action(async (dir: string, flags: Flags) => {
      const checkpoints = (flags.knownCheckpoint ?? []).map(readText)
      const files = filesOf(dir)
      const stores = flags.store === undefined ? [] : storesAtHand(flags)
      const answered = await verifyAny(files, NODE_CRYPTO, { keys: flags.key ?? [], checkpoints, stores }, helpers())
      const { out } = context
      if (flags.json) out.line(JSON.stringify({ version: 1, ...answered }, null, 2))
      else for (const line of verdictLines(answered)) out.line(line)
      process.exitCode = exitCodeOf(answered)
    })
} // biome-ignore format: one line each

function each(text: string, all: readonly string[] = []): readonly string[] {
  return [...all, text]
}

/** The program that lies in bundles checks parts of large ones. */
function helpers(): Helpers | undefined {
  const program = new URL('../evidence/verify.mjs', import.meta.url)
  return existsSync(program) ? threads(program) : undefined
}

/** Stores that are at hand also show how a newer checkpoint continues a bundle. Each is open only while it is asked. */
function storesAtHand(flags: Flags): KnownStore[] {
  return allStores(flags.store, loadConfig(flags.config)).map(root => {
    const open = <T>(action: (store: Store) => Promise<T>): Promise<T> => withReader({ ...flags, store: [root] }, action)
    return {
      storeId: Ledger.open(root).state.storeId,
      rootAt: size => rootAt({ root }, size),
      agreement: async (files, { manifest, query }) =>
        manifest && query ? open(store => agreementOf(store, files, manifest, query)) : undefined,
      requests: query => open(store => requestsOf(store, query)),
    }
  })
} // biome-ignore format: one line each

function filesOf(dir: string): BundleFiles {
  try {
    return folderFiles(dir)
  } catch (cause) {
    throw unreadable(dir, cause)
  }
}

function readText(path: string): string {
  try {
    if (statSync(path).size > 65_536) throw new Error('it is longer than any checkpoint')
    return readFileSync(path, 'utf8')
  } catch (cause) {
    throw unreadable(path, cause)
  }
}

function unreadable(path: string, cause: unknown): ThroughlineError {
  const why = cause instanceof Error ? cause.message : String(cause)
  return new ThroughlineError('BUNDLE_UNREADABLE', `${safe(path)}: cannot be read: ${safe(why)}; name a folder that evidence create has written`, { path }, cause)
} // biome-ignore format: one line each
