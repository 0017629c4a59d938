import type { Config } from '../config/schema.ts'
import { closeDays } from '../correlate/close-days.ts'
import type { LinkedDay } from '../correlate/link-days.ts'
import type { ApplicationDay } from '../ledger/state.ts'
import type { AliasEntry } from '../model/aliases.ts'
import type { Input } from '../sources/discover.ts'
import { compact } from '../store/compact.ts'
import { sealWhereDue } from '../store/seal.ts'
import type { Store } from '../store/store.ts'
import { inSpan } from '../telemetry/record.ts'
import { defineApplications } from './applications.ts'
import { recordConfig } from './config-entry.ts'
import { Follower } from './follow.ts'
import type { FollowOptions } from './follow-events.ts'
import { LinkRefresh } from './follow-links.ts'
import { ingest } from './ingest.ts'
import type { IngestResult, Progress } from './ingest-run.ts'
import type { Committed, IntakeOptions } from './intake.ts'
import { rederive } from './rederive.ts'
import { dueDays, type RelinkOptions, relink } from './relink.ts'
import { StoreIntake } from './store-intake.ts'
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
  readonly onCommit?: (committed: Committed) => void
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
export function run(store: Store, inputs: readonly Input[], options: RunOptions): Promise<RunResult> {
  return inSpan('ingest', {}, async span => {
    const result = await runWhole(store, inputs, options)
    span.set({
      'throughline.files': result.sources.length,
      'throughline.files.known': result.known.length,
      'throughline.lines': result.sources.reduce((sum, s) => sum + s.accounting.lines, 0),
    })
    return result
  })
}

async function runWhole(store: Store, inputs: readonly Input[], options: RunOptions): Promise<RunResult> {
  const configDigest = await prepare(store, options.config)
  const taken = await ingest(store, inputs, { ...options, configDigest })
  // Not only the days of this run: an earlier one may have ended before it had linked its own.
  const linked = await relink(store, dueDays(store), options, configDigest)
  const closed = await closeDays(store)
  await compact(store, { below: SMALL_ROWS })
  return { ...taken, linked, closed }
}

/**
 * Follows places instead of reading them once: the same, without an end.
 *
 * @param onReady gets the follower, so that it can be stopped
 */
export async function follow(
  store: Store,
  places: readonly string[],
  options: FollowOptions & Pick<IntakeOptions, 'onCommit'>,
  onReady: (follower: Follower) => void,
): Promise<{ isAbandoned: boolean }> {
  const configDigest = await prepare(store, options.config)
  const intake = await StoreIntake.open(store, { ...options, configDigest })
  const following: FollowOptions = {
    ...options,
    // Commits are small and many: one merge at a time keeps their files few.
    afterCommit: async () => {
      await compact(store, { most: 1, below: SMALL_ROWS })
    },
    afterRound: () => sealWhereDue(store),
  }
  const links = new LinkRefresh(store, { ...options, configDigest })
  const follower = new Follower(intake, places, store.root, following, links)
  onReady(follower)
  return follower.run()
}

/** Puts the configuration into force. @returns its digest */
export async function prepare(store: Store, config: Config): Promise<string> {
  const configDigest = recordConfig(store, config)
  await recordAliases(store, config.subjects)
  await defineApplications(store.db, config.applications)
  return configDigest
}

/** Derives all facts anew by the configuration in force, and links every day. */
export async function rederiveAndLink(
  store: Store,
  options: RelinkOptions,
): Promise<{ segments: number; linked: readonly LinkedDay[] }> {
  const configDigest = await prepare(store, options.config)
  const segments = await rederive(store, options.config, configDigest)
  const linked = await relink(store, dueDays(store), options, configDigest)
  return { segments, linked }
}

/** Puts the accounts of a directory into force, and links every day. */
export async function importAndLink(
  store: Store,
  file: string,
  entries: readonly AliasEntry[],
  options: RelinkOptions,
): Promise<readonly LinkedDay[]> {
  const configDigest = recordConfig(store, options.config)
  await recordAliases(store, options.config.subjects)
  await importAliases(store, file, entries)
  return relink(store, dueDays(store), options, configDigest)
}
