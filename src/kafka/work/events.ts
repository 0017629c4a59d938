import type { LinkedDay } from '../../correlate/link-days.ts'
import type { ApplicationDay } from '../../ledger/state.ts'
import type { Taken } from './batch-intake.ts'

/** What a worker tells about its work. */
export type WorkEvent =
  | { readonly event: 'joined'; readonly partitions: readonly number[] }
  | { readonly event: 'opened' | 'closed'; readonly partition: number }
  | ({ readonly event: 'committed'; readonly partition: number } & Taken)
  | {
      readonly event: 'linked'
      readonly partition: number
      readonly days: readonly LinkedDay[]
      readonly closed: readonly ApplicationDay[]
      readonly seconds: number
    }
  /** A message was put on the dead-letter topic. */
  | { readonly event: 'put-aside'; readonly partition: number; readonly why: string }
  /** Rows or messages that never came, whose loss was accepted. */
  | { readonly event: 'lost'; readonly partition: number; readonly what: string }
  /** Another worker has written to the store: this one has lost the partition. */
  | { readonly event: 'fenced'; readonly partition: number }
  /** Something does not answer; it is tried again. */
  | { readonly event: 'waiting'; readonly why: string }
