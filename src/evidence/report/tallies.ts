import { textIn } from '../verify/facts.ts'
import type { RequestRecord } from '../verify/record.ts'

/** Subjects that are counted apart; beyond, counting would need memory without bound. */
const MOST_COUNTED = 100_000

/** Counts of the requests of a bundle, for its report. */
export class Tallies {
  readonly outcome = new Map<string, number>()
  readonly state = new Map<string, number>()
  readonly decidedBy = new Map<string, number>()
  readonly status = new Map<string, number>()
  readonly application = new Map<string, number>()
  readonly subject = new Map<string, number>()
  readonly method = new Map<string, number>()
  /** Requests of subjects beyond those that are counted apart. */
  otherSubjects = 0

  add(record: RequestRecord): void {
    count(this.outcome, textIn(record, 'outcome') ?? 'unknown')
    count(this.state, textIn(record, 'state') ?? 'unknown')
    count(this.decidedBy, textIn(record, 'decided_by') ?? 'unknown')
    count(this.status, String(record.status ?? 'none'))
    count(this.application, textIn(record, 'application') ?? 'unknown')
    count(this.method, textIn(record, 'link_method') ?? 'none')
    const subject = textIn(record, 'subject') ?? ''
    if (this.subject.size < MOST_COUNTED || this.subject.has(subject)) count(this.subject, subject)
    else this.otherSubjects++
  }
}

function count(counts: Map<string, number>, key: string): void {
  counts.set(key, (counts.get(key) ?? 0) + 1)
}

/** Largest first; equal ones by name. */
export function ranked(counts: ReadonlyMap<string, number>): [string, number][] {
  return [...counts].sort(([a, n], [b, m]) => m - n || (a < b ? -1 : 1))
}
