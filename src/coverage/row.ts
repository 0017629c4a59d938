import type { CoverageReason, CoverageState } from './reasons.ts'

export type Side = 'gateway' | 'app'

/** Whose records are judged together: the log of one IIS site on one host, or the exports of an environment. */
export interface SourceGroup {
  readonly side: Side
  /** Applications with hops of it; of a log one, as it is listed for each. */
  readonly applications: readonly string[]
  /** App: undefined where no log tells it, or where the log itself is not known. */
  readonly host?: string | undefined
  readonly site?: string | undefined
  /** App: folder and name of a log whose host is not known. */
  readonly log?: string | undefined
  /** App: the target host whose answers have no line, of a log that is not known. */
  readonly target?: string | undefined
  readonly organization?: string | undefined
  readonly environment?: string | undefined
}

/** The counts behind a state. */
export interface CoverageEvidence {
  /** Lines or records of the group in the hour. */
  readonly hops: number
  /** What the other side says: calls that IIS must have answered; lines that came from the gateway. */
  readonly expected: number
  /** Of these, without a partner on this side, by whatever verdict. */
  readonly unmatched: number
  /** Lines of the hour that could not be read. */
  readonly rejected: number
}

/** A while in which nothing was recorded, µs, half-open. */
export interface Gap {
  readonly fromUs: number
  readonly toUs: number
}

/** One group and hour. */
export interface CoverageRow {
  readonly group: SourceGroup
  /** Start of the hour, µs since 1970 UTC; of a log by the clock of its host. */
  readonly hourUs: number
  readonly state: CoverageState
  readonly reason: CoverageReason
  readonly evidence: CoverageEvidence
  /** The silence that decided; undefined where none did. */
  readonly gap?: Gap | undefined
}
