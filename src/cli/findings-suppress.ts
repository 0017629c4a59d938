import type { Command } from 'commander'
import { ThroughlineError } from '../errors.ts'
import type { Incident } from '../findings/finding.ts'
import { findingsByDay } from '../findings/findings.ts'
import { findingSettings } from '../findings/settings.ts'
import { dayNumber } from '../model/time.ts'
import { ALWAYS } from '../store/facts.ts'
import type { Store } from '../store/store.ts'
import { type Context, type StoreFlags, storeOptions } from './context.ts'
import { withReader, withWriter } from './opening.ts'
import { safe } from './output.ts'

interface Flags extends StoreFlags {
  readonly reason?: string
  readonly until?: string
  readonly author?: string
}

export function suppressCommand(parent: Command, context: Context): void {
  storeOptions(parent.command('suppress'))
    .summary('say that findings need no attention for a while')
    .description(
      'Notes in the ledger that an incident, or every incident of a series (one rule, about the same), needs no attention until a moment. It is still listed, as suppressed; a later decision about the same id replaces the one before.',
    )
    .argument('<id>', 'id of the incident (inc-…) or series (ser-…), as findings --json prints them')
    .option('--reason <text>', 'why')
    .option('--until <time>', 'first moment at which it counts again, UTC: a date, an RFC 3339 time, or now')
    .option('--author <name>', 'who decided it')
    .addHelpText(
      'after',
      '\nExamples:\n  throughline findings suppress inc-0123456789abcdef --reason "load test, ticket 4711" --until 2026-08-01 --author ann.meyer',
    )
    .action(async (id: string, _: Flags, command: Command) => {
      const flags = command.optsWithGlobals<Flags>()
      const given = decisionOf(id, flags, context.now())
      // A reader first: what is wrong is found before anything is touched.
      const found = await withReader(flags, (store, { config }) => find(store, id, findingSettings(config), context.now()))
      if (!found)
        throw new ThroughlineError('ID_UNKNOWN', `findings suppress ${safe(id)}: no finding of the store has this id; throughline findings --json lists them`, { id })
      await withWriter(context, flags, async store => {
        store.append({ kind: 'suppression', id, rule: found.rule, ...given })
      })
      const what = Date.parse(given.until) > context.now() ? `suppressed ${id} until ${given.until}` : `open again ${id}`
      context.out.line(`${what}: ${safe(found.title)}`)
    }) // biome-ignore format: one line each
}

function decisionOf(id: string, { reason, until, author }: Flags, nowMs: number): { reason: string; until: string; author: string } {
  const wrong = (what: string): ThroughlineError => new ThroughlineError('USAGE', `findings suppress ${safe(id)}: ${what}`)
  if (!/^(?:inc|ser)-[0-9a-f]{16}$/.test(id)) throw wrong('no id of a finding; expected one such as inc-0123456789abcdef')
  if (!reason?.trim()) throw wrong('--reason is missing; say why, it is kept in the ledger')
  if (!author?.trim()) throw wrong('--author is missing; say who decided it')
  if (!until) throw wrong('--until is missing; a suppression ends, such as --until 2026-08-01')
  const ms = until === 'now' ? nowMs : momentOf(until)
  if (Number.isNaN(ms)) throw wrong(`--until ${safe(until)}: no time; expected a date such as 2026-08-01 or a time such as 2026-08-01T08:00:00Z (UTC)`)
  if (ms <= nowMs && until !== 'now') throw wrong(`--until ${safe(until)}: it lies in the past; expected a later moment`)
  return { reason: reason.trim(), until: new Date(ms).toISOString(), author: author.trim() }
} // biome-ignore format: one line each

/** A date or an RFC 3339 time in UTC, as milliseconds since 1970; NaN where it is neither. */
function momentOf(text: string): number {
  const isTime = /^\d{4}-\d\d-\d\dT\d\d:\d\d(?::\d\d)?(?:\.\d+)?Z$/.test(text)
  return isTime || !Number.isNaN(dayNumber(text)) ? Date.parse(text) : Number.NaN
}

async function find(store: Store, id: string, settings: ReturnType<typeof findingSettings>, nowMs: number): Promise<Incident | undefined> {
  for await (const { incidents } of findingsByDay(store, ALWAYS, settings, { openDays: true, nowMs })) {
    const found = incidents.find(it => it.incident === id || it.series === id)
    if (found) return found
  }
  return undefined
} // biome-ignore format: one line
