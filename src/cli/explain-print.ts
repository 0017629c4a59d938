import { micros } from '../model/time.ts'
import type { LinkRow } from '../requests/lookup.ts'
import type { Store } from '../store/store.ts'
import type { ExplainedPair, Explanation, Row } from './explain.ts'
import { isKernel, reasonInWords } from './kernel-words.ts'
import { callTimes, hostOf, timeOf } from './link-evidence.ts'
import {
  confidence,
  evidenceUse,
  probability,
  roleInWords,
  THRESHOLDS,
  verdictInWords,
} from './link-words.ts'
import { duration, type Output, safe, table } from './output.ts'
import { findingTexts, type ShownFindings, whyNoFindings } from './request-findings.ts'

/** Requests of one id that are printed. */
export const MOST_REQUESTS = 10

/** @param rest requests that are not among these, and whether there may be others still */
export function printExplanations(
  out: Output,
  store: Store,
  all: readonly Explanation[],
  rest: { readonly more: number; readonly isCut: boolean; readonly findings: ShownFindings },
): void {
  all.forEach((one, i) => {
    if (i > 0) out.line()
    for (const line of [...lines(out, store, one), ...findingLines(out, rest.findings, one)]) out.line(line)
  })
  if (rest.more > 0)
    out.line(`\n${rest.more} more requests carry this id; explain one by its request id, as trace prints it`)
  if (rest.isCut)
    out.line('\nonly the first hops were looked at: this id is shared by many requests and identifies none')
}

function lines(out: Output, store: Store, one: Explanation): string[] {
  const { request: r, gateway, apps, pairs, why } = one
  const status = r.status === null ? 'no status' : String(r.status)
  return [
    `${out.colors.bold(`${safe(r.method ?? '(no method)')} ${safe(r.path ?? '(no path)')}`)}  ${status}  ${safe(r.state)}`,
    out.colors.dim(`request ${r.request_id}`),
    '',
    ...(gateway ? callLines(store, gateway) : apps.flatMap(app => appLines(store, app))),
    label('made by', madeBy(one)),
    label(
      'counts',
      `in requests and traces from ${THRESHOLDS.requests}, as evidence from ${THRESHOLDS.evidence} and on closed days only`,
    ),
    ...pairs.flatMap(pair => ['', ...pairLines(out, store, pair, gateway !== undefined)]),
    ...(why.length > 0 ? [''] : []),
    ...why.map((text, i) => label(i === 0 ? (gateway ? 'no line' : 'no call') : '', out.colors.yellow(text))),
  ]
}

function findingLines(out: Output, findings: ShownFindings, { request }: Explanation): string[] {
  const why = whyNoFindings(findings, request)
  const texts = why === undefined ? findingTexts(findings, request).map(out.colors.red) : [why]
  return [
    ...(texts.length > 0 ? [''] : []),
    ...texts.map((text, i) => label(i === 0 ? 'findings' : '', text)),
  ]
}

function label(name: string, text: string): string {
  return `${name.padEnd(10)}${text}`
}

function madeBy({ day }: Explanation): string {
  const link = day?.link
  if (!day || !link) return 'nothing yet: the day has not been linked'
  return `method ${safe(link.method)}, generation ${link.generation} of ${day.day}, configuration ${link.config.slice(0, 12)}; the day is ${day.state}`
}

function callLines(store: Store, g: Row): string[] {
  const { startUs, sentUs, answeredUs, waitUs } = callTimes(g)
  const answer =
    waitUs === undefined
      ? 'no answer'
      : `answered ${timeOf(answeredUs)}, wait ${duration(waitUs)}, status ${safe(g.target_status ?? 'not known')}`
  return [
    label('call', `${safe(g.method)} ${safe(g.path)}, ${place(store, g)}`),
    label('', `came ${String(g.start_ts).slice(0, 10)} ${timeOf(startUs)}; target ${g.target_called === true ? `called ${timeOf(sentUs)}, ${answer}` : 'not called'}`),
    label('', named(g)),
  ] // biome-ignore format: a table
}

function appLines(store: Store, a: Row): string[] {
  if (isKernel(a)) return kernelLines(store, a)
  return [
    label('line', place(store, a)),
    label('', `${safe(a.host ?? a.server_ip ?? '(unnamed host)')}, logged ${String(a.end_ts).slice(0, 10)} ${timeOf(micros(a.end_ts) ?? 0)} (ended within ${endsWithin(a)}), time-taken ${a.duration_us === null ? 'not logged' : duration(Number(a.duration_us))}, status ${safe(a.status)}`),
    label('', `${safe(a.method)} ${safe(a.path)}, ${named(a)}`),
  ] // biome-ignore format: a table
}

function kernelLines(store: Store, a: Row): string[] {
  return [
    label('line', place(store, a)),
    label('', `HTTP.sys of ${hostOf(a)}, logged ${String(a.end_ts).slice(0, 10)} ${timeOf(micros(a.end_ts) ?? 0)} (within ${endsWithin(a)}), ${a.status === null ? 'no answer' : `status ${safe(a.status)}`}`),
    label('', reasonInWords(a.reason, a.queue)),
    label('', `${safe(a.method ?? '(no method)')} ${safe(a.path ?? '(no path)')}; HTTPERR logs neither ids nor subjects`),
  ] // biome-ignore format: a table
}

function endsWithin(a: Row): string {
  const ms = Number(a.resolution_ms ?? 1000)
  return ms === 1000 ? 'the second that follows' : `the ${ms} ms that follow`
}

function named(hop: Row): string {
  const subject = hop.subject_raw ?? hop.subject_name
  const id = hop.correlation_raw === null ? 'no id' : `${safe(hop.correlation_field)} ${safe(hop.correlation_raw)}` // biome-ignore format: one line
  return `${subject === null ? 'nobody named' : `by ${safe(subject)}`}, ${id}`
}

function place(store: Store, hop: Row): string {
  const source = store.state.sources.get(Number(hop.source_id))
  return `${safe(source?.path ?? `source ${hop.source_id}`)}:${hop.line_no}`
}

function pairLines(out: Output, store: Store, pair: ExplainedPair, isOfCall: boolean): string[] {
  const { link, gateway, app, evidence, rivals } = pair
  const verdict = link.verdict === 'linked' ? out.colors.green : out.colors.yellow
  const columns = [{ title: 'compared' }, { title: 'found' }, { title: 'counts' }]
  const rows = evidence.flatMap(e =>
    wrap(e.found, foundWidth(out)).map((part, i) =>
      i === 0 ? [e.compared, part, e.counts] : ['', part, ''],
    ),
  )
  return [
    ...(isOfCall ? appLines(store, app) : callLines(store, gateway)),
    label('verdict', verdict(verdictInWords(link))),
    ...(link.how === 'answer' || link.method === 'id' ? [] : [label('', `as ${roleInWords(link)}`)]),
    label('chances', chances(pair)),
    ...rivalLines(pair, rivals),
    ...(isOfCall || !pair.holder
      ? []
      : [
          label(
            'but',
            `the call has another line as its answer, with ${confidence(pair.holder)}: app hop ${pair.holder.app_hop_id}`,
          ),
        ]),
    ...table(columns, rows, out).map(line => `  ${line}`),
  ]
}

/** Columns for what was found: the rest of the terminal, or of a page. */
function foundWidth({ width }: Output): number {
  return Math.max(40, Math.min(90, (width ?? 120) - 40))
}

function wrap(text: string, width: number): string[] {
  const lines: string[] = []
  for (const word of text.split(' ')) {
    const last = lines.at(-1)
    if (last !== undefined && last.length + 1 + word.length <= width)
      lines[lines.length - 1] = `${last} ${word}`
    else lines.push(word)
  }
  return lines
}

function chances({ link }: ExplainedPair): string {
  if (link.method === 'id') return `confidence ${confidence(link)}, by the id and not weighed; ${uses(link)}`
  const others = link.candidates - 1
  const other =
    others < 1
      ? 'no other call fits'
      : others === 1
        ? `the other call ${probability(link.runner_up)}`
        : `best of ${others} other calls ${probability(link.runner_up)}`
  return `this pair ${probability(link.posterior)}, ${other}, no partner at all ${probability(link.nobody ?? 0)}; ${uses(link)}`
}

function uses(link: LinkRow): string {
  if (link.verdict !== 'linked') return 'counts nowhere'
  const use = evidenceUse(link)
  if (use === 'yes') return 'enough for evidence'
  if (use === 'on-request')
    return 'in requests and traces; as evidence only where links by time alone are asked for'
  const why =
    link.method === 'time' && !link.calibrated && link.posterior >= 0.9899
      ? ': by time alone, on a clock read without ids, no link gets more'
      : ''
  return `enough for requests and traces, too little for evidence${why}`
}

function rivalLines({ link }: ExplainedPair, rivals: ExplainedPair['rivals']): string[] {
  return rivals.map((rival, i) =>
    label(
      i === 0 ? 'or' : '',
      `gateway hop ${rival.gateway_hop_id} for the same line: ${rival.verdict}, ${confidence(rival)}${rival.posterior > link.posterior ? ' (likelier)' : ''}`,
    ),
  )
}
