import type { CoverageReason } from '../coverage/reasons.ts'
import type { Suppression } from '../ledger/state.ts'
import type { Severity } from './header.ts'
import type { ReasonCode } from './reasons.ts'
import type { RuleId } from './registry.ts'

/** Requests of one day that one rule found about the same. */
export interface Incident {
  /** `inc-` and 16 hex digits: of the rule, what it is about and its first request, so that it stays what it is. */
  readonly incident: string
  /** `ser-` and 16 hex digits: the same for all incidents of the rule about the same, on whatever day. */
  readonly series: string
  readonly rule: RuleId
  readonly severity: Severity
  /** What was found, and about what. */
  readonly title: string
  /** UTC day. An incident ends with its day; what goes on is another one, of the same series. */
  readonly day: string
  /** Undefined where a rule is about a host. */
  readonly application: string | undefined
  readonly about: Readonly<Record<string, string | null>>
  /** µs since 1970. */
  readonly firstUs: number
  readonly lastUs: number
  /** 0 where a rule is about a host, not about requests. */
  readonly requests: number
  /** How many were looked at, where the rule is about a share. */
  readonly total: number | undefined
  /** What was seen, most often first, at most five. */
  readonly notes: readonly { readonly note: string; readonly times: number }[]
  /** What the logs say about the cause; undefined for rules that do not ask. */
  readonly hint: string | undefined
  readonly status: 'OPEN' | 'SUPPRESSED'
  readonly suppression: Suppression | undefined
  /** From a day that is open: it may change or go. */
  readonly provisional: boolean
}

/** What was not evaluated, and why. */
export interface NotEvaluated {
  /** Undefined: no rule was. */
  readonly rule: RuleId | undefined
  readonly day: string
  readonly application: string | undefined
  readonly reason: ReasonCode
  /** Why it is not known that logs are whole, where that is the reason. */
  readonly coverage?: CoverageReason | undefined
  /** UTC hours that it is about, `YYYY-MM-DDTHHZ`, in order; undefined: the day as a whole. */
  readonly hours?: readonly string[] | undefined
  /** Requests that may be findings; 0 where none were looked at. */
  readonly requests: number
}

export interface DayFindings {
  readonly day: string
  readonly incidents: readonly Incident[]
  readonly notEvaluated: readonly NotEvaluated[]
}
