/**
 * The request record in plain TypeScript: a second implementation of src/requests/requests.sql and request_rows.sql,
 * from the hops and links of one request, which a bundle discloses.
 */
import { DAY_US, dayText } from '../../model/time.ts'
import { lowerCase } from '../../requests/filter/values.ts'
import { type Facts, type FactValue, flagIn, numberIn, textIn, wholeIn } from './facts.ts'
import { isKernel, refusalOf } from './kernel.ts'

/** What a record says in a column; undefined: nothing. `start_ts` and `end_ts` are µs since 1970. */
export type RequestRecord = Readonly<Record<string, FactValue | undefined>>

/** Links from this posterior on join. */
export const JOINS_FROM = 0.9

/** Hops of a request, with the subjects that aliases make of their names, and the link rows that its state rests on. */
export interface Legs {
  /** Undefined: a server hop that no gateway hop claims. */
  readonly gateway: Facts | undefined
  /** Hops of a server (`serverHop`) that are linked to the gateway hop; without one the hop itself. */
  readonly apps: readonly Facts[]
  /** Rows of links that concern these hops; those of pruned days are `isBorder`. */
  readonly links: readonly LinkFacts[]
}

export interface LinkFacts {
  readonly facts: Facts
  readonly isBorder: boolean
}

/** What the ledger says of days. */
export interface Days {
  isClosed(application: string, day: string): boolean
  /** Days before this one are gone (`YYYY-MM-DD`). */
  readonly prunedBefore: string | undefined
}

export function recordOf(legs: Legs, days: Days): RequestRecord {
  const { gateway, apps } = legs
  if (gateway) return throughGateway(gateway, legs, days)
  const [app, ...more] = apps
  if (!app || more.length > 0) throw new RangeError('a request has a gateway hop or one hop of a server')
  return pastGateway(app, legs, days)
}

interface Answer {
  readonly app: Facts
  readonly link: Facts
  readonly endedUs: number | undefined
}

function throughGateway(g: Facts, legs: Legs, days: Days): RequestRecord {
  const answers = linkedApps(legs).sort(byEnd)
  const last = lastAnswer(answers, g)?.app ?? {}
  const startUs = numberIn(g, 'start_ts')
  const endUs = numberIn(g, 'end_ts')
  const durationUs = difference(endUs, startUs)
  const targetUs = flagIn(g, 'target_called')
    ? difference(numberIn(g, 'target_received_end_ts'), numberIn(g, 'target_sent_start_ts'))
    : undefined
  const links = answers.map(a => a.link)
  const who = subjects(g, last)
  return {
    application: g.application,
    method: g.method,
    path: g.path,
    query: g.query,
    status: g.status,
    target_status: g.target_status,
    client_id: g.client_id,
    developer_app: g.developer_app,
    developer_email: g.developer_email,
    product: g.product,
    proxy: g.proxy,
    organization: g.organization,
    environment: g.environment,
    message_id: g.message_id,
    target_host: g.target_host,
    client_ip: g.client_ip,
    peer_ip: g.peer_ip,
    user_agent: g.user_agent,
    cache_hit: g.cache_hit,
    fault_code: g.fault_code,
    fault_policy: g.fault_policy,
    bytes_in: g.bytes_in,
    bytes_out: g.bytes_out,
    host: last.host,
    site: last.site,
    server_ip: last.server_ip,
    host_header: last.host_header,
    subject_kind: who.kind,
    subject_issuer: who.issuer,
    subject: who.name,
    app_subject: who.appName,
    request_id: textIn(g, 'hop_id'),
    state: stateAtGateway(g, legs, answers, days),
    day: dayOf(startUs),
    start_ts: startUs,
    end_ts: endUs,
    gateway_status: wholeIn(g, 'status'),
    app_status: wholeIn(last, 'status'),
    app_substatus: wholeIn(last, 'substatus'),
    app_win32_status: wholeIn(last, 'win32_status'),
    outcome: outcomeOf(numberIn(g, 'status')),
    decided_by: decidedBy(g, last),
    decided_detail: decidedDetail(g, last),
    correlation_id: textIn(g, 'correlation_id') ?? textIn(last, 'correlation_id'),
    trace_id: traceOf(textIn(g, 'traceparent') ?? textIn(last, 'traceparent')),
    duration_us: durationUs,
    target_us: targetUs,
    app_us: wholeIn(last, 'duration_us'),
    gateway_us: difference(durationUs, targetUs),
    app_hops: answers.length,
    gateway_hop_id: textIn(g, 'hop_id'),
    app_hop_ids: answers.map(a => textIn(a.app, 'hop_id') ?? ''),
    link_method: least(links.flatMap(l => textIn(l, 'method') ?? [])),
    confidence: least(links.flatMap(l => numberIn(l, 'posterior') ?? [])),
    ...refusalOf(lastRefusal(answers)),
  }
}

function pastGateway(a: Facts, legs: Legs, days: Days): RequestRecord {
  const endUs = numberIn(a, 'end_ts')
  const status = numberIn(a, 'status')
  const who = subjects({}, a)
  return {
    application: a.application,
    method: a.method,
    path: a.path,
    query: a.query,
    status: a.status,
    host: a.host,
    site: a.site,
    server_ip: a.server_ip,
    host_header: a.host_header,
    correlation_id: a.correlation_id,
    client_ip: a.client_ip,
    peer_ip: a.peer_ip,
    user_agent: a.user_agent,
    duration_us: a.duration_us,
    bytes_in: a.bytes_in,
    bytes_out: a.bytes_out,
    subject_kind: who.kind,
    subject_issuer: who.issuer,
    subject: who.name,
    app_subject: who.appName,
    request_id: textIn(a, 'hop_id'),
    state: statePastGateway(a, legs, days),
    day: dayOf(endUs),
    start_ts: numberIn(a, 'start_ts'),
    end_ts: endUs,
    app_status: wholeIn(a, 'status'),
    app_substatus: wholeIn(a, 'substatus'),
    app_win32_status: wholeIn(a, 'win32_status'),
    outcome: outcomeOf(status),
    decided_by: status === undefined ? undefined : isKernel(a) ? 'kernel' : 'app',
    decided_detail: status !== undefined && status >= 400 ? statusText(a) : undefined,
    trace_id: traceOf(textIn(a, 'traceparent')),
    app_us: wholeIn(a, 'duration_us'),
    cache_hit: false,
    app_hops: 1,
    app_hop_ids: [textIn(a, 'hop_id') ?? ''],
    ...refusalOf(a),
  }
}

/** Whether a link row joins its hops. */
export function joins(link: Facts): boolean {
  return textIn(link, 'verdict') === 'linked' && (numberIn(link, 'posterior') ?? 0) >= JOINS_FROM
}

function linkedApps({ gateway, apps, links }: Legs): Answer[] {
  const id = gateway && textIn(gateway, 'hop_id')
  const own = links.filter(l => !l.isBorder && joins(l.facts) && textIn(l.facts, 'gateway_hop_id') === id)
  return own.flatMap(({ facts: link }) => {
    const app = apps.find(a => textIn(a, 'hop_id') === textIn(link, 'app_hop_id'))
    const endUs = app && numberIn(app, 'end_ts')
    return app ? [{ app, link, endedUs: difference(endUs, numberIn(link, 'clock_low_us') ?? 0) }] : []
  })
}

/** By end on the gateway's clock, as SQL orders: what is unknown comes last. */
function byEnd(a: Answer, b: Answer): number {
  return (
    compare(a.endedUs, b.endedUs) ||
    compare(numberIn(a.app, 'start_ts'), numberIn(b.app, 'start_ts')) ||
    compare(textIn(a.app, 'hop_id'), textIn(b.app, 'hop_id'))
  )
}

/** The app hop that decides: neither a handshake nor a failed attempt, with the status that the gateway got, the last to end. */
function lastAnswer(answers: readonly Answer[], gateway: Facts): Answer | undefined {
  const rank = (answer: Answer): readonly [isAnswer: number, isStatus: number] => {
    const status = numberIn(answer.app, 'status')
    const isStatus = status !== undefined && status === numberIn(gateway, 'target_status')
    return [answerRank(answer), isStatus ? 1 : 0]
  }
  let best: Answer | undefined
  for (const answer of answers) {
    if (!best) {
      best = answer
      continue
    }
    const [own, other] = [rank(answer), rank(best)]
    if ((own[0] - other[0] || own[1] - other[1] || byEnd(answer, best)) > 0) best = answer
  }
  return best
}

/** Handshakes and failed attempts first; what is unknown comes last. */
function answerRank({ app, link }: Answer): number {
  const how = textIn(link, 'how')
  if (flagIn(app, 'handshake') === true) return 0
  return how === undefined ? 2 : how === 'handshake' || how === 'retry' ? 0 : 1
}

/** The kernel hop that tells why HTTP.sys refused a request or an attempt of it: an answer before others, the last to end. */
function lastRefusal(answers: readonly Answer[]): Facts | undefined {
  const order = (a: Answer, b: Answer): number =>
    answerRank(a) - answerRank(b) ||
    compare(a.endedUs, b.endedUs) ||
    compare(textIn(a.app, 'hop_id'), textIn(b.app, 'hop_id'))
  return answers
    .filter(a => isKernel(a.app))
    .sort(order)
    .at(-1)?.app
}

function stateAtGateway(g: Facts, { links }: Legs, answers: readonly Answer[], days: Days): string {
  if (answers.length > 0) return 'joined'
  const { prunedBefore } = days
  const isPruned = links.some(
    l => !l.isBorder && joins(l.facts) && prunedBefore !== undefined && (textIn(l.facts, 'app_day') ?? '') < prunedBefore,
  ) // biome-ignore format: one condition
  if (isPruned) return 'partner-pruned'
  const called = flagIn(g, 'target_called')
  if (called && hasVerdict(links, 'ambiguous')) return 'ambiguous'
  const isClosed = days.isClosed(textIn(g, 'application') ?? '', dayOf(numberIn(g, 'start_ts')) ?? '')
  return called === false || isClosed ? 'gateway-only' : 'awaiting-app'
}

function statePastGateway(a: Facts, { links }: Legs, days: Days): string {
  if (links.some(l => l.isBorder && joins(l.facts))) return 'partner-pruned'
  if (hasVerdict(links, 'callout')) return 'callout'
  if (hasVerdict(links, 'ambiguous')) return 'ambiguous'
  const isClosed = days.isClosed(textIn(a, 'application') ?? '', dayOf(numberIn(a, 'end_ts')) ?? '')
  if (!isClosed) return 'awaiting-gateway'
  return isKernel(a) ? 'kernel-only' : 'app-only'
}

function hasVerdict(links: readonly LinkFacts[], verdict: string): boolean {
  return links.some(l => !l.isBorder && textIn(l.facts, 'verdict') === verdict)
}

function decidedBy(g: Facts, last: Facts): string | undefined {
  const [status, target] = [numberIn(g, 'status'), numberIn(g, 'target_status')]
  const fault = textIn(g, 'fault_code')
  if (flagIn(g, 'cache_hit')) return 'gateway-cache'
  if (flagIn(g, 'target_called') === false) {
    if (textIn(g, 'fault_policy') !== undefined || flagIn(g, 'policy_error')) return 'gateway-policy'
    if (flagIn(g, 'target_error') || fault?.includes('ServiceUnavailable')) return 'target-unreachable'
    return 'gateway'
  }
  if (target !== undefined) {
    if (target !== status) return 'gateway-policy'
    return isKernel(last) && numberIn(last, 'status') === status ? 'kernel' : 'app'
  }
  if (status === 504 || (fault !== undefined && lowerCase(fault).includes('timeout'))) return 'target-timeout'
  if (status === undefined) return undefined
  return status >= 500 ? 'target-unreachable' : 'app'
}

function decidedDetail(g: Facts, last: Facts): string | undefined {
  const [status, target] = [numberIn(g, 'status'), numberIn(g, 'target_status')]
  const isPassedOn = status !== undefined && target === status && (numberIn(last, 'status') ?? 0) >= 400
  return isPassedOn ? statusText(last) : (textIn(g, 'fault_policy') ?? textIn(g, 'fault_code'))
}

/** Status and substatus; of HTTP.sys status and reason. */
function statusText(app: Facts): string {
  const [mark, more] = isKernel(app) ? [' ', textIn(app, 'reason')] : ['.', wholeIn(app, 'substatus')]
  return `${wholeIn(app, 'status')}${more === undefined ? '' : `${mark}${more}`}`
}

/** A person named on either side before a client application or a machine. */
function subjects(gateway: Facts, app: Facts) {
  const [gatewayKind, appKind] = [textIn(gateway, 'subject_kind'), textIn(app, 'subject_kind')]
  const isApps = appKind === 'user' && gatewayKind !== 'user'
  const issuer = isApps || gatewayKind === undefined ? app : gateway
  const name = isApps
    ? textIn(app, 'subject_name')
    : (textIn(gateway, 'subject_name') ?? textIn(app, 'subject_name'))
  const appName = textIn(app, 'subject_name')
  return {
    kind: isApps ? appKind : (gatewayKind ?? appKind),
    issuer: textIn(issuer, 'subject_issuer') || undefined,
    name: name === undefined ? undefined : lowerCase(name),
    appName: appName === undefined ? undefined : lowerCase(appName),
  }
}

function outcomeOf(status: number | undefined): string {
  if (status === undefined || status < 100) return 'unknown'
  return status >= 400 ? 'failure' : 'success'
}

function traceOf(traceparent: string | undefined): string | undefined {
  return traceparent === undefined ? undefined : lowerCase(traceparent.slice(3, 35))
}

/** The day that was asked for last: requests come in order of time. */
let lastDay = { number: 0, text: '1970-01-01' }

export function dayOf(us: number | undefined): string | undefined {
  if (us === undefined) return undefined
  const number = Math.floor(us / DAY_US)
  if (number !== lastDay.number) lastDay = { number, text: dayText(number) }
  return lastDay.text
}

function difference(a: number | undefined, b: number | undefined): number | undefined {
  return a === undefined || b === undefined ? undefined : a - b
}

/** What is unknown is greatest, as where SQL orders. */
function compare<T extends number | string>(a: T | undefined, b: T | undefined): number {
  if (a === b) return 0
  if (a === undefined) return 1
  return b === undefined || a < b ? -1 : 1
}

function least<T extends number | string>(values: readonly T[]): T | undefined {
  return values.reduce<T | undefined>((a, b) => (a === undefined || b < a ? b : a), undefined)
}
