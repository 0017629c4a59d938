import type { RetryReason } from './answer.ts'
import type { Signal } from './signals.ts'
import type { Transport } from './transport.ts'

export interface Retry {
  readonly reason: RetryReason
  readonly why: string
  readonly waitMs: number
  /** 1 for the first attempt that failed. */
  readonly attempt: number
}

export interface SenderOptions<Item> {
  readonly signal: Pick<Signal<Item>, 'noun' | 'encode'>
  readonly transport: Pick<Transport, 'to' | 'pack' | 'post' | 'close'>
  /** In [0, 1). */
  readonly random: () => number
  readonly nowMs: () => number
  /** Resolves after so long, or at once when the signal is aborted. */
  readonly sleep: (ms: number, until: AbortSignal) => Promise<void>
  readonly batchItems?: number
  /** A request longer than this, before compression, is cut in halves without being tried. */
  readonly mostBytes?: number
  /** Batches on their way at a time. */
  readonly concurrency?: number
  /** How long to go on trying while the backend accepts nothing at all; Infinity to never give up. */
  readonly patienceMs?: number
  readonly firstWaitMs?: number
  readonly mostWaitMs?: number
  /** How long `close` waits for requests that are under way. */
  readonly graceMs?: number
  /** Ends all waiting at once; what is called then and later throws its reason. */
  readonly stop?: AbortSignal
  /**
   * Called with the number of items, from the first one handed over on, that are accepted or rejected without a gap;
   * a checkpoint may be set there. The number never falls.
   */
  readonly onAcknowledged?: (items: number) => void
  readonly onRetry?: (retry: Retry) => void
}

const SECOND_MS = 1000

export type Defaulted = Required<
  Pick<
    SenderOptions<never>,
    'batchItems' | 'mostBytes' | 'concurrency' | 'patienceMs' | 'firstWaitMs' | 'mostWaitMs' | 'graceMs'
  >
>

export const DEFAULTS: Defaulted = {
  batchItems: 2000,
  mostBytes: 4 * 1024 * 1024,
  concurrency: 4,
  patienceMs: 600 * SECOND_MS,
  firstWaitMs: SECOND_MS,
  mostWaitMs: 30 * SECOND_MS,
  graceMs: 2 * SECOND_MS,
}
