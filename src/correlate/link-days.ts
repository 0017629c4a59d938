import { join } from 'node:path'
import { removeFile } from '../ledger/durable.ts'
import { hasLateHops, isFrozen, whyFrozen } from '../ledger/pruning.ts'
import { type ApplicationDay, dayKey, dayOf, type LedgerState } from '../ledger/state.ts'
import { DAY_US, dayNumber, dayText } from '../model/time.ts'
import { wrapsLines } from '../model/wrapped.ts'
import { loadAliases, withAliases } from '../requests/subjects.ts'
import { LINK_COLUMNS } from '../requests/view.ts'
import { publishFile } from '../store/commit.ts'
import { factsRelation, type Range } from '../store/facts.ts'
import { layout } from '../store/layout.ts'
import { type LinkFile, linksRoot } from '../store/link-leaves.ts'
import { quoteText, sqlFile } from '../store/query.ts'
import { NO_SERVER_SIDE, serverRelation, serverSide } from '../store/server-facts.ts'
import type { Store } from '../store/store.ts'
import { inSpan, isRecording, timed } from '../telemetry/record.ts'
import { type ClaimedDay, writeClaims } from './claimed-day.ts'
import { dropWindows, judgeByIds, warningsOf } from './claims.ts'
import { matchDay } from './match-day.ts'
import { recordOutcomes } from './outcomes.ts'
import { settleContests } from './settle.ts'

/**
 * Version of the linking method; part of every link entry. Where no kernel hop takes part, links are those of version 2,
 * and days that were closed with it stay as they are.
 */
const METHODS = { withKernel: 'throughline/3', without: 'throughline/2' } as const

const ID_CLAIMS = sqlFile('./id_claims.sql', import.meta.url)

export interface LinkOptions {
  readonly configDigest: string
  readonly trustedProxies: readonly string[]
  readonly onDay?: (day: string, place: number, of: number) => void
  /** Days (`dayKey`) whose file of links is missing or damaged: it is not read, and written anew in any case. */
  readonly lost?: ReadonlySet<string>
}

type ClaimOptions = LinkOptions & { readonly hasAliases: boolean }

export interface LinkedDay extends ApplicationDay {
  readonly changed: boolean
  readonly warnings: readonly string[]
  /** Links made and undone against the generation before; absent for a first one. */
  readonly changes?: { readonly made: number; readonly undone: number }
}

/**
 * Links the days that new facts of `touched` can change: claims of a day read the facts of its neighbours, and an app
 * hop that two days claim goes to the better claim. A day whose links come out equal gets no new generation.
 */
export async function linkDays(
  store: Store,
  touched: readonly ApplicationDay[],
  options: LinkOptions,
): Promise<LinkedDay[]> {
  const affected = affectedDays(store.state, touched)
  return inSpan('link', {}, async span => {
    const linked = await linkAffected(store, affected, options)
    const changed = linked.filter(day => day.changed).length
    span.set({ 'throughline.days': linked.length, 'throughline.days.changed': changed })
    return linked
  })
}

async function linkAffected(
  store: Store,
  affected: readonly ApplicationDay[],
  options: LinkOptions,
): Promise<LinkedDay[]> {
  const days = affected.filter(day => !isFrozen(store.state, day))
  const claimed: ClaimedDay[] = []
  const hasAliases = await loadAliases(store)
  for (const [place, day] of days.entries()) {
    options.onDay?.(day.day, place + 1, days.length)
    claimed.push(await timedClaim(store, day, { ...options, hasAliases }))
  }
  const settled = await settleContests(store, claimed)
  const results: LinkedDay[] = []
  for (const day of settled) results.push(await publishDay(store, day, options))
  if (isRecording()) await recordOutcomes(store, results)
  const shown = results.filter(day => day.changed || !isFrozen(store.state, day))
  return [...shown, ...keptDays(store, affected)]
}

const GONE = {
  pruned: 'the day before was pruned',
  erased: 'people were erased from its hops or those around',
}

/**
 * Days whose links were made with facts that are gone since: of a day that was pruned, or of people who were erased. They
 * stay as they are: made anew, they would lack partners and rivals. Hops that came in later are not linked, and a closed
 * day opens for them.
 */
function keptDays(store: Store, days: readonly ApplicationDay[]): LinkedDay[] {
  return days.flatMap(({ application, day }) => {
    const state = dayOf(store.state, application, day)
    const frozen = whyFrozen(store.state, state)
    if (!frozen) return []
    const why = `its links stay as they are, as ${GONE[frozen]}`
    // Of erasures there may be many such days, each as good as it was.
    const warnings = frozen === 'pruned' ? [why] : []
    if (!hasLateHops(store.state, state)) return [{ application, day, changed: false, warnings }]
    const reason = `hops came in after ${GONE[frozen]}; they cannot be linked`
    if (state.state === 'closed') store.append({ kind: 'day', application, day, state: 'open', reason })
    return [{ application, day, changed: false, warnings: [`${why}; ${reason}`] }]
  })
}

/** Days with hops of an application within one day of a touched one. */
function affectedDays(state: LedgerState, touched: readonly ApplicationDay[]): ApplicationDay[] {
  const near = new Map<string, ApplicationDay>()
  for (const { application, day } of touched) {
    for (const shift of [-1, 0, 1]) {
      const neighbour = { application, day: dayText(dayNumber(day) + shift) }
      if (state.days.get(dayKey(neighbour))?.lastHopAt) near.set(dayKey(neighbour), neighbour)
    }
  }
  return [...near].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, day]) => day)
}

function timedClaim(store: Store, day: ApplicationDay, options: ClaimOptions): Promise<ClaimedDay> {
  const attributes = { 'throughline.application': day.application, 'throughline.day': day.day }
  return inSpan('link day', attributes, async span => {
    const claimed = await timed('throughline.link.duration', () => claimDay(store, day, options))
    span.set({ 'throughline.link.rows': claimed.summary.rows })
    return claimed
  })
}

async function claimDay(
  store: Store,
  { application, day }: ApplicationDay,
  options: ClaimOptions,
): Promise<ClaimedDay> {
  const { db, state, root } = store
  const start = dayNumber(day) * DAY_US
  const range = { fromUs: start - DAY_US, toUs: start + 2 * DAY_US }
  const gateway = factsRelation(state, root, 'gateway', range)
  // Where the gateway's side has not come in yet, nothing can be claimed: a log that is followed alone costs no linking.
  const { app, kernel } = hasCalls(state, range) ? serverSide(state, root, range) : NO_SERVER_SIDE
  const hasKernel = kernel !== undefined
  const input = {
    gateway: options.hasAliases ? withAliases(gateway, 'gateway') : gateway,
    server: serverRelation({ app: options.hasAliases ? withAliases(app, 'app') : app, kernel }),
    hasKernel,
    hasShipped: [...state.sources.values()].some(source => wrapsLines(source.format)),
    ...range,
    application,
    isOnlyApplication: applicationsOf(state).size === 1,
    day,
    trustedProxies: options.trustedProxies,
  }
  const clocks = await judgeByIds(db, input)
  await db.run(`CREATE OR REPLACE TEMP TABLE claims AS ${ID_CLAIMS}`)
  const matched = await matchDay(db, input, clocks)
  const warnings = [...(await warningsOf(db)), ...matched.warnings, ...prunedNeighbour(state, day)]
  await dropWindows(db)
  const file = join(layout.temporary(root), `claims-${encodeURIComponent(application)}-${day}.parquet`)
  const summary = await writeClaims(store, 'claims', file, day)
  await db.run('DROP TABLE claims')
  const ahead = [...matched.clocks.values()].flat().map(piece => piece.highUs)
  return {
    application,
    day,
    file,
    warnings,
    summary,
    method: hasKernel ? METHODS.withKernel : METHODS.without,
    clockAheadUs: ahead.length > 0 ? Math.ceil(Math.max(...ahead)) : undefined,
  }
}

/** A day that is linked for the first time after the day before it was pruned. */
function prunedNeighbour({ pruning }: LedgerState, day: string): string[] {
  if (pruning?.before !== day) return []
  return ['the day before was pruned: hops around midnight may lack their partner']
}

function hasCalls(state: LedgerState, { fromUs, toUs }: Range): boolean {
  return state.segments.some(s => s.kind === 'gateway' && s.firstUs < toUs && s.lastUs >= fromUs)
}

function applicationsOf(state: LedgerState): Set<string> {
  return new Set([...state.days.values()].map(d => d.application))
}

/** Makes a day's links visible if they differ from those in force; a closed day that changes is open again. */
async function publishDay(store: Store, claimed: ClaimedDay, options: LinkOptions): Promise<LinkedDay> {
  const { application, day, file, summary, warnings, clockAheadUs, method } = claimed
  const { contentHash, rows, counts } = summary
  const state = dayOf(store.state, application, day)
  const current = state.link
  const isLost = options.lost?.has(dayKey(claimed)) === true
  const isEqual = current?.contentHash === contentHash && current.method === method
  if (isEqual && !isLost) {
    removeFile(file)
    return { application, day, changed: false, warnings }
  }
  const generation = (current?.generation ?? 0) + 1
  const changes =
    current && !isLost ? await changesOf(store, current.file?.path, rows > 0 ? file : undefined) : undefined
  // First, so that no moment exists in which a closed day shows other links than it was closed with.
  if (state.state === 'closed' && !isEqual) {
    store.append({
      kind: 'day',
      application,
      day,
      state: 'open',
      reason: `links changed (generation ${generation})`,
    })
  }
  const seal = rows > 0 ? await sealOfLinks(store, { file, day, rows }) : {}
  const record =
    rows > 0 ? await publishFile(store, file, layout.links(application, day, generation), rows) : undefined
  store.append({
    kind: 'link', application, day, generation, ...(record ? { file: record, ...seal } : {}), contentHash,
    counts: { ...counts }, warnings: [...warnings], method, config: options.configDigest,
    ...(clockAheadUs === undefined ? {} : { clockAheadUs }), ...(changes ? { changes } : {}),
  }) // biome-ignore format: one entry
  return { application, day, changed: true, warnings, ...(changes ? { changes } : {}) }
}

/** What the entry says of the tree over a file of links; nothing where the secret is not here. */
async function sealOfLinks({ db, keys }: Store, links: Omit<LinkFile, 'columns'>) {
  const salts = keys?.salts
  if (!salts) return {}
  return { root: await linksRoot(db, { ...links, columns: LINK_COLUMNS }, salts), salts: salts.id }
}

/** What a new generation of links has that the one before had not, and the other way round. */
async function changesOf(
  store: Store,
  before: string | undefined,
  after: string | undefined,
): Promise<{ made: number; undone: number }> {
  const linked = (file: string | undefined): string =>
    file
      ? `SELECT app_hop_id, gateway_hop_id FROM read_parquet(${quoteText(file)}) WHERE verdict = 'linked'`
      : 'SELECT NULL::UUID AS app_hop_id, NULL::UUID AS gateway_hop_id WHERE FALSE'
  const [old, next] = [linked(before && store.file(before)), linked(after)]
  const { made, undone } = await store.db.row<{ made: string; undone: string }>(
    `SELECT (SELECT count(*) FROM (${next} EXCEPT ${old}))::VARCHAR AS made,
       (SELECT count(*) FROM (${old} EXCEPT ${next}))::VARCHAR AS undone`,
  )
  return { made: Number(made), undone: Number(undone) }
}
