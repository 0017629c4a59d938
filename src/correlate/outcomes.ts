import { type ApplicationDay, dayKey } from '../ledger/state.ts'
import { DAY_US, dayNumber, dayText } from '../model/time.ts'
import { linksOfDays } from '../requests/view.ts'
import { factsRelation } from '../store/facts.ts'
import { quoteText, sqlFile } from '../store/query.ts'
import type { Store } from '../store/store.ts'
import { observe } from '../telemetry/record.ts'

const OUTCOMES = sqlFile('./day_outcomes.sql', import.meta.url)

/**
 * Tells metrics what became of the app hops of days that were linked just now. It reads the ids of their facts and
 * links once more: only for where somebody looks. What cannot be read is another's to report.
 */
export async function recordOutcomes(store: Store, days: readonly ApplicationDay[]): Promise<void> {
  for (const day of days) {
    const outcomes = await outcomesOf(store, day).catch(() => undefined)
    if (outcomes) observe('throughline.link.hops', dayKey(day), () => outcomes)
  }
}

/** App hops of a day by the method that linked them, or by why they have no link. */
export async function outcomesOf(
  { db, state, root }: Store,
  { application, day }: ApplicationDay,
): Promise<Readonly<Record<string, number>>> {
  const fromUs = dayNumber(day) * DAY_US
  const toUs = fromUs + DAY_US
  // A gateway hop's day is that of its first stamp, so a neighbour may hold the claim.
  const near = [-1, 0, 1].map(shift => dayText(dayNumber(day) + shift))
  await db.run(
    `CREATE OR REPLACE TEMP VIEW outcome_hops AS SELECT hop_id FROM ${factsRelation(state, root, 'app', { fromUs, toUs })}
     WHERE application = ${quoteText(application)} AND end_ts::DATE = ${quoteText(day)}::DATE`,
  )
  await db.run(
    `CREATE OR REPLACE TEMP VIEW outcome_links AS SELECT app_hop_id, verdict, method
     FROM ${linksOfDays(state, root, other => near.includes(other))}`,
  )
  const rows = await db.rows<{ outcome: string; hops: string }>(OUTCOMES)
  await db.run('DROP VIEW outcome_hops; DROP VIEW outcome_links')
  return Object.fromEntries(rows.map(({ outcome, hops }) => [outcome, Number(hops)]))
}
