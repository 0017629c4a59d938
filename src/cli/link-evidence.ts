import { micros } from '../model/time.ts'
import type { LinkRow } from '../requests/lookup.ts'
import { offsetText } from './clock-words.ts'
import { isKernel } from './kernel-words.ts'
import { howCompared } from './link-words.ts'
import { count, duration, safe } from './output.ts'

type Row = Readonly<Record<string, unknown>>

/** One thing that was compared between a call and a line. */
export interface Evidence {
  readonly compared: string
  readonly found: string
  /** How much it counts: `x 210`, `required`, `decides`, `contradicts`, `agrees`, `-`. */
  readonly counts: string
  /** Natural logarithm of the odds factor; null where it was not weighed. */
  readonly logOdds: number | null
}

/** Stamps of a gateway hop as linking reads them, µs. */
export interface CallTimes {
  readonly startUs: number
  readonly stopUs: number
  readonly sentUs: number
  readonly answeredUs: number
  /** Undefined where no answer came. */
  readonly waitUs: number | undefined
}

/** The place of a line and the rate of lines are densities a µs; both are told for a second, their product is the same. */
const LOG_SECOND = Math.log(1e6)
/** No evidence together is taken for stronger than e^20. */
const MOST_LOG_ODDS = 20

export function callTimes(g: Row): CallTimes {
  const stamp = (...names: string[]): number =>
    names.map(name => micros(g[name])).find(us => us !== undefined) ?? 0
  const sentUs = stamp('target_sent_start_ts', 'client_received_end_ts', 'start_ts')
  const answeredUs = stamp('target_received_end_ts', 'client_sent_start_ts', 'end_ts')
  const isAnswered = g.target_received_end_ts !== null || g.target_status !== null
  return {
    startUs: stamp('start_ts'),
    stopUs: stamp('end_ts', 'start_ts'),
    sentUs,
    answeredUs,
    waitUs: isAnswered ? answeredUs - sentUs : undefined,
  }
}

/** Odds as a factor of two digits: `x 210`, `/ 35`. */
export function factor(log: number): string {
  const times = twoDigits(Math.exp(Math.abs(log)))
  return log < 0 && times !== '1.0' ? `/ ${times}` : `x ${times}`
}

function twoDigits(n: number): string {
  return n < 9.95 ? n.toFixed(1) : count(BigInt(Math.round(Number(n.toPrecision(2)))).toString())
}

/** What was compared between a call and a line, in the order of its weight for a reader. */
export function evidenceOf(link: LinkRow, g: Row, a: Row): Evidence[] {
  if (link.method === 'id') return idEvidence(link, g, a)
  const weighed = link.how === 'answer' ? weighedEvidence(link, g, a) : attemptEvidence(link, g, a)
  return [idRow(link, g, a), requestRow(g, a, link), subjectRow(link, g, a), clockRow(link, a), ...weighed]
}

function plain(compared: string, found: string, counts: string): Evidence {
  return { compared, found, counts, logOdds: null }
}

function weighed(compared: string, found: string, log: number | null): Evidence {
  return { compared, found, counts: log === null ? 'not weighed' : factor(log), logOdds: log }
}

function idEvidence(link: LinkRow, g: Row, a: Row): Evidence[] {
  const contradicted = new Set((link.reasons ?? '').split(' '))
  const judge = (reason: string): string => (contradicted.has(reason) ? 'contradicts' : 'agrees')
  const isPathEqual = g.path_key === a.path_key
  const path =
    isPathEqual || contradicted.has('path')
      ? judge('path')
      : g.path_key === null || a.path_key === null
        ? 'not logged on a side'
        : 'not counted: the paths of this proxy are no evidence'
  const isCalled = g.target_called === true
  return [
    plain('id', `${howCompared(link)}: ${clip(safe(link.id ?? a.correlation_id))}`, link.verdict === 'linked' ? 'decides' : link.verdict === 'ambiguous' ? 'several calls' : 'agrees'),
    plain('method', both(g.method, a.method), judge('method')),
    plain('path', both(g.path_key, a.path_key), path),
    plain('target', isCalled ? 'the gateway called it' : 'the record shows no call', isCalled || contradicted.has('target-not-called') ? judge('target-not-called') : 'not counted: the target stamps of this proxy are no evidence'),
    timeRow(link, g, a, contradicted.has('time')),
    plain('peer', `the line came from ${safe(a.peer_ip ?? 'a peer that it does not name')}`, judge('untrusted-peer')),
    plain('duration', durationFound(g, a), 'shown only'),
  ] // biome-ignore format: a table
}

function timeRow(link: LinkRow, g: Row, a: Row, isContradicted: boolean): Evidence {
  if (link.clock_low_us === null || link.clock_high_us === null)
    return plain('time', `the clock of ${hostOf(a)} is not known`, 'not compared')
  const found = `${expectedFound(link, g, a)}; ${hostOf(a)} ${clockText(link)}`
  return plain('time', found, isContradicted ? 'contradicts' : 'does not contradict')
}

function idRow(link: LinkRow, g: Row, a: Row): Evidence {
  if (link.method === 'id-time')
    return plain('id', `${howCompared(link)}: ${clip(safe(link.id ?? a.correlation_id))}`, 'required; shared')
  const [gateway, app] = [g.correlation_id !== null, a.correlation_id !== null]
  if (gateway && app)
    return plain(
      'id',
      'both sides log one, and it cannot be compared (shared by too many, or too few match)',
      '-',
    )
  return plain('id', gateway ? 'the line has none' : app ? 'the call has none' : 'neither side has one', '-')
}

function requestRow(g: Row, a: Row, link: LinkRow): Evidence {
  const path = g.path_key === a.path_key ? safe(a.path_key) : `${safe(g.path_key)} and ${safe(a.path_key)}, paths of this proxy are no evidence` // biome-ignore format: one line
  const status =
    link.how === 'answer'
      ? isKernel(a) && a.status === null
        ? 'no answer on either side'
        : `status ${both(g.target_status, a.status)}`
      : `status ${safe(a.status)} before the answer's ${safe(g.target_status ?? 'none')}`
  return plain('request', `${safe(a.method)} ${path}, ${status}`, 'required')
}

function subjectRow(link: LinkRow, g: Row, a: Row): Evidence {
  const name = (row: Row): string => safe([row.subject_issuer, row.subject_name].filter(Boolean).join(' '))
  const [gateway, app] = [g.subject_name !== null, a.subject_name !== null]
  if (link.method === 'subject') return plain('subject', both(name(g), name(a)), 'required')
  if (gateway && app)
    return name(g) === name(a)
      ? plain('subject', `${name(a)} on both sides`, 'required')
      : plain('subject', `${name(g)} and ${name(a)}: the sides name different things, not compared`, '-')
  return plain('subject', gateway ? `only the call names one: ${name(g)}` : app ? `only the line names one: ${name(a)}` : 'neither side names one', '-') // biome-ignore format: one line
}

function clockRow(link: LinkRow, a: Row): Evidence {
  const source = link.calibrated
    ? 'read from pairs that an id joins'
    : 'read without ids, from hops that are alike'
  return plain('clock', `${hostOf(a)} ${clockText(link)}, ${source}`, 'for the end')
}

function weighedEvidence(link: LinkRow, g: Row, a: Row): Evidence[] {
  return weighedRows(link, {
    duration: durationFound(g, a),
    end: `${expectedFound(link, g, a)}${placeText(link)}`,
    values: valuesFound(link, g, a),
    rarity: 'how seldom such lines come otherwise, how few are lost, and which peer sent it',
  })
}

function attemptEvidence(link: LinkRow, g: Row, a: Row): Evidence[] {
  const { startUs, answeredUs } = callTimes(g)
  const stretch = `between ${timeOf(startUs)}, when the call came, and ${timeOf(answeredUs)}, when the answer was there`
  return [
    plain(
      'time',
      `${isKernel(a) ? 'the moment of refusal' : `time-taken ${durationOf(a.duration_us)}`}; must lie ${stretch}`,
      'required',
    ),
    ...weighedRows(link, {
      duration: "the call's times with this attempt in them, against without",
      end: `where its log and the call let it end; logged second ${timeOf(micros(a.end_ts) ?? 0)}`,
      values: `${callerFound(g, a)}${link.how === 'handshake' ? '; whether it is in the log of the answering line' : ''}`,
      rarity: 'how often calls have such lines before their answer, and how seldom they come otherwise',
    }),
  ]
}

type Weighed = Readonly<Record<'duration' | 'end' | 'values' | 'rarity', string>>

function weighedRows(link: LinkRow, found: Weighed): Evidence[] {
  const { log_duration, log_place, log_values, log_alone } = link
  const logs = [log_duration, log_place, log_values, log_alone]
  const sum = logs.reduce<number>((total, log) => total + (log ?? 0), 0)
  const isWeighed = logs.some(log => log !== null)
  const capped = Math.max(-MOST_LOG_ODDS, Math.min(MOST_LOG_ODDS, sum))
  const most = capped === sum ? '' : `; no more than ${twoDigits(Math.exp(MOST_LOG_ODDS))} is believed`
  return [
    weighed('duration', found.duration, log_duration),
    weighed('end', found.end, log_place === null ? null : log_place + LOG_SECOND),
    weighed('values', found.values, log_values),
    weighed('rarity', found.rarity, log_alone === null ? null : log_alone - LOG_SECOND),
    ...(isWeighed ? [weighed('together', `against the line having no partner${most}`, capped)] : []),
  ]
}

function valuesFound(link: LinkRow, g: Row, a: Row): string {
  const who =
    link.method === 'subject'
      ? `client and agent not counted beside a subject, ${compare('query', g.query, a.query)}`
      : callerFound(g, a)
  const [gateway, app] = [g.bytes_out, a.bytes_out]
  const size = gateway === null || app === null ? 'size not on both sides' : `size ${count(String(gateway))} and ${count(String(app))} bytes` // biome-ignore format: one line
  return isKernel(a) ? kernelFound(g, a) : `${who}, ${size}`
}

/** HTTPERR logs neither client nor size. */
function kernelFound(g: Row, a: Row): string {
  const query = g.query === a.query ? 'query equal' : 'query differs'
  return `${query}, ${compare('server address', g.target_ip, a.server_ip)}; HTTPERR logs no client and no size`
}

function callerFound(g: Row, a: Row): string {
  const agent = (row: Row): unknown =>
    row.user_agent === null ? null : String(row.user_agent).replaceAll(' ', '+')
  return [
    compare('client', g.client_ip, a.client_ip),
    compare('agent', agent(g), agent(a)),
    compare('query', g.query, a.query),
  ].join(', ')
}

function compare(name: string, a: unknown, b: unknown): string {
  if (a === null || b === null) return `${name} not on both sides`
  return `${name} ${a === b ? 'equal' : 'differs'}`
}

function durationFound(g: Row, a: Row): string {
  const { waitUs } = callTimes(g)
  if (isKernel(a)) return `wait ${durationOf(waitUs)}; HTTPERR logs no time-taken`
  const took = a.duration_us === null ? undefined : Number(a.duration_us)
  if (waitUs === undefined || took === undefined)
    return `wait ${durationOf(waitUs)}, time-taken ${durationOf(took)}`
  return `wait ${duration(waitUs)}, time-taken ${duration(took)}: ${apart(waitUs - took)}`
}

function apart(us: number): string {
  if (us === 0) return 'equal'
  return us > 0 ? `${duration(us)} more wait` : `${duration(-us)} less wait`
}

/** When the line should have ended by the call's stamps, on both clocks, beside the second that it logs. */
function expectedFound(link: LinkRow, g: Row, a: Row): string {
  const { sentUs, answeredUs, waitUs } = callTimes(g)
  const byStart = sentUs + Number(a.duration_us ?? 0)
  const expected = isKernel(a) ? answeredUs : waitUs === undefined ? byStart : Math.max(answeredUs, byStart)
  const [low, high] = [Number(link.clock_low_us ?? 0), Number(link.clock_high_us ?? 0)]
  const onHost =
    link.clock_low_us === null
      ? ''
      : `, ${timeOf(expected + low)}..${timeOf(expected + high)} by the host's clock`
  return `expected at ${timeOf(expected)}${onHost}; logged second ${timeOf(micros(a.end_ts) ?? 0)}`
}

/** Positive: expected before the logged second, read on the gateway's clock; negative: after it. */
function placeText({ place_residual_us }: LinkRow): string {
  if (place_residual_us === null) return ''
  const us = Number(place_residual_us)
  const second = us === 0 ? 'inside it' : `${duration(Math.abs(us))} ${us > 0 ? 'before' : 'after'} it`
  return `, ${second}; weighed with the lines around it in its log`
}

function clockText({ clock_low_us, clock_high_us }: LinkRow): string {
  if (clock_low_us === null || clock_high_us === null) return 'clock not known'
  return offsetText(Number(clock_low_us), Number(clock_high_us))
}

/** The host as clocks are kept for it. */
export function hostOf(a: Row): string {
  return safe(a.host ?? a.server_ip ?? '(unnamed host)')
}

function durationOf(us: unknown): string {
  return us === null || us === undefined ? 'not known' : duration(Number(us))
}

function both(a: unknown, b: unknown): string {
  if (a === null || b === null) return `${safe(a ?? b ?? '')} on one side, not logged on the other`
  return a === b ? `${safe(a)} on both sides` : `${safe(a)} and ${safe(b)}`
}

/** Time of day in UTC, to the millisecond. */
export function timeOf(us: number): string {
  const [, time = ''] = new Date(Math.floor(us / 1000)).toISOString().split('T')
  return time.replace('.000Z', '').replace('Z', '')
}

function clip(text: string): string {
  return text.length > 120 ? `${text.slice(0, 117)}...` : text
}
