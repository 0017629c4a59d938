import type { Command } from 'commander'
import type { LoadedConfig } from '../config/load.ts'
import { ThroughlineError } from '../errors.ts'
import { type Found, findById, type LinkRow, MOST_HOPS } from '../requests/lookup.ts'
import type { Given } from '../store/reads.ts'
import type { Store } from '../store/store.ts'
import type { Legs } from '../traces/legs.ts'
import { legsOfFound } from '../traces/read-legs.ts'
import type { Span } from '../traces/span.ts'
import { spansOf } from '../traces/spans.ts'
import { offsetText } from './clock-words.ts'
import { type Context, type StoreFlags, storeOptions } from './context.ts'
import { isKernel, noRequestNote, reasonInWords } from './kernel-words.ts'
import { withReaders } from './opening.ts'
import { duration, type Output, safe } from './output.ts'
import { prunedNote } from './pruned.ts'
import { recorded } from './reads.ts'
import { findingsShown, findingTexts, type ShownFindings, whyNoFindings } from './request-findings.ts'
import { originalsOf, printHops } from './trace-hops.ts'
import { candidateNotes, type Joins, joinedTexts, joinsOf, markedNames, markOf } from './trace-words.ts'
import { VERSION } from './version.ts'
import { isMisfit, isPlaced, waterfall } from './waterfall.ts'

interface Flags extends StoreFlags {
  readonly raw?: boolean
  readonly json?: boolean
  readonly hops?: boolean
}

type Row = Readonly<Record<string, unknown>>

/** Requests of one id that are drawn; a session's id may stand on many. */
const MOST_REQUESTS = 10

export function traceCommand(program: Command, context: Context): void {
  storeOptions(program.command('trace'), { several: true })
    .summary('show one request from gateway to app')
    .description(
      'Shows the requests that an id stands for, both legs, what is known and what is not. Takes any id: correlation, trace, gateway message, request or hop.',
    )
    .argument('<id>', 'as logged or as printed by Throughline')
    .option(
      '--raw',
      'show the original lines, where the source is still there and unchanged; they may hold secrets',
    )
    .option('--json', 'the spans as OTLP JSON, which Jaeger and other backends load')
    .option('--hops', 'requests, hops and links as one JSON document, with every value of the lines')
    .addHelpText(
      'after',
      '\nExamples:\n  throughline trace 6e5b1b6e-0f6e-4e55-9f3e-6b5d2bb0a001\n  throughline trace rrt-0a1b2c3d-c-1234-5678901-1 --raw',
    )
    .action(async (id: string, flags: Flags) => {
      const what = { id, raw: flags.raw, json: flags.json, hops: flags.hops }
      const action = async (store: Store, { config }: LoadedConfig): Promise<Given> => {
        const found = await findById(store, id)
        if (found.requests.length === 0) {
          const pruned = prunedNote(store)
          const note = noRequestNote(found.appHops)
          if (note) throw new ThroughlineError('ID_UNKNOWN', `trace ${safe(id)}: ${note}`, { id })
          throw new ThroughlineError(
            'ID_UNKNOWN',
            `trace ${safe(id)}: no hop in the store carries this id; check it, or see with throughline status which period the store covers${pruned ? `; ${pruned}` : ''}`,
            { id },
          )
        }
        const originals = flags.raw ? await originalsOf(store, found) : new Map<string, string>()
        const rows = found.requests.length
        if (flags.hops) {
          const findings = await findingsShown(context, store, config, found.requests)
          printHops(context.out, found, { originals, findings })
          return { rows }
        }
        const legs = await legsOfFound(store, found)
        if (flags.json) {
          // Loaded where it is needed: nobody else waits for it.
          const { otlpJson } = await import('../traces/otlp-json.ts')
          context.out.line(otlpJson([...legs.values()], VERSION))
          return { rows }
        }
        const findings = await findingsShown(context, store, config, found.requests.slice(0, MOST_REQUESTS))
        print(context.out, store, { found, legs, originals, findings })
        return { rows }
      }
      await withReaders(context, flags, (store, loaded) =>
        recorded(context, store, { command: 'trace', what }, () => action(store, loaded)),
      )
    })
}

interface Shown {
  readonly found: Found
  /** By request id. */
  readonly legs: ReadonlyMap<string, Legs>
  readonly originals: ReadonlyMap<string, string>
  readonly findings: ShownFindings
}

function print(out: Output, store: Store, { found, legs, originals, findings }: Shown): void {
  for (const request of found.requests.slice(0, MOST_REQUESTS)) {
    const gateway = found.gatewayHops.find(h => h.hop_id === request.gateway_hop_id)
    const ids = request.app_hop_ids as string[]
    const apps = found.appHops.filter(h => ids.includes(String(h.hop_id)))
    const joins = joinsOf(request, found.links)
    const own = legs.get(String(request.request_id))
    const spans = own ? spansOf(own) : []
    const lines = [
      ...heading(out, request, storeOf(store, gateway ?? apps[0])),
      ...facts(request, gateway, apps, joins),
      ...traceLines(own),
      '',
      ...spaced([...waterfall(spans, out, markedNames(spans, joins)), ...legend(spans)]),
      ...provenance(store, gateway, apps, joins, originals),
      ...unknowns(out, request, apps, found.links),
      ...findingLines(out, findings, request),
      '',
    ]
    for (const line of lines) out.line(line)
  }
  const more = found.requests.length - MOST_REQUESTS
  if (more > 0)
    out.line(
      `${more} more requests carry this id; see them with: throughline query 'correlation_id:"${safe(found.requests[0]?.correlation_id)}"'`,
    )
  if (found.gatewayHops.length >= MOST_HOPS)
    out.line(
      `only the first ${MOST_HOPS} hops were looked at: this id is shared by many requests and identifies none`,
    )
}

/** Lines with an empty one behind them; none where there are none. */
function spaced(lines: readonly string[]): string[] {
  return lines.length > 0 ? [...lines, ''] : []
}

/** The name of the store that a hop is in, where there are several. */
function storeOf({ state: { parts = [] } }: Store, hop: Row | undefined): string | undefined {
  const holding = parts.filter(({ state }) =>
    [...state.days.values()].some(day => day.application === hop?.application && day.lastHopAt !== undefined),
  )
  if (holding.length === 1) return holding[0]?.name
  return parts.findLast(part => part.sourceOffset <= Number(hop?.source_id))?.name
}

function heading(out: Output, r: Row, store: string | undefined): string[] {
  const status = r.status === null ? 'no status' : String(r.status)
  const colored = Number(r.status) >= 400 ? out.colors.red(status) : out.colors.green(status)
  return [
    `${out.colors.bold(requestLine(r))}  ${colored}  ${r.state}`,
    out.colors.dim(
      `request ${r.request_id}  started ${String(r.start_ts).replace(' ', 'T')}Z${store === undefined ? '' : `  in ${safe(store)}`}`,
    ),
    '',
  ]
}

/** What was asked, as far as it could be read. */
function requestLine(r: Row): string {
  return `${safe(r.method ?? '(no method)')} ${safe(r.path ?? '(no path)')}`
}

function facts(r: Row, gateway: Row | undefined, apps: readonly Row[], joins: Joins): string[] {
  const rows: [string, string][] = [
    ['said by', saidBy(r)],
    ['http.sys', r.kernel_reason === null ? '' : reasonInWords(r.kernel_reason, r.kernel_queue)],
    ['who', [safe(r.subject ?? 'nobody named'), r.subject_kind ? `(${r.subject_kind}${r.subject_issuer ? ` of ${safe(r.subject_issuer)}` : ''})` : ''].join(' ').trim()],
    ['client', [r.developer_app && `app ${safe(r.developer_app)}`, r.client_id && `id ${safe(r.client_id)}`, r.client_ip ? `from ${safe(r.client_ip)}` : r.peer_ip && `peer ${safe(r.peer_ip)}`].filter(Boolean).join(', ')],
    ['ids', [gateway?.correlation_raw && `${safe(gateway.correlation_field)} ${safe(gateway.correlation_raw)}`, r.message_id && `message ${safe(r.message_id)}`, !gateway && apps[0]?.correlation_raw && `${safe(apps[0].correlation_field)} ${safe(apps[0].correlation_raw)}`].filter(Boolean).join(', ') || 'none logged'],
    ...joinedTexts(joins).map((text, i): [string, string] => [i === 0 ? 'joined' : '', text]),
  ] // biome-ignore format: a table
  return rows.filter(([, value]) => value !== '').map(([name, value]) => `${name.padEnd(9)}${value}`)
}

const LAYERS: Readonly<Record<string, string>> = {
  'gateway-policy': 'the gateway: a policy',
  'gateway-cache': 'the gateway: its response cache',
  gateway: 'the gateway, without calling a target',
  'target-timeout': 'the gateway: the target did not answer in time',
  'target-unreachable': 'the gateway: the target could not be reached',
  kernel: 'HTTP.sys on the server, before IIS saw the request',
  app: 'the application',
}

const DROPPED = 'the gateway: HTTP.sys of the target closed the connection without an answer'

function saidBy(r: Row): string {
  const isDropped = r.decided_by === 'target-unreachable' && r.kernel_reason !== null
  const layer = isDropped ? DROPPED : (LAYERS[String(r.decided_by)] ?? 'not known')
  const detail = r.decided_detail ? ` (${safe(r.decided_detail)})` : ''
  const legs =
    r.target_status !== null && r.target_status !== r.status ? `; the target had said ${r.target_status}` : ''
  const seen =
    r.kernel_reason === null &&
    r.gateway_status !== null &&
    r.app_status !== null &&
    r.app_status !== (r.target_status ?? r.app_status)
      ? `; IIS logged ${r.app_status}`
      : ''
  return `${layer}${detail}${legs}${seen}`
}

const TRACE_FROM: Readonly<Record<string, string>> = {
  'gateway-traceparent': "from the gateway's traceparent",
  'app-traceparent': 'from the traceparent that IIS logged',
  'caller-traceparent': 'from the traceparent of the call on whose way it was made',
  'correlation-id': 'from the correlation id',
  'request-id': "from the request's own id",
  'earlier-export': 'as it was exported before',
}

/** The trace, and what is known of the clocks behind it. */
function traceLines(legs: Legs | undefined): string[] {
  if (!legs) return []
  const clocks = new Map(
    legs.apps.flatMap(({ host, server_ip, clock_low_us: low, clock_high_us: high, calibrated }) =>
      low === null || high === null
        ? []
        : [
            [
              host ?? server_ip ?? '(unnamed host)',
              `${offsetText(low, high)}${calibrated ? '' : ', read without ids'}`,
            ],
          ],
    ),
  )
  return [
    `trace    ${legs.trace_id} (${TRACE_FROM[legs.trace_from] ?? legs.trace_from})`,
    ...[...clocks].map(([host, text], i) => `${i === 0 ? 'clock' : ''.padEnd(5)}    ${safe(host)} ${text}`),
  ]
}

function legend(spans: readonly Span[]): string[] {
  const moved = spans.filter(isPlaced)
  const notes = [
    moved.some(s => s.placedBy === 'clock')
      ? "~ moved by the reading of its host's clock, and within the second that IIS logs, into the call that caused it"
      : moved.length > 0
        ? '~ IIS logs whole seconds: drawn inside the call that caused it'
        : '',
    spans.some(isMisfit)
      ? '? does not fit into the call that caused it: only the length of the bar means something'
      : '',
  ]
  return notes.filter(note => note !== '')
}

function provenance(
  store: Store,
  gateway: Row | undefined,
  apps: readonly Row[],
  joins: Joins,
  originals: ReadonlyMap<string, string>,
): string[] {
  const hops = [
    ...(gateway ? [['gateway', gateway] as const] : []),
    ...apps.map(app => [isKernel(app) ? 'http.sys' : 'app', app] as const),
  ]
  return hops.flatMap(([side, hop]) => {
    const source = store.state.sources.get(Number(hop.source_id))
    const mark = markOf(joins.get(String(hop.hop_id)))
    const where = `${side.padEnd(9)}${safe(source?.path ?? `source ${hop.source_id}`)} line ${hop.line_no}${mark ? `  (${mark})` : ''}`
    const original = originals.get(String(hop.hop_id))
    return original === undefined ? [where] : [where, `         ${safe(original)}`]
  })
}

function unknowns(out: Output, r: Row, apps: readonly Row[], links: readonly LinkRow[]): string[] {
  const notes: string[] = []
  if (r.state === 'awaiting-app') notes.push('the app hop: its day is open, it may still come')
  if (r.state === 'gateway-only' && LAYERS[String(r.decided_by)]?.startsWith('the application'))
    notes.push('the app hop: the gateway called the target, no line was found, the day is closed')
  if (r.state === 'awaiting-gateway')
    notes.push('the gateway hop: its day is open, the export may still come')
  if (r.state === 'partner-pruned')
    notes.push(
      `the ${r.gateway_hop_id === null ? 'gateway' : 'app'} hop: it was there, and was dropped with its day`,
    )
  if (r.state === 'kernel-only')
    notes.push('the gateway hop: none claims this row of HTTPERR, the day is closed')
  if (r.state === 'app-only') notes.push('the gateway hop: none claims this line, the day is closed')
  if (r.state === 'ambiguous')
    notes.push(
      `${r.gateway_hop_id === null ? 'the gateway hop: calls' : 'the app hop: lines'} that may be its own are known, none well enough`,
    )
  const candidates = candidateNotes(r, links)
  notes.push(...candidates)
  if (apps.some(a => Number(a.win32_status ?? 0) !== 0 && Number(a.status) < 400))
    notes.push(
      `whether the response arrived: IIS reports Windows error ${apps.map(a => a.win32_status).find(w => Number(w) !== 0)}`,
    )
  if (r.duration_us !== null && r.target_us !== null && Number(r.gateway_us) >= 0) notes.unshift('')
  const share =
    notes[0] === ''
      ? `time     gateway ${duration(Number(r.gateway_us))}, target ${duration(Number(r.target_us))}${r.app_us === null ? '' : `; IIS ${duration(Number(r.app_us))}`}`
      : ''
  const list = notes.filter(n => n !== '')
  return [
    ...(share ? [share] : []),
    ...list.map((note, i) => `${(i === 0 ? 'unknown' : '').padEnd(9)}${out.colors.yellow(note)}`),
    ...(candidates.length > 0
      ? [`${''.padEnd(9)}throughline explain ${r.request_id} shows what speaks for each`]
      : []),
  ]
}

function findingLines(out: Output, findings: ShownFindings, request: Row): string[] {
  const why = whyNoFindings(findings, request)
  const texts = why === undefined ? findingTexts(findings, request).map(out.colors.red) : [why]
  return texts.map((text, i) => `${(i === 0 ? 'findings' : '').padEnd(9)}${text}`)
}
