import type { Config } from '../config/schema.ts'
import { closeDays } from '../correlate/close-days.ts'
import { type LinkedDay, linkDays } from '../correlate/link-days.ts'
import { type ApplicationDay, dayKey, parseDayKey } from '../ledger/state.ts'
import type { AliasEntry } from '../model/aliases.ts'
import type { Input } from '../sources/discover.ts'
import { compact } from '../store/compact.ts'
import type { Store } from '../store/store.ts'
import { defineApplications } from './applications.ts'
import { recordConfig } from './config-entry.ts'
import { type IngestResult, ingest, type Progress } from './ingest.ts'
import { rederive } from './rederive.ts'
import { importAliases, recordAliases } from './subjects.ts'

/** Files that a run merges at its end: what many small runs leave behind, not what one large run has written. */
const SMALL_ROWS = 16_000

export interface RunOptions {
  readonly config: Config
  readonly host?: string | undefined
  readonly site?: string | undefined
  readonly fields?: readonly string[] | undefined
  readonly maxRejects?: number | undefined
  readonly commitRows?: number | undefined
  readonly pseudonym: (secret: string) => string
  readonly onProgress?: (progress: Progress) => void
  readonly onDay?: (day: string, place: number, of: number) => void
}

export interface RunResult extends IngestResult {
  readonly linked: readonly LinkedDay[]
  readonly closed: readonly ApplicationDay[]
}

/**
 * The whole of Throughline, once: logs become facts, facts become links, days that are whole are closed. Requests,
 * traces and answers are views of what is then in the store.
 */
export async function run(store: Store, inputs: readonly Input[], options: RunOptions): Promise<RunResult> {
  const configDigest = recordConfig(store, options.config)
  await recordAliases(store, options.config.subjects)
  await defineApplications(store.db, options.config.applications)
  const taken = await ingest(store, inputs, { ...options, configDigest })
  // Not only the days of this run: an earlier one may have ended before it had linked its own.
  const linked = await relink(store, dueDays(store), options, configDigest)
  const closed = await closeDays(store)
  await compact(store, { below: SMALL_ROWS })
  return { ...taken, linked, closed }
}

/** Days whose links are not up to date, in order. */
function dueDays({ state }: Store): ApplicationDay[] {
  return [...state.unlinkedDays].sort().map(parseDayKey)
}

/** Derives all facts anew by the configuration in force, and links every day. */
export async function rederiveAndLink(
  store: Store,
  options: Pick<RunOptions, 'config' | 'onDay'>,
): Promise<{ segments: number; linked: readonly LinkedDay[] }> {
  const configDigest = recordConfig(store, options.config)
  await recordAliases(store, options.config.subjects)
  await defineApplications(store.db, options.config.applications)
  const segments = await rederive(store, options.config, configDigest)
  const linked = await relink(store, dueDays(store), options, configDigest)
  return { segments, linked }
}

/** Puts the accounts of a directory into force, and links every day. */
export async function importAndLink(
  store: Store,
  file: string,
  entries: readonly AliasEntry[],
  options: Pick<RunOptions, 'config' | 'onDay'>,
): Promise<readonly LinkedDay[]> {
  const configDigest = recordConfig(store, options.config)
  await recordAliases(store, options.config.subjects)
  await importAliases(store, file, entries)
  return relink(store, dueDays(store), options, configDigest)
}

/** Links days anew; those whose links come out as they were stay untouched. */
export async function relink(
  store: Store,
  days: readonly ApplicationDay[],
  options: Pick<RunOptions, 'config' | 'onDay'>,
  configDigest = recordConfig(store, options.config),
): Promise<LinkedDay[]> {
  const { config, onDay } = options
  const linked = await linkDays(store, days, {
    configDigest,
    trustedProxies: config.trustedProxies,
    ...(onDay ? { onDay } : {}),
  })
  const due = days.filter(day => store.state.unlinkedDays.has(dayKey(day)))
  for (const application of [...new Set(due.map(d => d.application))].sort())
    store.append({
      kind: 'linked',
      application,
      days: due.filter(d => d.application === application).map(d => d.day),
    })
  return linked
}
