/** Reasons for which a request is sent again. */
export type RetryReason =
  | 'too many requests'
  | 'bad gateway'
  | 'unavailable'
  | 'gateway timeout'
  | 'connection'
  | 'name lookup'
  | 'timeout'

/** What became of one request. */
export type Answer =
  | {
      readonly kind: 'accepted'
      /** Items that the backend did not take, and why it says so. They are not to be sent again. */
      readonly rejected: number
      readonly message: string
      /** A sentence where it is not sure that an OTLP receiver answered. */
      readonly doubt?: string
    }
  | {
      readonly kind: 'retry'
      readonly reason: RetryReason
      readonly why: string
      /** The backend asks to wait so long. */
      readonly afterMs?: number
    }
  | {
      readonly kind: 'refused'
      /** HTTP status, where there was an answer. */
      readonly status?: number
      readonly why: string
    }

/** An answer over HTTP, read to its end or to a limit. */
export interface Reply {
  readonly status: number
  /** Lower case, without parameters; empty where there is none. */
  readonly contentType: string
  readonly location: string
  readonly retryAfter: string
  readonly body: Uint8Array
  /** Why the body is not whole: the connection ended, or the limit was reached. */
  readonly cut?: 'broken' | 'too long' | undefined
}
