import { quoteText } from '../../store/query.ts'
import type { Store } from '../../store/store.ts'

/**
 * Requests of open days that could be sent, and since when nothing of them has changed. Kept while the process runs: a
 * new one lets them wait again.
 */
export class Waiting {
  readonly #store: Store
  readonly #settleMs: number
  readonly #dueMs = new Map<string, number>()
  #isCreated = false

  constructor(store: Store, settleMs: number) {
    this.#store = store
    this.#settleMs = settleMs
  }

  /** When the first request of a day will have waited long enough, ms since 1970; undefined where none waits. */
  dueMs(day: string): number | undefined {
    return this.#dueMs.get(day)
  }

  /** A condition over chosen_requests.sql: requests that have waited long enough. */
  condition(day: string, nowMs: number): string {
    if (!this.#isCreated) return 'FALSE'
    return `EXISTS (SELECT 1 FROM waiting_requests AS w WHERE w.day = ${quoteText(day)} AND w.request_id = chosen.request_id
      AND w.hops = hash(chosen.app_hop_ids) AND w.since_ms <= ${Math.floor(nowMs - this.#settleMs)})`
  }

  /** Notes which requests of the table chosen_requests wait, after a day was planned. */
  async note(day: string, nowMs: number): Promise<void> {
    const { db } = this.#store
    if (!this.#isCreated)
      await db.run(
        'CREATE TEMP TABLE waiting_requests (day VARCHAR, request_id VARCHAR, hops UBIGINT, since_ms BIGINT)',
      )
    this.#isCreated = true
    await db.run(
      `CREATE OR REPLACE TEMP TABLE waiting_now AS
       SELECT ${quoteText(day)} AS day, c.request_id, hash(c.app_hop_ids) AS hops,
         CASE WHEN w.hops = hash(c.app_hop_ids) THEN w.since_ms ELSE $now::BIGINT END AS since_ms
       FROM chosen_requests AS c
       LEFT JOIN waiting_requests AS w ON w.day = ${quoteText(day)} AND w.request_id = c.request_id
       WHERE c.settles AND NOT c.settled AND c.sampled AND c.has_unsent`,
      { now: BigInt(Math.floor(nowMs)) },
    )
    await db.run(
      `DELETE FROM waiting_requests WHERE day = ${quoteText(day)}; INSERT INTO waiting_requests SELECT * FROM waiting_now`,
    )
    const { first } = await db.row<{ first: string | null }>(
      'SELECT min(since_ms)::VARCHAR AS first FROM waiting_now',
    )
    if (first === null) this.#dueMs.delete(day)
    else this.#dueMs.set(day, Number(first) + this.#settleMs)
  }
}
