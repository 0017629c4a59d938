/** What is answered apart. */
export const PARTS = ['integrity', 'soundness', 'completeness', 'agreement'] as const
export type Part = (typeof PARTS)[number]

export type Verdict = 'PASS' | 'FAIL' | 'NOT CHECKED'

/** A place where something is off. */
export interface Failure {
  /** File and line, entry or request. */
  readonly where: string
  readonly what: string
}

export interface PartResult {
  readonly verdict: Verdict
  /** How many failures there are; the first of them are listed. */
  readonly failed: number
  readonly failures: readonly Failure[]
  /** What was not checked, and why. With PASS: everything else was. */
  readonly notChecked: readonly string[]
}

/** Failures that are listed a part; more of them say no more. */
export const MOST_LISTED = 20

/** Notes what checks find. */
export class Findings {
  readonly #failures = new Map<Part, Failure[]>()
  readonly #failed = new Map<Part, number>()
  readonly #notChecked = new Map<Part, string[]>()
  readonly #skipped = new Map<Part, string>()

  fail(part: Part, where: string, what: string): void {
    const list = this.#failures.get(part) ?? []
    if (list.length < MOST_LISTED) list.push({ where, what })
    this.#failures.set(part, list)
    this.#failed.set(part, (this.#failed.get(part) ?? 0) + 1)
  }

  /** Something that the part cannot say anything about. */
  notChecked(part: Part, what: string): void {
    const list = this.#notChecked.get(part) ?? []
    if (!list.includes(what)) list.push(what)
    this.#notChecked.set(part, list)
  }

  /** The whole part cannot be answered. */
  skip(part: Part, why: string): void {
    this.#skipped.set(part, why)
  }

  hasFailed(part: Part): boolean {
    return (this.#failed.get(part) ?? 0) > 0
  }

  result(part: Part): PartResult {
    const failed = this.#failed.get(part) ?? 0
    const skipped = this.#skipped.get(part)
    return {
      verdict: failed > 0 ? 'FAIL' : skipped === undefined ? 'PASS' : 'NOT CHECKED',
      failed,
      failures: this.#failures.get(part) ?? [],
      notChecked: [...(skipped === undefined ? [] : [skipped]), ...(this.#notChecked.get(part) ?? [])],
    }
  }
}
