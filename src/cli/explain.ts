import type { Command } from 'commander'
import type { LoadedConfig } from '../config/load.ts'
import { ThroughlineError } from '../errors.ts'
import { type DayState, dayKey } from '../ledger/state.ts'
import { addressMatcher } from '../model/address.ts'
import { micros } from '../model/time.ts'
import { type Found, findWithCandidates, type LinkRow, MOST_HOPS } from '../requests/lookup.ts'
import { nearCalls } from '../requests/near-calls.ts'
import type { Given } from '../store/reads.ts'
import type { Store } from '../store/store.ts'
import { offsetText } from './clock-words.ts'
import { type Context, type StoreFlags, storeOptions } from './context.ts'
import { explainDocument } from './explain-json.ts'
import { MOST_REQUESTS, printExplanations } from './explain-print.ts'
import { noRequestNote } from './kernel-words.ts'
import { type Evidence, evidenceOf, hostOf } from './link-evidence.ts'
import { withReaders } from './opening.ts'
import { safe } from './output.ts'
import { prunedNote } from './pruned.ts'
import { recorded } from './reads.ts'
import { findingsShown } from './request-findings.ts'

interface Flags extends StoreFlags {
  readonly json?: boolean
}

export type Row = Readonly<Record<string, unknown>>

/** A call and a line, and what speaks for them belonging together. */
export interface ExplainedPair {
  readonly link: LinkRow
  readonly gateway: Row
  readonly app: Row
  readonly evidence: readonly Evidence[]
  /** Other calls that may have caused the line. */
  readonly rivals: readonly LinkRow[]
  /** Another line that answered the call. */
  readonly holder: LinkRow | undefined
}

/** A request with every pair that was weighed for it. */
export interface Explanation {
  readonly request: Row
  readonly gateway: Row | undefined
  /** The app hops that are the request's own; where there is no call, the line itself. */
  readonly apps: readonly Row[]
  readonly pairs: readonly ExplainedPair[]
  /** Why there is nothing to show; empty where there is. */
  readonly why: readonly string[]
  /** The day whose links these are. */
  readonly day: DayState | undefined
}

export function explainCommand(program: Command, context: Context): void {
  storeOptions(program.command('explain'), { several: true })
    .summary('show why this app line belongs to a call, and another does not')
    .description(
      'Shows for the requests that an id stands for which app lines were linked to the gateway call and which were not: what was compared, what was found, and how much it counts. Takes any id that trace takes. docs/linking.md explains the numbers.',
    )
    .argument('<id>', 'as logged or as printed by Throughline')
    .option('--json', 'as one JSON document')
    .addHelpText(
      'after',
      '\nExamples:\n  throughline explain 6e5b1b6e-0f6e-4e55-9f3e-6b5d2bb0a001\n  throughline explain rrt-0a1b2c3d-c-1234-5678901-1 --json',
    )
    .action(async (id: string, flags: Flags) => {
      const action = async (store: Store, loaded: LoadedConfig): Promise<Given> => {
        const found = await findWithCandidates(store, id)
        if (found.requests.length === 0) throw unknown(store, id, noRequestNote(found.appHops))
        const wanted = flags.json ? found.requests : found.requests.slice(0, MOST_REQUESTS)
        const all: Explanation[] = []
        for (const request of wanted) all.push(await explain(store, loaded, found, request))
        const findings = await findingsShown(context, store, loaded.config, wanted)
        if (flags.json) context.out.line(JSON.stringify(explainDocument(store, id, all, findings), null, 2))
        else
          printExplanations(context.out, store, all, {
            findings,
            more: found.requests.length - all.length,
            isCut: found.gatewayHops.length >= MOST_HOPS,
          })
        return { rows: all.length }
      }
      await withReaders(context, flags, (store, loaded) =>
        recorded(context, store, { command: 'explain', what: { id, json: flags.json } }, () =>
          action(store, loaded),
        ),
      )
    })
}

function unknown(store: Store, id: string, note: string | undefined): ThroughlineError {
  if (note) return new ThroughlineError('ID_UNKNOWN', `explain ${safe(id)}: ${note}`, { id })
  const { state } = store
  const pruned = prunedNote(store)
  const hint =
    state.segments.length === 0
      ? 'the store is empty; add logs with: throughline ingest LOGS'
      : 'check it, or see with throughline status which period the store covers'
  return new ThroughlineError(
    'ID_UNKNOWN',
    `explain ${safe(id)}: no hop in the store carries this id; ${hint}${pruned ? `; ${pruned}` : ''}`,
    { id },
  )
}

async function explain(store: Store, loaded: LoadedConfig, found: Found, request: Row): Promise<Explanation> {
  const gateways = new Map(found.gatewayHops.map(hop => [String(hop.hop_id), hop]))
  const appHops = new Map(found.appHops.map(hop => [String(hop.hop_id), hop]))
  const gateway = gateways.get(String(request.gateway_hop_id))
  const ownIds = request.app_hop_ids as string[]
  const apps = found.appHops.filter(hop => ownIds.includes(String(hop.hop_id)))
  const links = found.links.filter(link =>
    gateway ? link.gateway_hop_id === gateway.hop_id : ownIds.includes(link.app_hop_id),
  )
  const pairs = links.flatMap(link => {
    const [g, a] = [gateways.get(link.gateway_hop_id), appHops.get(link.app_hop_id)]
    if (!g || !a) return []
    const rivals = found.links.filter(l => l !== link && l.app_hop_id === link.app_hop_id)
    const holder = ROLES.includes(link.how ?? '')
      ? undefined
      : found.links.find(
          l =>
            l.gateway_hop_id === link.gateway_hop_id &&
            l.app_hop_id !== link.app_hop_id &&
            l.verdict === 'linked' &&
            !ROLES.includes(l.how ?? ''),
        )
    return [{ link, gateway: g, app: a, evidence: evidenceOf(link, g, a), rivals, holder }]
  })
  const why =
    pairs.length > 0
      ? []
      : request.state === 'partner-pruned'
        ? [PARTNER_PRUNED]
        : gateway
          ? whyNoLine(request)
          : await whyNoCall(store, loaded, apps[0])
  return {
    request,
    gateway,
    apps,
    pairs: pairs.sort(byWeight),
    why,
    day: store.state.days.get(dayKey(dayOf(gateway ?? apps[0]))),
  }
}

/** Application and UTC day that a hop belongs to. */
function dayOf(hop: Row | undefined): { application: string; day: string } {
  const stamp = hop?.target_called === undefined ? hop?.end_ts : hop.start_ts
  return { application: String(hop?.application ?? ''), day: String(stamp ?? '').slice(0, 10) }
}

const PARTNER_PRUNED = 'its partner was known and was dropped with its day; what spoke for it is gone'
const VERDICTS = ['linked', 'ambiguous', 'callout', 'lost', 'contradicted']
const ROLES = ['handshake', 'retry']

/** Links before candidates, the answer before attempts, the likelier first. */
function byWeight(a: ExplainedPair, b: ExplainedPair): number {
  const verdict = VERDICTS.indexOf(a.link.verdict) - VERDICTS.indexOf(b.link.verdict)
  const role = Number(ROLES.includes(a.link.how ?? '')) - Number(ROLES.includes(b.link.how ?? ''))
  return verdict || role || b.link.posterior - a.link.posterior
}

function whyNoLine(request: Row): string[] {
  if (request.decided_by === 'gateway-cache')
    return ['the call was answered from the cache: no line is expected']
  if (!['app', 'target-timeout', 'target-unreachable'].includes(String(request.decided_by)))
    return ['the record shows no answer of a target: perhaps no line was written']
  const late = request.state === 'awaiting-app' ? '; its day is open, the line may still come' : ''
  return [`no line claims it with a probability worth keeping (0.05 or more)${late}`]
}

/** Why no call claims a line. Reasons that were not kept are counted again from the facts. */
async function whyNoCall(store: Store, { config }: LoadedConfig, app: Row | undefined): Promise<string[]> {
  if (!app) return []
  const endUs = micros(app.end_ts) ?? 0
  const { application, day } = dayOf(app)
  if (store.state.unlinkedDays.has(dayKey({ application, day })))
    return [`${day} has hops that are not linked yet; run: throughline link`]
  const trusted = config.trustedProxies
  if (trusted.length > 0 && !addressMatcher(trusted)(String(app.peer_ip ?? '')))
    return [`it came from ${safe(app.peer_ip ?? 'no named peer')}, which is none of the trusted proxies: nothing is linked to it`] // biome-ignore format: one line
  const near = await nearCalls(store, app, endUs)
  if (!near)
    return [`no link of ${day} tells the clock of ${hostOf(app)}, so nothing says when this line was written and no call can be compared`] // biome-ignore format: one line
  const clock = `by the clock of ${hostOf(app)}, ${offsetText(near.lowUs, near.highUs)}`
  const what = `${safe(app.method)} ${safe(app.path_key)}`
  if (near.calls === 0) return [`no candidate: no call was answered when it ended (${clock})`]
  if (near.alike === 0)
    return [`no candidate: ${plural(near.calls, 'call was', 'calls were')} answered when it ended, none of ${what} (${clock})`] // biome-ignore format: one line
  if (near.answered === 0)
    return [`no candidate: ${plural(near.alike, 'call', 'calls')} of ${what} answered when it ended, none ${withStatus(app)} (${clock})`] // biome-ignore format: one line
  return [
    `candidates too weak: ${plural(near.answered, 'call', 'calls')} of ${what} ${withStatus(app)} answered when it ended (${clock}), ${near.taken} of them with another line as their answer`,
    'that it has no partner at all is 0.9 likely or more, or the subjects or ids differ',
  ]
}

/** The status that a call must have; what HTTP.sys dropped has none. */
function withStatus({ status }: Row): string {
  return status === null ? 'without an answer' : `with ${safe(status)}`
}

function plural(n: number, one: string, several: string): string {
  return `${n} ${n === 1 ? one : several}`
}
