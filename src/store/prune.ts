import { join } from 'node:path'
import { ThroughlineError } from '../errors.ts'
import type { DayLinks, FileRecord, PrunedFile } from '../ledger/entry.ts'
import { type ApplicationDay, dayKey, type LedgerState } from '../ledger/state.ts'
import { DAY_US, dayNumber, dayText } from '../model/time.ts'
import { publishFile } from './commit.ts'
import { layout } from './layout.ts'
import { parquetOptions } from './parquet.ts'
import { quoteText } from './query.ts'
import type { Store } from './store.ts'

/** How many days before one that stays may claim its app hops, or app hops that it claims too. */
const BORDER_DAYS = [1, 2]

/** What is pruned: days with all they have, or only one kind of file of them. */
export type PruneKind = 'requests' | 'rejects' | 'generations' | 'reads'

/** What pruning drops. */
export interface PrunePlan {
  readonly kind: PruneKind
  readonly before: string
  readonly days: readonly string[]
  readonly files: readonly PrunedFile[]
}

/**
 * What goes of days before one. `requests`: facts, index, every generation of links, and rejects whose sources hold
 * nothing later; `rejects`: these alone; `generations`: links that others have replaced since; `reads`: records of commands
 * that gave data out, by the day they were taken in.
 *
 * @param before `YYYY-MM-DD`, the first day that stays
 */
export function planPrune(state: LedgerState, before: string, kind: PruneKind = 'requests'): PrunePlan {
  const files = PLANS[kind](state, before)
  const days = new Set(files.filter(f => f.what === 'facts' || f.what === 'links').map(f => f.day ?? ''))
  return { kind, before, days: [...days].sort(), files }
}

const PLANS: Readonly<Record<PruneKind, (state: LedgerState, before: string) => PrunedFile[]>> = {
  requests: (state, before) => [...filesOfDays(state, before), ...oldRejects(state, before)],
  rejects: oldRejects,
  generations: (state, before) =>
    [...state.days.values()]
      .filter(({ day }) => day < before)
      .flatMap(({ day, earlierLinks }) => earlierLinks.map(f => tombstone(f, 'links', day))),
  reads: (state, before) =>
    state.reads.filter(({ at }) => at.slice(0, 10) < before).map(f => tombstone(f, 'reads')),
}

function filesOfDays(state: LedgerState, before: string): PrunedFile[] {
  const isOld = ({ day }: { day: string }): boolean => day < before
  const facts = state.segments.filter(isOld).map(f => tombstone(f, 'facts', f.day))
  // Ready requests, and findings, of the first day that stays tell of app hops of the day before.
  const tells = ({ kind, day }: { kind: string; day: string }): boolean =>
    facts.length > 0 && (kind === 'requests' || kind === 'findings') && day === before
  const index = state.indexes.filter(i => isOld(i) || tells(i)).map(f => tombstone(f, 'index', f.day))
  const links = [...state.days.values()].filter(isOld).flatMap(({ day, link, earlierLinks }) => {
    const files = [...earlierLinks, ...(link?.file ? [link.file] : [])]
    return files.map(f => tombstone(f, 'links', day))
  })
  const borders = [...(state.pruning?.borders.values() ?? [])]
    .filter(b => before > (state.pruning?.before ?? '') && isOld(b))
    .map(b => tombstone(b, 'links', b.day))
  return [...facts, ...index, ...links, ...borders]
}

function oldRejects(state: LedgerState, before: string): PrunedFile[] {
  return state.rejects
    .filter(r => r.sources.every(id => endsBefore(state, id, before, r.at)))
    .map(f => tombstone(f, 'rejects'))
}

/**
 * Drops whole days, or one kind of file of them, with a tombstone in the ledger. The files themselves go when no reader can need them any more.
 *
 * The day before `before` is a neighbour of the first that stays: its links to hops of that day are kept, and the links
 * of that day stay as they are from here on, as nothing could make them again.
 *
 * @param why and who: for the tombstone
 * @throws PRUNE_REFUSED where days are open or not linked yet
 */
export async function prune(
  store: Store,
  before: string,
  { why, who }: { readonly why: string; readonly who: string },
  kind: PruneKind = 'requests',
): Promise<PrunePlan> {
  const { state } = store
  const plan = planPrune(state, before, kind)
  const { days, files } = plan
  if (files.length === 0) return plan
  if (kind !== 'requests') {
    const entry = {
      before,
      days: [...days],
      files: [...files],
      borders: [],
      frozen: [],
      only: kind,
      why,
      who,
    }
    store.append({ kind: 'pruned', ...entry })
    return plan
  }
  if (before <= (state.pruning?.before ?? '')) return { ...plan, days: [], files: [] }
  assertSettled(state, before)
  const name = String(store.ledger.nextSeq()).padStart(6, '0')
  const last = dayText(dayNumber(before) - 1)
  const borders: DayLinks[] = []
  for (const links of linksBefore(state, before)) borders.push(...(await border(store, links, before, name)))
  store.append({
    kind: 'pruned',
    before,
    days: [...days],
    files: [...files],
    borders,
    frozen: plan.days.includes(last) ? frozenDays(state, before) : [],
    why,
    who,
  })
  return plan
}

function tombstone(
  { path, sha256, bytes, rows }: FileRecord,
  what: PrunedFile['what'],
  day?: string,
): PrunedFile {
  return { path, sha256, bytes, rows, what, ...(day === undefined ? {} : { day }) }
}

/** Whether nothing of a source is as late as a day; one without any stamp counts by when it was read. */
function endsBefore(state: LedgerState, id: number, before: string, readAt: string): boolean {
  const lastUs = state.sources.get(id)?.accounting.lastUs
  return lastUs === undefined ? readAt.slice(0, 10) < before : lastUs < dayNumber(before) * DAY_US
}

/** What is dropped must be settled, and so must be the first day that stays, if its neighbour is dropped. */
function assertSettled(state: LedgerState, before: string): void {
  const open = [...state.days.values()].filter(
    d => d.day <= before && d.lastHopAt && (d.state === 'open' || state.unlinkedDays.has(dayKey(d))),
  )
  const [first] = open.sort((a, b) => (a.day < b.day ? -1 : 1))
  if (!first) return
  const isUnlinked = state.unlinkedDays.has(dayKey(first))
  const advice = isUnlinked
    ? 'run: throughline link'
    : `close it with: throughline link ${first.day} --close, or prune less`
  throw new ThroughlineError(
    'PRUNE_REFUSED',
    `prune --before ${before}: day ${first.day} of application ${first.application} is ${isUnlinked ? 'not linked yet' : 'open, lines of it may still come'}; days up to and including ${before} must be closed, as the links of ${before} cannot be made again without the day before; ${advice}`,
    { before, day: first.day, application: first.application },
  )
}

/** Days that were linked with the facts of the last pruned day. */
function frozenDays(state: LedgerState, before: string): ApplicationDay[] {
  return [...state.days.values()]
    .filter(d => d.day === before && d.link)
    .map(({ application, day }) => ({ application, day }))
}

/** Links of the last days before one; of days that an earlier run has pruned, what it kept. */
function linksBefore(state: LedgerState, before: string): (ApplicationDay & { readonly path: string })[] {
  const near = BORDER_DAYS.map(n => dayText(dayNumber(before) - n))
  const linked = [...state.days.values()].flatMap(({ application, day, link }) =>
    link?.file ? { application, day, path: link.file.path } : [],
  )
  return [...linked, ...(state.pruning?.borders.values() ?? [])]
    .filter(({ day }) => near.includes(day))
    .map(({ application, day, path }) => ({ application, day, path }))
}

/**
 * Keeps, of the links of a dropped day, those of app hops that stay, and the claims on app hops that the first day which stays
 * claims too: whether it got them was decided against these.
 */
async function border(
  store: Store,
  { application, day, path: links }: ApplicationDay & { readonly path: string },
  before: string,
  name: string,
): Promise<DayLinks[]> {
  const next = store.state.days.get(dayKey({ application, day: before }))?.link?.file
  const rows = (path: string): string =>
    `read_parquet(${quoteText(store.file(path))}, hive_partitioning = false)`
  const claimed = next ? `app_hop_id IN (SELECT app_hop_id FROM ${rows(next.path)})` : 'FALSE'
  const file = join(
    layout.temporary(store.root),
    `border-${name}-${encodeURIComponent(application)}-${day}.parquet`,
  )
  const kept = await store.db.run(
    `COPY (SELECT * FROM ${rows(links)} WHERE app_day >= $before::DATE OR ${claimed}
       ORDER BY gateway_hop_id, app_hop_id)
     TO ${quoteText(file)} (${parquetOptions.links})`,
    { before },
  )
  if (kept === 0) return []
  const path = layout.border(application, day, name)
  return [{ application, day, ...(await publishFile(store, file, path, kept)) }]
}
