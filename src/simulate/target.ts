import { type Answer, busyAnswer, chooseAnswer, ERROR_BYTES, GATEWAY_TIMEOUT_US } from './answer.ts'
import type { Host } from './company.ts'
import { drawConnectUs, drawCrossingUs, drawHeaderBytes } from './durations.ts'
import { TARGET_STATUS_FAULT, TIMEOUT_FAULT } from './faults.ts'
import { type Challenge, liveHandshake } from './handshake.ts'
import { appId, type CallIds } from './ids.ts'
import { chooseRefusal, kernelHandling, type Refusal } from './kernel.ts'
import { MS_US } from './times.ts'
import type {
  AppHandling,
  Asked,
  AttemptKind,
  Fault,
  KernelHandling,
  TruthRequest,
  Visit,
  World,
} from './traffic.ts'

/**
 * A target call: the gateway sends, a host works, the answer travels back. Assumptions: one data centre with
 * 1 Gbit/s; the gateway stamps its start before it opens a connection; one ACK in five is delayed.
 */
const BYTES_PER_US = 125
/** HTTP.sys waits for the ACK of the last packet, except on responses of up to 2 KB (reference: IIS 4.3). */
const NO_ACK_BYTES = 2048
const DELAYED_ACK_US = 40 * MS_US
const DELAYED_ACK_SHARE = 0.2
const RESPONSE_HEADER_BYTES = 311
const REQUEST_HEADER_BYTES = 790
const WIN32_NETNAME_DELETED = 64
const WIN32_ABORTED_LOCALLY = 1236

export interface TargetOrder {
  readonly visit: Visit
  readonly asked: Asked
  readonly ids: CallIds
  readonly truth: TruthRequest
  readonly sendUs: number
  readonly requestBytes: number
}

export interface TargetResult {
  readonly handlings: readonly AppHandling[]
  /** What HTTP.sys ended before IIS saw it. */
  readonly kernel: readonly KernelHandling[]
  /** Undefined when the gateway stopped waiting, or the connection was closed. */
  readonly status: number | undefined
  readonly fault: Fault | undefined
  readonly responseBytes: number
  readonly sentStartUs: number
  readonly sentEndUs: number
  readonly receivedStartUs: number
  /** When the gateway had the answer, or gave up. */
  readonly doneUs: number
}

/** Calls the target; after a 503 once more on another host. Which attempts the stamps cover is an option. */
export function callTarget(world: World, order: TargetOrder): TargetResult {
  const { life } = world.random
  const hosts = order.visit.application.hosts
  const host = life.pick(hosts)
  const isRetried = life.chance(world.settings.retriesShare)
  const answer = chooseAnswer(world, order, host)
  const { challenges, sendUs } = liveHandshake(world, order.sendUs)
  const given = isRetried ? busyAnswer(world) : answer
  const refusal = chooseRefusal(world, host, sendUs)
  const sending = { host, sendUs, kind: isRetried ? ('retry' as const) : ('final' as const) }
  const first = refusal ? refuse(world, order, sending, refusal) : attempt(world, order, sending, given)
  const handlings =
    challenges.length === 0
      ? first.handlings
      : [...challengeHandlings(world, order, challenges, first), ...first.handlings]
  if (!isRetried) return asStamped(world, order, first, handlings)
  const others = hosts.filter(one => one !== host)
  const second = others.length === 0 ? host : life.pick(others)
  const againUs = first.doneUs + life.lognormal(MS_US, 0.5)
  const final = attempt(world, order, { host: second, sendUs: againUs, kind: 'final' }, answer)
  return asStamped(world, order, { ...final, kernel: first.kernel }, [...handlings, ...final.handlings])
}

function asStamped(
  world: World,
  order: TargetOrder,
  last: TargetResult,
  handlings: readonly AppHandling[],
): TargetResult {
  if (world.settings.attemptStamps === 'last') return { ...last, handlings }
  return { ...last, handlings, sentStartUs: order.sendUs }
}

/** The same request on the same connection, but for what tells that nobody was let in yet. */
function challengeHandlings(
  world: World,
  order: TargetOrder,
  challenges: readonly Challenge[],
  admitted: TargetResult,
): AppHandling[] {
  return admitted.handlings.flatMap(handling =>
    challenges.map(({ kind, startUs, endUs }) => ({
      ...handling,
      ...kind,
      ...appId(world, order.ids, order.visit.application, handling.host, order.asked.route),
      username: '-',
      userForm: handling.forwardedUser === '-' ? ('none' as const) : handling.userForm,
      startUs,
      endUs,
      attempt: 'handshake' as const,
    })),
  )
}

interface Sending {
  readonly host: Host
  readonly sendUs: number
  readonly kind: AttemptKind
}

function attempt(world: World, order: TargetOrder, sending: Sending, answer: Answer): TargetResult {
  const { life } = world.random
  const { sendUs } = sending
  const openUs = sendUs + drawConnectUs(world)
  const sentEndUs = openUs + 30 + order.requestBytes / BYTES_PER_US
  const startUs = openUs + drawCrossingUs(world)
  const firstByteUs = startUs + order.requestBytes / BYTES_PER_US + answer.workUs
  const lastByteUs = firstByteUs + 20 + answer.bytes / BYTES_PER_US
  const backUs = drawCrossingUs(world)
  const isAckDelayed = life.chance(DELAYED_ACK_SHARE)
  const ackUs = 2 * backUs + (isAckDelayed ? life.unit() * DELAYED_ACK_US : 0)
  const isAborted = life.chance(world.settings.abortShare)
  const giveUpUs = sentEndUs + GATEWAY_TIMEOUT_US
  const isTimeout = firstByteUs + backUs > giveUpUs
  const win32 = isTimeout
    ? life.chance(0.8)
      ? WIN32_NETNAME_DELETED
      : WIN32_ABORTED_LOCALLY
    : isAborted && answer.status < 400
      ? WIN32_NETNAME_DELETED
      : 0
  const endUs = lastByteUs + (answer.bytes > NO_ACK_BYTES && !isTimeout ? ackUs : 0)
  const handling = toHandling(world, order, sending, { startUs, endUs, win32 }, answer)
  const isError = answer.status >= 400
  return {
    handlings: [handling],
    kernel: [],
    status: isTimeout ? undefined : answer.status,
    fault: isTimeout ? TIMEOUT_FAULT : isError ? TARGET_STATUS_FAULT : undefined,
    responseBytes: isTimeout ? ERROR_BYTES : answer.bytes,
    sentStartUs: sendUs,
    sentEndUs,
    receivedStartUs: firstByteUs + backUs,
    doneUs: isTimeout ? giveUpUs : lastByteUs + backUs + life.lognormal(120, 0.5),
  }
}

/** A call that HTTP.sys ends: its answer is short, or none. */
function refuse(
  world: World,
  order: TargetOrder,
  { host, sendUs, kind }: Sending,
  refusal: Refusal,
): TargetResult {
  const { kernel } = world.random
  const { route, suffix, query } = order.asked
  const sentEndUs = sendUs + 30 + order.requestBytes / BYTES_PER_US
  const startUs = sendUs + drawCrossingUs(world)
  const endUs = startUs + order.requestBytes / BYTES_PER_US + refusal.afterUs
  const doneUs = endUs + drawCrossingUs(world) + kernel.lognormal(120, 0.5)
  const refused = {
    host,
    endUs,
    method: route.method,
    path: order.visit.application.targetBasepath + suffix,
    query,
    peerIp: kernel.pick(world.company.egressIps),
    truth: order.truth,
  }
  return {
    handlings: [],
    kernel: [kernelHandling(world, refusal, refused, kind)],
    status: refusal.status,
    fault: refusal.fault,
    responseBytes: ERROR_BYTES,
    sentStartUs: sendUs,
    sentEndUs,
    receivedStartUs: doneUs,
    doneUs,
  }
}

function toHandling(
  world: World,
  order: TargetOrder,
  { host, kind }: Sending,
  seen: { readonly startUs: number; readonly endUs: number; readonly win32: number },
  answer: Answer,
): AppHandling {
  const { application, caller } = order.visit
  const { route, suffix, query } = order.asked
  const path = application.targetBasepath + suffix
  const id = appId(world, order.ids, application, host, route)
  const named = namedIn(world, order.visit, answer)
  const requestBytes = order.requestBytes + REQUEST_HEADER_BYTES + path.length + query.length
  return {
    host,
    startUs: seen.startUs,
    endUs: seen.endUs,
    win32: seen.win32,
    correlationId: id.correlationId,
    idForm: id.idForm,
    method: route.method,
    path,
    query,
    peerIp: world.random.life.pick(world.company.egressIps),
    userAgent: caller.device.userAgent,
    cookie: '-',
    referer: '-',
    hostHeader: application.targetHost,
    status: answer.status,
    substatus: answer.substatus,
    sentBytes: answer.bytes + RESPONSE_HEADER_BYTES + drawHeaderBytes(world),
    receivedBytes: requestBytes + drawHeaderBytes(world),
    ...named,
    forwardedFor: `${caller.device.forwardedFor}, ${caller.device.frontIp}`,
    hasCertificate: !world.random.identity.chance(world.settings.certlessShare),
    attempt: kind,
    truth: order.truth,
  }
}

/** Whom the app's line names: the caller, somebody else where the header was mixed up, or nobody. */
function namedIn(
  world: World,
  { application, caller }: Visit,
  answer: Answer,
): Pick<AppHandling, 'username' | 'forwardedUser' | 'userForm'> {
  const { identity } = world.random
  const isSwapped = identity.chance(world.settings.swappedUserShare)
  const other = identity.pick(world.company.principals)
  if (application.identity === 'windows' && answer.status !== 401)
    return { username: caller.windowsName, forwardedUser: '-', userForm: 'caller' }
  if (application.identity !== 'header' || answer.isUserLost)
    return { username: '-', forwardedUser: '-', userForm: 'none' }
  const named = isSwapped ? other : caller
  const userForm = named.subject === caller.subject ? 'caller' : 'other'
  return { username: '-', forwardedUser: named.subject, userForm }
}
