import type { Host } from './company.ts'
import { TARGET_STATUS_FAULT, TIMEOUT_FAULT } from './faults.ts'
import { appId, type CallIds } from './ids.ts'
import { MS_US, SECOND_US } from './times.ts'
import type { AppHandling, Asked, Fault, TruthRequest, Visit, World } from './traffic.ts'

/**
 * A target call: the gateway sends, a host works, the answer travels back. Assumptions: one data centre with
 * 0.25 ms one way and 1 Gbit/s; work lognormal with sigma 0.9 around the route's median; the gateway gives up
 * after 30 s while the host goes on, as in the vendor's example of a 502 beside a 200 (reference: IIS 6.3).
 */
const ONE_WAY_US = 0.25 * MS_US
const ONE_WAY_SIGMA = 0.4
const BYTES_PER_US = 125
const WORK_SIGMA = 0.9
const SIZE_SIGMA = 0.35
export const GATEWAY_TIMEOUT_US = 30 * SECOND_US
/** HTTP.sys waits for the ACK of the last packet, except on responses of up to 2 KB (reference: IIS 4.3). */
const NO_ACK_BYTES = 2048
const DELAYED_ACK_US = 40 * MS_US
const DELAYED_ACK_SHARE = 0.2
const RESPONSE_HEADER_BYTES = 311
const REQUEST_HEADER_BYTES = 790
const NOT_FOUND_SHARE = 0.006
const ERROR_BYTES = 180
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
  /** Undefined when the gateway stopped waiting. */
  readonly status: number | undefined
  readonly fault: Fault | undefined
  readonly responseBytes: number
  readonly sentStartUs: number
  readonly sentEndUs: number
  readonly receivedStartUs: number
  /** When the gateway had the answer, or gave up. */
  readonly doneUs: number
}

interface Answer {
  readonly status: number
  readonly substatus: number
  readonly workUs: number
  readonly bytes: number
}

/** Calls the target; after a 503 once more on another host. The stamps are those of the last attempt (assumption). */
export function callTarget(world: World, order: TargetOrder): TargetResult {
  const { life } = world.random
  const hosts = order.visit.application.hosts
  const first = life.pick(hosts)
  const isRetried = life.chance(world.settings.retriesShare)
  const answer = chooseAnswer(world, order)
  if (!isRetried) return attempt(world, order, first, order.sendUs, answer)
  const busy = { status: 503, substatus: 2, workUs: life.lognormal(6 * MS_US, 0.7), bytes: ERROR_BYTES }
  const failed = attempt(world, order, first, order.sendUs, busy)
  const others = hosts.filter(host => host !== first)
  const second = others.length === 0 ? first : life.pick(others)
  const final = attempt(world, order, second, failed.doneUs + life.lognormal(MS_US, 0.5), answer)
  return { ...final, handlings: [...failed.handlings, ...final.handlings] }
}

function chooseAnswer(world: World, order: TargetOrder): Answer {
  const { life } = world.random
  const { settings } = world
  const { route } = order.asked
  const drawn = life.unit()
  const workUs = life.lognormal(route.workMs * MS_US, WORK_SIGMA)
  const bytes = route.responseBytes === 0 ? 0 : Math.round(life.lognormal(route.responseBytes, SIZE_SIGMA))
  const error = (status: number, us: number): Answer => ({
    status,
    substatus: 0,
    workUs: us,
    bytes: ERROR_BYTES,
  })
  let left = drawn - settings.timeoutShare
  if (left < 0) {
    const longUs = GATEWAY_TIMEOUT_US * (1 + 2 * life.unit())
    return { status: route.status, substatus: 0, workUs: longUs, bytes }
  }
  left -= settings.appErrorShare
  if (left < 0) return error(500, workUs)
  left -= settings.tokenRejectedShare
  if (left < 0) return error(life.chance(0.7) ? 401 : 403, life.lognormal(4 * MS_US, 0.5))
  left -= NOT_FOUND_SHARE
  if (left < 0) return error(404, workUs * 0.4)
  return { status: route.status, substatus: 0, workUs, bytes }
}

function attempt(world: World, order: TargetOrder, host: Host, sendUs: number, answer: Answer): TargetResult {
  const { life } = world.random
  const sentEndUs = sendUs + 30 + order.requestBytes / BYTES_PER_US
  const startUs = sendUs + life.lognormal(ONE_WAY_US, ONE_WAY_SIGMA)
  const firstByteUs = startUs + order.requestBytes / BYTES_PER_US + answer.workUs
  const lastByteUs = firstByteUs + 20 + answer.bytes / BYTES_PER_US
  const backUs = life.lognormal(ONE_WAY_US, ONE_WAY_SIGMA)
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
  const handling = toHandling(world, order, host, { startUs, endUs, win32 }, answer)
  const isError = answer.status >= 400
  return {
    handlings: [handling],
    status: isTimeout ? undefined : answer.status,
    fault: isTimeout ? TIMEOUT_FAULT : isError ? TARGET_STATUS_FAULT : undefined,
    responseBytes: isTimeout ? ERROR_BYTES : answer.bytes,
    sentStartUs: sendUs,
    sentEndUs,
    receivedStartUs: firstByteUs + backUs,
    doneUs: isTimeout ? giveUpUs : lastByteUs + backUs + life.lognormal(120, 0.5),
  }
}

function toHandling(
  world: World,
  order: TargetOrder,
  host: Host,
  seen: { readonly startUs: number; readonly endUs: number; readonly win32: number },
  answer: Answer,
): AppHandling {
  const { application, caller } = order.visit
  const path = application.targetBasepath + order.asked.suffix
  const id = appId(world, order.ids, application, host)
  const isKnown = application.identity === 'windows' && answer.status !== 401
  return {
    host,
    startUs: seen.startUs,
    endUs: seen.endUs,
    win32: seen.win32,
    correlationId: id.correlationId,
    idForm: id.idForm,
    method: order.asked.route.method,
    path,
    query: order.asked.query,
    username: isKnown ? caller.windowsName : '-',
    peerIp: world.random.life.pick(world.company.egressIps),
    userAgent: caller.device.userAgent,
    cookie: '-',
    referer: '-',
    hostHeader: application.targetHost,
    status: answer.status,
    substatus: answer.substatus,
    sentBytes: answer.bytes + RESPONSE_HEADER_BYTES,
    receivedBytes: order.requestBytes + REQUEST_HEADER_BYTES + path.length + order.asked.query.length,
    forwardedUser: application.identity === 'header' ? caller.subject : '-',
    forwardedFor: `${caller.device.forwardedFor}, ${caller.device.frontIp}`,
    truth: order.truth,
  }
}
