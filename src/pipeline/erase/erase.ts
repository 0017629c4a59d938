import type { Config } from '../../config/schema.ts'
import { ThroughlineError } from '../../errors.ts'
import type { FileRecord, IndexRecord, SegmentRecord } from '../../ledger/entry.ts'
import { erasedName } from '../../model/erased.ts'
import { type RecordedAliases, recordedAliases } from '../../requests/subjects.ts'
import { publishIndexes } from '../../store/commit.ts'
import { absorbReads } from '../../store/reads.ts'
import type { Store } from '../../store/store.ts'
import { dueDays, relink } from '../relink.ts'
import { appendAliases } from '../subjects.ts'
import { around } from './find-hops.ts'
import { type LineKind, linesAnew, type Mentions, mentioning } from './lines.ts'
import { entriesOf, isOf, tellingNames, withoutPerson } from './person.ts'
import { type ErasePlan, type EraseRequest, isEmpty, planErasure } from './plan.ts'
import { rewriteSegment } from './rewrite.ts'

export interface Erased extends ErasePlan {
  /** What stands for the person now; undefined where there was nothing to erase. */
  readonly erasedAs: string | undefined
}

/** How far from a day the requests that are ready for searches may hold its hops. */
const READY_DAYS = 2

/**
 * Takes a person out of the store: out of hops, index, rejects, aliases and holds that have ended. Ids, times, statuses and
 * links stay, so that requests can be counted and proved as before. Killed at any point, running it again ends it.
 *
 * @throws ERASE_REFUSED, USAGE, HOLD_UNREADABLE
 */
export async function erase(
  store: Store,
  config: Config,
  request: EraseRequest,
  words: { readonly why: string; readonly who: string },
): Promise<Erased> {
  // What was asked of it by name is in records that are still to be taken in.
  await absorbReads(store)
  const plan = await planErasure(store, config, request)
  assertAllowed(plan)
  const quotes = quotesOf(plan)
  if (quotes(words.why) || quotes(words.who))
    throw new ThroughlineError(
      'USAGE',
      'erase: reason or author names the subject; the ledger keeps both for ever, so say it otherwise',
    )
  const erasedAs = hasFiles(plan) ? freshName(store) : undefined
  if (erasedAs) await eraseFiles(store, plan, erasedAs, words)
  await eraseAliases(store, plan)
  if (dueDays(store).length > 0) await relink(store, dueDays(store), { config })
  return { ...plan, erasedAs }
}

/** @throws ERASE_REFUSED */
export function assertAllowed({ refusals }: ErasePlan): void {
  if (refusals.length === 0) return
  throw new ThroughlineError(
    'ERASE_REFUSED',
    `erase: the subject cannot be erased:\n${refusals.map(why => `- ${why}`).join('\n')}`,
    { refusals },
  )
}

function quotesOf({ person, names }: ErasePlan): Mentions {
  return mentioning(tellingNames(person, names))
}

/** Whether there is more to do than to replace the aliases in force. */
function hasFiles(plan: ErasePlan): boolean {
  return !isEmpty({ ...plan, aliases: 0 })
}

/** @returns a name that no erasure has used */
function freshName(store: Store): string {
  for (let tries = 0; tries < 100; tries++) {
    const name = erasedName(store.newId())
    if (!store.state.erasures.names.has(name)) return name
  }
  throw new Error('erase: no fresh name in 100 random ids')
}

/** Writes new files without the person, and names them with one entry. */
async function eraseFiles(
  store: Store,
  plan: ErasePlan,
  erasedAs: string,
  { why, who }: { readonly why: string; readonly who: string },
): Promise<void> {
  const name = String(store.ledger.nextSeq()).padStart(6, '0')
  const part = (i: number): string => `${name}-${String(i).padStart(4, '0')}`
  const rewritten: { old: FileRecord & { root?: string }; new: SegmentRecord }[] = []
  for (const [i, { segment }] of plan.segments.entries()) {
    const next = await rewriteSegment(store, segment, part(i), { ...plan, erasedAs })
    rewritten.push({ old: recordOf(segment), new: next })
  }
  const rejects = await fileLinesAnew(store, plan, 'rejects', part)
  const reads = await fileLinesAnew(store, plan, 'reads', part)
  const { indexes, replaced } = await indexesAnew(store, plan, rewritten, name)
  store.append({
    kind: 'erased', erasedAs, rows: rowsByKind(plan), mentions: sum(plan.segments.map(s => s.mentions)), rewritten, indexes,
    replaced, rejects, reads, subjectsFiles: [...plan.subjectsFiles], holds: [...plan.holds], frozen: [...plan.frozen], why, who,
  }) // biome-ignore format: one entry
}

async function fileLinesAnew(
  store: Store,
  plan: ErasePlan,
  kind: LineKind,
  part: (i: number) => string,
): Promise<{ old: FileRecord; new: FileRecord }[]> {
  const quotes = quotesOf(plan)
  const pairs: { old: FileRecord; new: FileRecord }[] = []
  for (const [i, { file }] of plan[kind].entries())
    pairs.push({ old: file, new: await linesAnew(store, kind, file, part(i), quotes) })
  return pairs
}

function recordOf({ path, sha256, bytes, rows, root }: SegmentRecord): FileRecord & { root?: string } {
  return { path, sha256, bytes, rows, ...(root ? { root } : {}) }
}

/** The indexes of days that change, made again; requests that were ready for searches go, those of days around them, too. */
async function indexesAnew(
  store: Store,
  { days }: ErasePlan,
  rewritten: readonly { readonly old: FileRecord; readonly new: SegmentRecord }[],
  name: string,
): Promise<{ indexes: IndexRecord[]; replaced: string[] }> {
  const { state } = store
  const old = new Set(rewritten.map(pair => pair.old.path))
  const segments = [...state.segments.filter(s => !old.has(s.path)), ...rewritten.map(pair => pair.new)]
  const files = segments
    .filter(s => days.includes(s.day))
    .map(s => ({ kind: s.kind, day: s.day, file: store.file(s.path) }))
  const near = around(days, READY_DAYS)
  const isReplaced = ({ kind, day }: IndexRecord): boolean =>
    kind === 'requests' ? near.has(day) : days.includes(day)
  const replaced = state.indexes.filter(isReplaced).map(i => i.path)
  return { indexes: await publishIndexes(store, files, name), replaced }
}

/** Puts aliases without the person's own into force, where some are. Files that name him go with those in force before. */
async function eraseAliases(store: Store, { person }: ErasePlan): Promise<void> {
  const recorded: RecordedAliases = recordedAliases(store)
  const file = store.state.subjects?.file
  if (!file || !entriesOf(recorded).some(entry => isOf(entry, person))) return
  await appendAliases(store, withoutPerson(recorded, person), 'erasure', [file])
}

function rowsByKind({ segments }: ErasePlan): Record<string, number> {
  const kinds = [...new Set(segments.map(s => s.segment.kind))]
  return Object.fromEntries(
    kinds.map(kind => [
      kind,
      sum(segments.filter(s => s.segment.kind === kind).map(s => s.own + s.mentions)),
    ]),
  )
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, n) => total + n, 0)
}
