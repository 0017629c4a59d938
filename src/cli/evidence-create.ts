import { hash } from 'node:crypto'
import { existsSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { type Command, Option } from 'commander'
import { keyFolder } from '../config/signing-key.ts'
import { parseStats, type StatsUnit } from '../coverage/reconcile/stats.ts'
import { ThroughlineError } from '../errors.ts'
import type { HandedIn } from '../evidence/control-totals.ts'
import { type Created, createBundle } from '../evidence/create.ts'
import { coverageOfPeriod } from '../evidence/inputs.ts'
import { findingSettings } from '../findings/settings.ts'
import type { LedgerState } from '../ledger/state.ts'
import type { Range } from '../store/facts.ts'
import { keysOf, type SigningKey, saltsOf } from '../store/keys.ts'
import type { Store } from '../store/store.ts'
import { type Context, ownRedactor, type StoreFlags, storeOptions } from './context.ts'
import { readStats } from './coverage-reconcile.ts'
import { type AskedOfStores, createOfAll, printExceptions } from './evidence-create-all.ts'
import { findingsOfPeriod } from './evidence-findings.ts'
import { withReaders } from './opening.ts'
import { count, safe } from './output.ts'
import { parsePeriod } from './period.ts'
import { prunedNote } from './pruned.ts'
import { recorded } from './reads.ts'
import { findingsFor } from './request-findings.ts'
import { VERSION } from './version.ts'

interface Flags extends StoreFlags {
  readonly from?: string
  readonly to?: string
  readonly purpose: string
  readonly requester: string
  readonly requestedAt?: string
  readonly output: string
  readonly redact?: boolean
  readonly stats?: string
  readonly statsUnit?: StatsUnit
  readonly withAliases?: boolean
}

export function evidenceCreateCommand(evidence: Command, context: Context): void {
  storeOptions(evidence.command('create'), { several: true })
    .summary('write a bundle of evidence')
    .description(
      'Writes the requests that fulfil a filter into a folder, with the log lines behind them, what is missing, proofs that lead to the signed ledger, a report for people, and the programs that check it.',
    )
    .argument('[filter]', 'which requests, as in query; all of the period where it is left out', '')
    .requiredOption('--from <time>', 'first moment, UTC: a date, an RFC 3339 time, or now-7d')
    .requiredOption('--to <time>', 'moment after the last, likewise')
    .requiredOption('--purpose <text>', 'why it is asked')
    .requiredOption('--requester <name>', 'who asks')
    .requiredOption('--output <dir>', 'folder to make; it must not exist yet')
    .option('--requested-at <time>', 'when it was asked, RFC 3339 (default: now); the same inputs give the same bytes')
    .option('--redact', 'withhold people: stand-ins for names and addresses, still proven row by row')
    .option('--stats <file>', 'totals of the Apigee Stats API, compared with the records of the period')
    .addOption(new Option('--stats-unit <unit>', 'what the totals were asked for with, where it cannot be told').choices(['minute', 'hour', 'day']))
    .option('--with-aliases', "disclose the store's whole table of aliases, so that names can be checked without the store")
    .action(async (filter: string, flags: Flags) => {
      const nowMs = context.now()
      const range = wholePeriod(flags, nowMs)
      if (flags.redact && flags.withAliases) throw new ThroughlineError('USAGE', 'evidence create: --with-aliases names people, --redact withholds them; give one of them')
      const stats = flags.stats === undefined ? undefined : handedIn(flags.stats, flags.statsUnit)
      const requestedAt = momentOf(flags.requestedAt ?? new Date(nowMs).toISOString())
      await withReaders(context, flags, async (store, { config }) => {
        const folder = keyFolder(context.env, config.ledger.keys)
        const settings = findingSettings(config)
        if (stats && store.state.parts) throw new ThroughlineError('USAGE', 'evidence create --stats: it takes one store, as totals are of calls of all; compare them with throughline coverage --reconcile, which takes several')
        warn(context, store, range)
        const what = { filter, range, purpose: flags.purpose, requester: flags.requester, redacted: flags.redact, aliases: flags.withAliases, stats: stats?.sha256, output: flags.output }
        await recorded(context, store, { command: 'evidence create', what }, async () => {
          const asked: AskedOfStores = {
            folder: flags.output,
            question: { filter, range, purpose: flags.purpose, requester: flags.requester, requestedAt, nowMs: Date.parse(requestedAt) },
            redactor: flags.redact ? ownRedactor(context) : undefined,
            verifiers: { node: program('verify.mjs'), page: program('verify.html') },
            by: `throughline ${VERSION}`,
            withAliases: flags.withAliases === true,
            findingsOfDays: findingsFor(context, config),
          }
          if (store.state.parts) return createOfAll(context, store, asked, { settings, signingOf: state => signingKey(state, folder), saltsOf: state => id => saltsOf(state, folder, id) })
          const created = await createBundle(store, {
            ...asked,
            signing: signingKey(store.state, folder),
            saltsOf: id => saltsOf(store.state, folder, id),
            coverage: coverageOfPeriod,
            findings: (of, period) => findingsOfPeriod(of, period, settings, Date.parse(requestedAt)),
            stats,
          })
          print(context, flags.output, created, signingKey(store.state, folder).fingerprint)
          return { rows: created.counts.requests, population: created.populationHash }
        })
      })
    })
} // biome-ignore format: one line each

/** The programs that `npm run build` makes; they lie beside the built code. */
function program(name: string): Buffer {
  const paths = ['../evidence/', '../../dist/evidence/'].map(folder => fileURLToPath(new URL(`${folder}${name}`, import.meta.url)))
  return readFileSync(paths.find(path => existsSync(path)) ?? paths[0] ?? name)
} // biome-ignore format: one line

/** @throws SOURCE_NOT_FOUND, STATS_UNUSABLE */
function handedIn(file: string, unit: StatsUnit | undefined): HandedIn {
  const bytes = readStats(file, '--stats')
  return { stats: parseStats(bytes.toString('utf8'), `--stats ${safe(file)}`, unit), sha256: hash('sha256', bytes, 'hex') }
} // biome-ignore format: one line

function wholePeriod(flags: Flags, nowMs: number): Range {
  const range = parsePeriod(flags, nowMs)
  if (range) return range
  throw new ThroughlineError('USAGE', 'evidence create: name the period with --from and --to')
}

function momentOf(text: string): string {
  if (/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?(?:Z|[+-]\d\d:\d\d)$/.test(text) && !Number.isNaN(Date.parse(text))) return text
  throw new ThroughlineError('USAGE', `--requested-at ${text}: expected an RFC 3339 time such as 2026-07-01T08:00:00Z`)
} // biome-ignore format: one line each

/** @throws KEY_REFUSED */
function signingKey(state: LedgerState, folder: string): SigningKey {
  const { signing, problem } = keysOf(state, folder)
  if (signing) return signing
  throw new ThroughlineError(
    'KEY_REFUSED',
    `evidence create: the signing key of store ${state.storeId} is not here (${problem}); run it as the user and on the machine that ingests, or restore the key from its copy. A store without a key gets one with the next throughline ingest`,
    { folder },
  )
}

/** What lies in the way of an answer, said before it is looked for. */
function warn({ out }: Context, store: Store, range: Range): void {
  const pruned = prunedNote(store, range)
  if (pruned) out.warn(pruned)
  const isCovered = store.state.segments.some(s => s.firstUs < range.toUs && s.lastUs >= range.fromUs)
  if (!isCovered) out.warn('the store has no line of this period: that nothing is found says nothing about what happened')
} // biome-ignore format: one line each

function print({ out }: Context, output: string, { counts, exceptions, checkpoint }: Created, fingerprint: string): void {
  out.line(`requests    ${count(counts.requests)}, with ${count(counts.hops)} log lines and ${count(counts.links)} links`)
  out.line(`exceptions  ${count(counts.exceptions)}`)
  printExceptions(out, exceptions)
  out.line(`ledger      ${count(checkpoint.size)} entries, root ${checkpoint.root}`)
  out.line(`signed by   ${fingerprint}`)
  out.line()
  out.line(`written to ${safe(output)}: open report.html first`)
  out.line(`check it with: throughline evidence verify ${safe(output)} --key ${fingerprint}`)
} // biome-ignore format: one line each
