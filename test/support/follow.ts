import { CONFIG } from '../../src/config/schema.ts'
import { pseudonymizer } from '../../src/config/token-key.ts'
import type { Follower } from '../../src/pipeline/follow.ts'
import type { FollowEvent, FollowOptions } from '../../src/pipeline/follow-events.ts'
import { follow } from '../../src/pipeline/run.ts'
import type { Store } from '../../src/store/store.ts'
import { withStore } from './store.ts'

export interface Following {
  readonly store: Store
  /** What was told of files. */
  readonly events: readonly FollowEvent[]
  /** Hops in the store. */
  hops(): number
  /** Lines that were rejected, of all sources. */
  rejected(): number
  /** Sources in the store: path, decoded lines, duplicates. */
  sources(): [string, number, number][]
  /** Waits until this is so. */
  until(what: string, isSo: () => boolean): Promise<void>
  /** Waits until at least one further look has been taken at everything, and what was read is in the store. */
  settled(): Promise<void>
  /** Moves the follower's clock on. */
  pass(ms: number): void
}

export type FollowSetting = Partial<Omit<FollowOptions, 'config'>>

/** Looks that are certainly enough for a walk, a read and a commit. */
const LOOKS = 6

/**
 * Follows places with a clock of its own: each pause passes as much time as a commit waits, so that nothing in a test
 * waits for a real clock.
 */
export async function following<T>(
  path: string,
  places: readonly string[],
  action: (following: Following) => Promise<T>,
  setting: FollowSetting = {},
): Promise<T> {
  let nowMs = Date.now()
  return withStore(path, async store => {
    const events: FollowEvent[] = []
    let looks = 0
    let follower: Follower | undefined
    const running = follow(
      store,
      places,
      {
        config: CONFIG.parse({}),
        pseudonym: pseudonymizer(Buffer.alloc(32, 7)),
        nowMs: () => nowMs,
        pause: async ms => {
          nowMs += ms
          await new Promise(resolve => setTimeout(resolve, 2))
        },
        pollMs: 1_500,
        linkMs: 3_600_000,
        ...setting,
        onEvent: event => {
          if (event.event === 'state') looks++
          else if (event.event !== 'linked') events.push(event)
        },
      },
      it => {
        follower = it
      },
    )
    let failure: unknown
    running.catch(error => {
      failure ??= error
    })
    const sleep = () => new Promise(resolve => setTimeout(resolve, 2))
    const until = async (what: string, isSo: () => boolean): Promise<void> => {
      for (let tries = 0; !isSo(); tries++) {
        if (failure) throw failure
        if (tries > 5_000) throw new Error(`waited in vain until ${what}`)
        await sleep()
      }
    }
    try {
      return await action({
        store,
        events,
        hops: () => store.state.segments.reduce((sum, s) => sum + s.rows, 0),
        rejected: () => [...store.state.sources.values()].reduce((sum, s) => sum + s.accounting.rejected, 0),
        sources: () =>
          [...store.state.sources.values()].map(s => [s.path, s.accounting.decoded, s.accounting.duplicates]),
        until,
        settled: async () => {
          const enough = looks + LOOKS
          await until('everything was looked at', () => looks >= enough)
        },
        pass: ms => {
          nowMs += ms
        },
      })
    } finally {
      follower?.stop()
      await running
    }
  })
}
