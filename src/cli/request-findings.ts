import type { Config } from '../config/schema.ts'
import { readyFindings } from '../findings/index-findings.ts'
import { RULES } from '../findings/registry.ts'
import { findingsOfRequests } from '../findings/request-findings.ts'
import { findingSettings } from '../findings/settings.ts'
import type { FindingsOfDays } from '../requests/findings-source.ts'
import type { Store } from '../store/store.ts'
import type { Context } from './context.ts'
import type { Output } from './output.ts'

/** Days with more hops are judged for one request only where that was done before: it takes seconds. */
const MOST_HOPS = 20_000

/** What answers conditions on findings in a command; days of which nothing is evaluated yet are told. */
export function findingsFor({ out, now }: Context, config: Config, onOpen = warnOpen(out)): FindingsOfDays {
  return findingsOfRequests(findingSettings(config), now, onOpen)
}

type OnOpen = (days: readonly string[]) => void

/** For those who need not know, or say so themselves. */
export const SILENT: OnOpen = () => undefined

function warnOpen({ warn }: Output): OnOpen {
  return days =>
    warn(`findings are not evaluated for ${days.join(', ')}: open days, or hops that are not linked; throughline findings --open-days shows what is seen of them`) // biome-ignore format: one message
}

/** One finding of a request. */
export interface RequestFinding {
  readonly rule: string
  readonly incident: string
  readonly severity: string
}

export interface ShownFindings {
  /** By request id. */
  readonly byRequest: ReadonlyMap<string, readonly RequestFinding[]>
  /** Days that were not judged, as they are large. */
  readonly large: ReadonlySet<string>
  /** Days of which nothing is evaluated yet. */
  readonly open: ReadonlySet<string>
}

/** Findings of a few requests. The views that the store has are others afterwards. */
export async function findingsShown(
  context: Context,
  store: Store,
  config: Config,
  requests: readonly Readonly<Record<string, unknown>>[],
): Promise<ShownFindings> {
  const ready = readyFindings(findingSettings(config), store.state)
  const days = [...new Set(requests.map(r => String(r.day)))].sort()
  const hopsOf = (day: string): number =>
    store.state.segments.filter(s => s.day === day).reduce((sum, s) => sum + s.rows, 0)
  const open = new Set(days.filter(day => !hasClosed(store, day)))
  const large = new Set(days.filter(day => !open.has(day) && !ready.has(day) && hopsOf(day) > MOST_HOPS))
  const source = findingsFor(context, config, found => {
    for (const day of found) open.add(day)
  })
  await source(
    store,
    days.filter(day => !large.has(day) && !open.has(day)),
  )
  const rows = await store.db.rows<{ request_id: string; findings: readonly string[] }>(
    'SELECT request_id, findings FROM request_findings',
  )
  const wanted = new Set(requests.map(r => String(r.request_id)))
  const own = rows.filter(row => wanted.has(row.request_id))
  return {
    byRequest: new Map(
      own.map(r => [r.request_id, r.findings.map(text => JSON.parse(text) as RequestFinding)]),
    ),
    large,
    open,
  }
}

function hasClosed({ state }: Store, day: string): boolean {
  return [...state.days.values()].some(it => it.day === day && it.state === 'closed')
}

const TITLES = new Map<string, string>(RULES.map(rule => [rule.id, rule.title]))

/** Findings of a request in words, one a line; empty where there are none, or nobody looked. */
export function findingTexts(shown: ShownFindings, request: Readonly<Record<string, unknown>>): string[] {
  const found = shown.byRequest.get(String(request.request_id)) ?? []
  return found.map(it => `${it.severity}: ${TITLES.get(it.rule) ?? it.rule} [${it.rule}], ${it.incident}`)
}

/** Findings of a request for programs; null: nobody looked. */
export function findingObjects(
  { byRequest, large, open }: ShownFindings,
  request: Readonly<Record<string, unknown>>,
): readonly RequestFinding[] | null {
  const day = String(request.day)
  return large.has(day) || open.has(day) ? null : (byRequest.get(String(request.request_id)) ?? [])
}

/** Why nobody looked; undefined where somebody did, or the day is open: then nobody does. */
export function whyNoFindings({ large }: ShownFindings, request: Readonly<Record<string, unknown>>): string | undefined {
  return large.has(String(request.day))
    ? 'not looked for, as the day is large; throughline store compact makes them ready, throughline findings runs the rules'
    : undefined
} // biome-ignore format: one line
