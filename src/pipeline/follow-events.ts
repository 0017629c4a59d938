import type { LinkedDay } from '../correlate/link-days.ts'
import type { ApplicationDay } from '../ledger/state.ts'
import type { ReadingOptions } from './intake.ts'

/** What a follower tells about its work, besides what it commits. */
export type FollowEvent =
  /** How things stand; told at each look. */
  | { readonly event: 'state'; readonly files: number; readonly lagBytes: number }
  /** A file that cannot be read, or is waited for; told once as long as it stays so. */
  | { readonly event: 'problem'; readonly path: string; readonly problem: string }
  | { readonly event: 'refused'; readonly path: string; readonly name: string; readonly advice: string }
  /** The writers are faster: bytes that wait to be read, and for how long there have been any. */
  | { readonly event: 'lag'; readonly bytes: number; readonly seconds: number }
  | {
      readonly event: 'linked'
      readonly days: readonly LinkedDay[]
      readonly closed: readonly ApplicationDay[]
      readonly seconds: number
    }

export interface FollowOptions extends ReadingOptions {
  /** Milliseconds since 1970 UTC. */
  readonly nowMs: () => number
  readonly pause: (ms: number) => Promise<void>
  readonly pollMs?: number | undefined
  readonly stableMs?: number | undefined
  readonly overMs?: number | undefined
  /** The shortest time between two refreshes of links, ms. */
  readonly linkMs?: number | undefined
  readonly onEvent?: ((event: FollowEvent) => void) | undefined
  /** Called each time there has been a look for something new. */
  readonly afterRound?: (() => Promise<void>) | undefined
  /** Called after each commit, before anything else is read: the place for compaction. */
  readonly afterCommit?: (() => Promise<void>) | undefined
}
