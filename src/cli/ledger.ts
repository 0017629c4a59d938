import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import type { Command } from 'commander'
import { KeyFiles } from '../config/signing-key.ts'
import { ThroughlineError } from '../errors.ts'
import { toBase64, toHex } from '../ledger/bytes.ts'
import { sha256 } from '../ledger/ed25519.ts'
import { noteKeyOf, openCheckpoint, type SignedCheckpoint } from '../ledger/log.ts'
import { formatVerifierKey } from '../ledger/note.ts'
import { rotationText } from '../ledger/public-key.ts'
import { keysOf, makeKeys, namesOf } from '../store/keys.ts'
import { isWritten } from '../store/lock.ts'
import { newestCheckpoint, sealLedger } from '../store/seal.ts'
import type { Store } from '../store/store.ts'
import { type Context, folderOfKeys, type StoreFlags, storeOptions } from './context.ts'
import { verifyCommand } from './ledger-verify.ts'
import { withReader, withWriter } from './opening.ts'
import { count, type Output, safe, unwritable } from './output.ts'
import { userName } from './prune.ts'

interface CheckpointFlags extends StoreFlags {
  readonly out?: string
  readonly force?: boolean
}

interface KeyFlags extends StoreFlags {
  readonly rotate?: boolean
  readonly lost?: boolean
}

interface AnchoredFlags extends StoreFlags {
  readonly where: string
  readonly checkpoint?: string
}

/** Commands about the signed ledger. */
export function ledgerCommand(program: Command, context: Context): void {
  const ledger = program
    .command('ledger')
    .summary('checkpoints, keys and verification of the signed ledger')
    .description('Signs the ledger, shows its key, and verifies it. See docs/anchoring.md.')
  storeOptions(ledger.command('checkpoint'))
    .summary('print the newest signed checkpoint')
    .description(
      'Prints a checkpoint of the whole ledger as a signed note, signing it first where entries came since the last. Keep it where nobody who can write the store can change it: see docs/anchoring.md.',
    )
    .option('--out <file>', 'write it to a file instead')
    .option('--force', 'replace an existing file')
    .addHelpText('after', '\nExamples:\n  throughline ledger checkpoint\n  throughline ledger checkpoint --out /mnt/worm/checkpoint-2026-07-10')
    .action((flags: CheckpointFlags) => checkpoint(context, flags))
  storeOptions(ledger.command('key'))
    .summary('show the key that the ledger is signed with, or take a new one')
    .description('Shows the fingerprint by which people know the key, and the key itself as other programs take it.')
    .option('--rotate', 'make a new key; the old one signs for it')
    .option('--lost', 'with --rotate: the old key is lost, so that it cannot sign for the new one')
    .addHelpText('after', '\nExamples:\n  throughline ledger key\n  throughline ledger key --rotate')
    .action((flags: KeyFlags) => (flags.rotate ? rotate(context, flags) : showKey(context, flags)))
  verifyCommand(ledger, context)
  storeOptions(ledger.command('anchored'))
    .summary('note that a checkpoint was put where the store cannot change it')
    .description('Writes into the ledger where a checkpoint was put, and by whom.')
    .requiredOption('--where <text>', 'where it is, so that others find it')
    .option('--checkpoint <file>', 'the checkpoint that was put there (default: the newest signed one)')
    .addHelpText('after', '\nExamples:\n  throughline ledger anchored --where "printed, safe of the audit department, folder 12"')
    .action((flags: AnchoredFlags) => anchored(context, flags))
} // biome-ignore format: a table

async function checkpoint(context: Context, flags: CheckpointFlags): Promise<void> {
  if (flags.out !== undefined && existsSync(flags.out) && !flags.force)
    throw new ThroughlineError(
      'OUTPUT_EXISTS',
      `ledger checkpoint --out ${flags.out}: the file exists; name another one or give --force`,
    )
  const known = await withReader(flags, async store => {
    const found = await newestCheckpoint(store)
    // Whoever writes signs every few seconds, and when it ends.
    const isNewest = found && (found.size === store.state.head + 1 || isWritten(store.root))
    return isNewest ? found.note : undefined
  })
  const note = known ?? (await withWriter(context, flags, signed))
  if (flags.out === undefined) return context.out.write(note)
  try {
    writeFileSync(flags.out, note)
  } catch (cause) {
    throw unwritable(flags.out, cause)
  }
  context.out.note(`checkpoint written to ${flags.out}; put it where the store cannot change it, then run: throughline ledger anchored --where …`)
} // biome-ignore format: one message a line

async function signed(store: Store): Promise<string> {
  const made = await sealLedger(store)
  if (made) return made.note
  throw new ThroughlineError(
    'KEY_REFUSED',
    `ledger checkpoint: nothing can be signed: ${store.keys?.problem ?? 'no key'}; run it where the key is, or restore the key from a copy`,
  )
}

async function showKey(context: Context, flags: StoreFlags): Promise<void> {
  await withReader(flags, async (store, loaded) =>
    printKey(context.out, store, folderOfKeys(context, loaded)),
  )
}

function printKey(out: Output, { state }: Store, folder: string): void {
  const record = state.keys.at(-1)
  if (!record) return out.line('no key yet; the next command that writes makes one')
  const files = new KeyFiles(folder, state.storeId)
  const { signing, salts } = keysOf(state, folder)
  const at = (path: string, isHere: boolean): string => `${path}${isHere ? '' : ' (not on this machine)'}`
  out.line(`fingerprint  ${record.fingerprint}`)
  out.line(`verifier     ${formatVerifierKey(sha256, noteKeyOf(state.storeId, record))}`)
  out.line(`since entry  ${count(record.seq)}${state.keys.length > 1 ? `, key ${state.keys.length} of this store` : ''}`)
  out.line(`private key  ${at(files.signingKeyFile(record.fingerprint), signing !== undefined)}`)
  out.line(`secret       ${at(files.saltsFile(record.salts), salts !== undefined)}`)
} // biome-ignore format: one line each

async function rotate(context: Context, flags: KeyFlags): Promise<void> {
  await withWriter(context, flags, async (store, loaded) => {
    const folder = folderOfKeys(context, loaded)
    const { signing, salts } = keysOf(store.state, folder)
    const old = store.state.keys.at(-1)
    if (!old) return context.out.line('no key yet; nothing to rotate')
    if (!signing && !flags.lost)
      throw new ThroughlineError(
        'KEY_REFUSED',
        `ledger key --rotate: the old key ${old.fingerprint} is not on this machine, so that it cannot sign for the new one; run it where the key is, or add --lost where it is gone for good: verifiers then have to be told of the new key`,
      )
    // The old key signs a last checkpoint, so that all it stands for is covered.
    await sealLedger(store)
    const made = makeKeys(new KeyFiles(folder, store.state.storeId), salts)
    const { publicKey, fingerprint } = namesOf(made.signing)
    const text = rotationText(store.state.storeId, old.fingerprint, fingerprint)
    const signature = signing ? { signature: toBase64(signing.sign(text)) } : {}
    const body = { publicKey, fingerprint, salts: made.salts.id, replaces: old.fingerprint, ...signature }
    store.append({ kind: 'key', ...body })
    store.takeKeys({ ...made, problem: undefined })
    printKey(context.out, store, folder)
  })
}

async function anchored(context: Context, flags: AnchoredFlags): Promise<void> {
  await withWriter(context, flags, async store => {
    const found = flags.checkpoint === undefined ? await newestCheckpoint(store) : await fromFile(store, flags.checkpoint)
    if (!found)
      throw new ThroughlineError(
        'USAGE',
        'ledger anchored: there is no signed checkpoint yet; run: throughline ledger checkpoint',
      )
    const { size, root } = found
    store.append({ kind: 'anchored', size, root: toHex(root), where: flags.where, who: userName() })
    context.out.line(`noted      checkpoint of ${count(size)} entries, root ${toHex(root)}, at ${safe(flags.where)}`)
  })
} // biome-ignore format: one message a line

async function fromFile(store: Store, file: string): Promise<SignedCheckpoint> {
  const opened = await openCheckpoint(readNote('--checkpoint', file), store.state)
  if (typeof opened === 'object') return opened
  throw new ThroughlineError('USAGE', `--checkpoint ${file}: ${opened}; name a checkpoint of this store`)
}

/** @throws USAGE */
export function readNote(flag: string, file: string): string {
  try {
    return readFileSync(file, 'utf8')
  } catch (cause) {
    const { message } = cause as Error
    throw new ThroughlineError(
      'USAGE',
      `${flag} ${file}: ${message}; name a file that holds a signed checkpoint`,
      {},
      cause,
    )
  }
}
