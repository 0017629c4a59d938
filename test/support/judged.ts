import { join } from 'node:path'
import { CONFIG, type Config } from '../../src/config/schema.ts'
import { closeByHand } from '../../src/correlate/close-days.ts'
import type { DayFindings } from '../../src/findings/finding.ts'
import { findingsOf } from '../../src/findings/findings.ts'
import type { JudgeOptions } from '../../src/findings/judge-day.ts'
import { findingSettings } from '../../src/findings/settings.ts'
import { ALWAYS } from '../../src/store/facts.ts'
import type { Store } from '../../src/store/store.ts'
import { type Exchange, written } from './exchanges.ts'
import { inFolder, writeFiles } from './folder.ts'
import { ingestInto, withStore } from './store.ts'

/** Sides that are declared whole for the day of the exchanges. */
export type Covered = readonly ('gateway' | 'app')[]

export const BOTH: Covered = ['gateway', 'app']

export interface Outcome extends Omit<DayFindings, 'day'> {
  /** By rule, the numbers of the exchanges that it found, in order. */
  readonly found: ReadonlyMap<string, readonly number[]>
}

export interface JudgedSetting extends Partial<JudgeOptions> {
  readonly config?: Parameters<typeof CONFIG.parse>[0]
  readonly covered?: Covered
  /** The time at which logs are read; by default long after. */
  readonly ingestedMs?: number
  /** What happens to the store before it is judged. */
  readonly before?: (store: Store) => unknown
}

/** Reads exchanges, of which each is told by its gateway record or by its line, and judges their day. */
export async function judged(exchanges: readonly Exchange[], setting: JudgedSetting = {}): Promise<Outcome> {
  const { files } = written(exchanges)
  const config = CONFIG.parse(setting.config ?? {})
  return inFolder(folder => {
    const fill = async (store: Store): Promise<Outcome> => {
      for (const side of setting.covered ?? BOTH)
        store.append({ kind: 'coverage', side, from: '2026-06-30', to: '2026-07-03' })
      await ingestInto(store, writeFiles(join(folder, 'logs'), files), { config })
      // Where a side is not whole, a day waits for it until somebody closes it.
      if (!setting.ingestedMs) closeByHand(store, ['2026-07-01'])
      await setting.before?.(store)
      return judgedStore(store, config, exchanges, setting)
    }
    return withStore(join(folder, 'store'), fill, setting.ingestedMs ? { nowMs: setting.ingestedMs } : {})
  })
}

async function judgedStore(
  store: Store,
  config: Config,
  exchanges: readonly Exchange[],
  { openDays = false, nowMs = store.now(), rules }: JudgedSetting,
): Promise<Outcome> {
  const options = { openDays, nowMs, rules }
  const { incidents, notEvaluated } = await findingsOf(store, ALWAYS, findingSettings(config), options)
  if (incidents.length === 0) return { incidents, notEvaluated, found: new Map() }
  const rows = await store.db.rows<{ rule: string; path: string }>(
    `SELECT DISTINCT rule, c.path FROM finding_requests JOIN calls AS c USING (request_id)`,
  )
  const found = new Map<string, number[]>()
  for (const { rule, path } of rows) {
    const place = exchanges.findIndex(e => path.endsWith(e.path ?? '/a'))
    found.set(
      rule,
      [...(found.get(rule) ?? []), place].sort((a, b) => a - b),
    )
  }
  return { incidents, notEvaluated, found }
}
