import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { z } from 'zod'
import { ThroughlineError } from '../errors.ts'
import { writeDurably } from '../ledger/durable.ts'
import { type HoldState, isInForce } from '../ledger/holds.ts'
import { rfc3339 } from '../model/time.ts'
import { REQUEST_FIELDS } from '../requests/fields.ts'
import { bindFilter, canonicalBound, parseFilter } from '../requests/filter/index.ts'
import { publishFile } from '../store/commit.ts'
import { ALWAYS, type Range } from '../store/facts.ts'
import { layout } from '../store/layout.ts'
import { wholeFiles } from '../store/records.ts'
import type { Store } from '../store/store.ts'

/** What a hold is about, in a file of its own: the ledger keeps every word for ever, a file can go. */
const HOLD_FILE = z.strictObject({
  version: z.literal(1),
  /** Canonical text with absolute times. */
  filter: z.string(),
  /** Half-open period of the requests' start, RFC 3339. */
  from: z.string().optional(),
  to: z.string().optional(),
  why: z.string(),
})

export type HoldText = z.infer<typeof HOLD_FILE>

/** A hold with what it is about; undefined where this version cannot read that, or where it was dropped. */
export interface Hold extends HoldState {
  readonly text: HoldText | undefined
}

export interface NewHold {
  readonly filter: string
  readonly range: Range | undefined
  readonly why: string
  readonly who: string
  /** When it ends by itself, µs. */
  readonly untilUs: number | undefined
}

/**
 * Keeps the requests that a filter finds, now and later, from being pruned or erased.
 *
 * @returns its number
 * @throws FILTER_SYNTAX, FILTER_FIELD
 */
export async function addHold(store: Store, { filter, range, why, who, untilUs }: NewHold): Promise<number> {
  const bound = bindFilter(parseFilter(filter), REQUEST_FIELDS, new Date(store.now()))
  const { fromUs, toUs } = range ?? ALWAYS
  const text: HoldText = {
    version: 1,
    filter: canonicalBound(bound),
    ...(Number.isFinite(fromUs) ? { from: rfc3339(fromUs) } : {}),
    ...(Number.isFinite(toUs) ? { to: rfc3339(toUs) } : {}),
    why,
  }
  const name = String(store.ledger.nextSeq()).padStart(6, '0')
  const temporary = join(layout.temporary(store.root), `hold-${name}.json`)
  writeDurably(temporary, `${JSON.stringify(text)}\n`)
  const file = await publishFile(store, temporary, layout.hold(name), 1)
  const until = untilUs === undefined ? {} : { until: rfc3339(untilUs) }
  return store.append({ kind: 'hold', file, who, ...until }).seq
}

/**
 * Ends a hold.
 *
 * @throws USAGE where there is none of this number in force
 */
export function releaseHold(
  store: Store,
  hold: number,
  { why, who }: { readonly why: string; readonly who: string },
): void {
  const found = store.state.holds.get(hold)
  const problem = !found
    ? 'there is none of this number'
    : found.released
      ? `it was released on ${found.released.at.slice(0, 10)}`
      : undefined
  if (problem)
    throw new ThroughlineError('USAGE', `hold release ${hold}: ${problem}; throughline hold list shows all`, {
      hold,
    })
  store.append({ kind: 'released', hold, why, who })
}

/** All holds, oldest first. */
export function allHolds(store: Store): Hold[] {
  return [...store.state.holds.values()].map(hold => ({ ...hold, text: readText(store, hold) }))
}

export function holdsInForce(store: Store, nowMs: number): Hold[] {
  return allHolds(store).filter(hold => isInForce(hold, nowMs))
}

/** @throws STORE_DAMAGED where the file is not the one that the ledger names */
function readText({ root }: Store, { file }: HoldState): HoldText | undefined {
  if (!file) return undefined
  const [path = ''] = wholeFiles(root, [file])
  return HOLD_FILE.safeParse(JSON.parse(readFileSync(path, 'utf8'))).data
}

/** The period of a hold, µs. */
export function rangeOfHold({ from, to }: HoldText): Range {
  return {
    fromUs: from === undefined ? ALWAYS.fromUs : microsOf(from),
    toUs: to === undefined ? ALWAYS.toUs : microsOf(to),
  }
}

/** `rfc3339` read back, to the microsecond. */
function microsOf(text: string): number {
  const fraction = /\.(\d+)Z$/.exec(text)?.[1] ?? ''
  return Date.parse(text.replace(/\.\d+Z$/, 'Z')) * 1000 + Number(fraction.padEnd(6, '0'))
}
