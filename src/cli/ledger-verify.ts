import { join } from 'node:path'
import type { Command } from 'commander'
import { loadConfig } from '../config/load.ts'
import { ThroughlineError } from '../errors.ts'
import { toHex } from '../ledger/bytes.ts'
import { allEntries } from '../ledger/entry-file.ts'
import { openCheckpoint, readCheckpointNote } from '../ledger/log.ts'
import { wrongRotations } from '../ledger/rotations.ts'
import { applyEntry, emptyState, type LedgerState } from '../ledger/state.ts'
import { checkLog, contradictionOf, recordsOf } from '../ledger/verify-log.ts'
import { existingStore } from '../store/store.ts'
import { type Context, type StoreFlags, storeOptions } from './context.ts'
import { readNote } from './ledger.ts'
import { storeSettings } from './opening.ts'
import { count, safe } from './output.ts'

interface Flags extends StoreFlags {
  readonly key?: string
  readonly knownCheckpoint?: string
  readonly json?: boolean
}

/** One question about the ledger and its answer; `not checked` says why in `found`. */
interface Answer {
  readonly what: string
  readonly verdict: 'pass' | 'fail' | 'not checked'
  readonly found: string
}

export function verifyCommand(ledger: Command, context: Context): void {
  storeOptions(ledger.command('verify'))
    .summary('verify chain, tiles, checkpoint and signature of the ledger')
    .description(
      'Reads every entry and verifies the chain, the keys, the tiles, the checkpoint and its signature. What the store itself cannot prove needs something from outside: the fingerprint of its key, or an older checkpoint that was kept elsewhere. Ends with 0 where nothing fails, 1 where something does. Files are compared by store check.',
    )
    .option('--key <fingerprint>', 'the fingerprint of the first key of the store, known from elsewhere')
    .option('--known-checkpoint <file>', 'a checkpoint that was kept elsewhere: the ledger must continue it')
    .option('--json', 'as one JSON document')
    .addHelpText('after', '\nExamples:\n  throughline ledger verify\n  throughline ledger verify --known-checkpoint /mnt/worm/checkpoint-2026-07-10')
    .action((flags: Flags) => verify(context, flags))
} // biome-ignore format: a table

async function verify(context: Context, flags: Flags): Promise<void> {
  const root = existingStore(storeSettings(flags, loadConfig(flags.config)).path)
  const known = flags.knownCheckpoint === undefined ? undefined : readNote('--known-checkpoint', flags.knownCheckpoint)
  const note = readCheckpointNote(root)
  const read = readEntries(root)
  const answers = 'problem' in read ? [fail('chain', read.problem)] : await answersOf(root, { note, known, key: flags.key, ...read })
  if (flags.json) context.out.line(JSON.stringify({ version: 1, store: root, answers }, null, 2))
  else for (const { what, verdict, found } of answers) context.out.line(`${what.padEnd(10)} ${verdict.padEnd(11)}  ${safe(found)}`)
  if (answers.some(a => a.verdict === 'fail')) process.exitCode = 1
} // biome-ignore format: one line a step

interface Read {
  readonly state: LedgerState
  readonly digests: readonly string[]
}

function readEntries(root: string): Read | { readonly problem: string } {
  const state = emptyState()
  const digests: string[] = []
  try {
    for (const { entry, digest } of allEntries(join(root, 'ledger'))) {
      applyEntry(state, entry, digest)
      digests.push(digest)
    }
    return { state, digests }
  } catch (error) {
    if (!(error instanceof ThroughlineError) || error.code !== 'STORE_DAMAGED') throw error
    return { problem: error.message }
  }
}

interface Asked extends Read {
  readonly note: string | undefined
  readonly known: string | undefined
  readonly key: string | undefined
}

async function answersOf(root: string, asked: Asked): Promise<Answer[]> {
  const { state, digests, note } = asked
  const chain = pass('chain', `${count(digests.length)} entries, each with the digest of the one before`)
  const { checkpoint, faults } = await checkLog(root, note, asked)
  const tiles = faults.filter(fault => fault.path.includes('/tile/'))
  const ours = faults.find(fault => !fault.path.includes('/tile/'))
  const size = checkpoint?.size ?? 0
  const since = digests.length - size
  const signed = `${count(size)} entries, root ${checkpoint ? toHex(checkpoint.root) : ''}${since > 0 ? `; ${count(since)} came since` : ''}`
  return [
    chain,
    keyAnswer(state, asked.key),
    ours
      ? fail('checkpoint', ours.found)
      : checkpoint
        ? pass('checkpoint', signed)
        : notChecked('checkpoint', 'nothing is signed yet; run: throughline ledger checkpoint'),
    tiles[0]
      ? fail('tiles', `${tiles[0].path}: ${tiles[0].found}${tiles.length > 1 ? `, and ${tiles.length - 1} more` : ''}; run: throughline store repair`)
      : checkpoint
        ? pass('tiles', 'all hashes are those of the entries')
        : notChecked('tiles', 'without a checkpoint nobody knows which there should be'),
    await knownAnswer(asked),
  ]
} // biome-ignore format: a table

function keyAnswer(state: LedgerState, wanted: string | undefined): Answer {
  const [first] = state.keys
  const last = state.keys.at(-1)
  if (!first || !last) return notChecked('key', 'the store has no key yet')
  const [wrong] = wrongRotations(state)
  if (wrong) return fail('key', wrong)
  const known = state.keys.find(key => key.fingerprint === wanted)
  const names =
    state.keys.length > 1 ? `${last.fingerprint}, the last of ${state.keys.length}` : last.fingerprint
  if (wanted !== undefined)
    return known ? pass('key', names) : fail('key', `it is ${names}; expected ${wanted}`)
  return notChecked('key', `it is ${names}; whether it is the right one is known with --key only`)
}

async function knownAnswer({ known, state, digests }: Asked): Promise<Answer> {
  if (known === undefined)
    return notChecked('anchor', 'UNANCHORED: whoever has the key could have written the whole ledger anew; compare with --known-checkpoint')
  const opened = await openCheckpoint(known, state)
  if (typeof opened === 'string') return fail('anchor', opened)
  const contradiction = contradictionOf(recordsOf(digests), opened)
  return contradiction ? fail('anchor', contradiction) : pass('anchor', `the ledger continues the known checkpoint of ${count(opened.size)} entries`)
} // biome-ignore format: one answer a line

const pass = (what: string, found: string): Answer => ({ what, verdict: 'pass', found })
const fail = (what: string, found: string): Answer => ({ what, verdict: 'fail', found })
const notChecked = (what: string, found: string): Answer => ({ what, verdict: 'not checked', found })
