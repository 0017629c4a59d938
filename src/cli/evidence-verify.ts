import { existsSync, readFileSync, statSync } from 'node:fs'
import type { Command } from 'commander'
import { ThroughlineError } from '../errors.ts'
import { agreementOf, rootAt } from '../evidence/agreement.ts'
import { folderFiles, NODE_CRYPTO } from '../evidence/folder-files.ts'
import { threads } from '../evidence/threads.ts'
import type { Helpers } from '../evidence/verify/parts.ts'
import { exitCodeOf, verdictLines } from '../evidence/verify/print.ts'
import { type Known, type Verification, verifyBundle } from '../evidence/verify/verify.ts'
import type { BundleFiles } from '../evidence/verify/world.ts'
import type { Store } from '../store/store.ts'
import { type Context, type StoreFlags, storeOptions, withReader } from './context.ts'
import { safe } from './output.ts'

interface Flags extends StoreFlags {
  readonly key?: string
  readonly knownCheckpoint?: string
  readonly json?: boolean
}

export function evidenceVerifyCommand(evidence: Command, context: Context): void {
  storeOptions(evidence.command('verify'))
    .summary('check a bundle of evidence')
    .description(
      'Checks a bundle: INTEGRITY (nothing was altered since it was signed), SOUNDNESS (every row follows from its log lines and fulfils the query), COMPLETENESS (it adds up to what the store took in) and, with --store, AGREEMENT (the store gives the same rows again). Exit codes: 0 nothing is wrong, 1 something is, 3 it cannot be read.',
    )
    .argument('<dir>', 'folder of the bundle')
    .option('--key <fingerprint>', "fingerprint of the store's key, from its owner and not from the bundle")
    .option('--known-checkpoint <file>', 'a checkpoint of the store that was kept elsewhere, not newer than the bundle unless --store is given')
    .option('--json', 'print one JSON document')
    .action(async (dir: string, flags: Flags) => {
      const checkpoint = flags.knownCheckpoint === undefined ? undefined : readText(flags.knownCheckpoint)
      const files = filesOf(dir)
      const known = { key: flags.key, checkpoint }
      const answered = await (flags.store === undefined
        ? verifyBundle(files, NODE_CRYPTO, known, helpers())
        : withReader(flags, store => verifiedBy(store, files, known)))
      const { out } = context
      if (flags.json) out.line(JSON.stringify({ version: 1, ...answered }, null, 2))
      else for (const line of verdictLines(answered)) out.line(line)
      process.exitCode = exitCodeOf(answered)
    })
} // biome-ignore format: one line each

/** The program that lies in bundles checks parts of large ones. */
function helpers(): Helpers | undefined {
  const program = new URL('../evidence/verify.mjs', import.meta.url)
  return existsSync(program) ? threads(program) : undefined
}

/** The store that is at hand also shows how a newer checkpoint continues the bundle. */
async function verifiedBy(store: Store, files: BundleFiles, known: Known): Promise<Verification> {
  const verification = await verifyBundle(files, NODE_CRYPTO, { ...known, rootAt: size => rootAt(store, size) }, helpers())
  const { manifest, query, parts } = verification
  if (!manifest || !query) return verification
  const agreement = await agreementOf(store, files, manifest, query)
  return { ...verification, parts: { ...parts, agreement } }
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
