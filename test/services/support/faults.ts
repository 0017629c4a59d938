/** What a faulty proxy does with one request. `backend` below is the Collector behind it. */
export type Fault =
  /** Forwards it and hands the answer on. */
  | { readonly kind: 'pass' }
  /** Resets the connection while the request is read. The backend has nothing. */
  | { readonly kind: 'reset-request' }
  /** Forwards it, waits for the backend's answer, and resets the connection instead of answering: the backend has it. */
  | { readonly kind: 'reset-answer' }
  /** Answers with a status and does not forward. */
  | { readonly kind: 'status'; readonly status: number; readonly retryAfter?: RetryAfter }
  /** Forwards at once and answers late: the backend has it, whether or not the client still waits. */
  | { readonly kind: 'slow'; readonly delayMs: number }
  /** Never answers; forwards only if told so. */
  | { readonly kind: 'silent'; readonly forward?: boolean }
  /** Answers 200 with a web page, as a login page or a wrong address does. Forwards nothing. */
  | { readonly kind: 'html' }
  /**
   * Forwards all but the first spans and answers 200 with a partial success that says so: what the backend has and what
   * was rejected (`rejected` of the arrival: at most what the request held) add up to what was sent. With 0 it is a
   * warning.
   */
  | { readonly kind: 'partial'; readonly spans: number; readonly message?: string }
  /** Resets the request and refuses connections for a while. */
  | { readonly kind: 'outage'; readonly forMs: number }

/** As seconds, or as the HTTP date at which at least so many seconds have passed. */
export interface RetryAfter {
  readonly seconds: number
  readonly as?: 'seconds' | 'date'
}

/** Faults for one request after the other, `pass` when the list is used up; or a function of the request's index. */
export type Faults = readonly Fault[] | ((index: number) => Fault)

export interface StormOptions {
  readonly seed: number
  /** Part of the requests that meet a fault, from 0 to 1. */
  readonly share: number
  readonly faults: readonly Fault[]
}

/** Faults by chance: the same seed and index give the same fault. */
export function storm({ seed, share, faults }: StormOptions): (index: number) => Fault {
  return index => {
    if (chance(seed, 2 * index) >= share) return { kind: 'pass' }
    return faults[Math.floor(chance(seed, 2 * index + 1) * faults.length)] ?? { kind: 'pass' }
  }
}

/** A number from 0 (included) to 1 (not), by the 32-bit finaliser of MurmurHash3. */
function chance(seed: number, index: number): number {
  let h = Math.imul(seed, 0x9e3779b1) ^ Math.imul(index + 1, 0x85ebca77)
  h = Math.imul(h ^ (h >>> 16), 0x85ebca6b)
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35)
  return ((h ^ (h >>> 16)) >>> 0) / 2 ** 32
}
