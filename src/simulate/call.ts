import { chooseRequest } from './arrivals.ts'
import {
  DROPPED_FAULT,
  QUOTA_FAULT,
  SPIKE_FAULT,
  TOKEN_FAULT,
  UNMATCHED_FAULT,
  UNREACHABLE_FAULT,
} from './faults.ts'
import { type CallIds, chooseCallIds, nextFlowId } from './ids.ts'
import type { SimulationSettings } from './options.ts'
import { currentToken } from './principals.ts'
import { type Route, SCANNED_PATHS } from './routes.ts'
import { SCANNERS } from './scanners.ts'
import { callTarget, type TargetResult } from './target.ts'
import { MS_US, SECOND_US } from './times.ts'
import type {
  Asked,
  Fault,
  GatewayCall,
  ReceivedCall,
  Stamps,
  TruthRequest,
  Visit,
  World,
} from './traffic.ts'
import { newTruth } from './truth.ts'

/**
 * The life of one call through the gateway. The spread of all durations is lognormal, as the bodies of web
 * response sizes are (Barford and Crovella, "Generating Representative Web Workloads", 1998). The medians are
 * assumptions: 2.5 ms of request policies, 0.8 ms of response policies, clients at 4 MB/s.
 */
const REQUEST_POLICIES_US = 2.5 * MS_US
const RESPONSE_POLICIES_US = 0.8 * MS_US
const POLICIES_SIGMA = 0.6
const CLIENT_BYTES_PER_US = 4
const SIZE_SIGMA = 0.4
const RECEIVE_US = 40
const CONNECT_FAILURE_US = 3 * SECOND_US
const UNMATCHED_US = 900
const FAULT_BYTES = 212

export interface LivedCall {
  readonly call: GatewayCall
  readonly truth: TruthRequest
  readonly target: TargetResult | undefined
}

type Outcome = 'unmatched' | 'token' | 'quota' | 'spike' | 'cache' | 'unreachable' | 'target'

export function liveCall(world: World, visit: Visit, nowUs: number): LivedCall {
  const outcome = chooseOutcome(world.settings, world.random.life.unit())
  if (outcome === 'unmatched') return liveUnmatched(world, nowUs)
  const asked = chooseRequest(world, visit.application, visit.caller, outcome === 'cache', nowUs)
  const ids = chooseCallIds(world, visit)
  const received = receive(world, visit, asked, ids, nowUs)
  const subject = outcome === 'token' ? undefined : visit.caller.subject
  const truth = newTruth('gateway', outcome, nowUs, {
    flowId: ids.flowId,
    application: visit.application,
    subject,
  })
  const sendUs = received.endUs + world.random.life.lognormal(REQUEST_POLICIES_US, POLICIES_SIGMA)
  const token = currentToken(visit.caller, nowUs, world.random.ids)
  if (outcome !== 'target') {
    return {
      call: answerAlone(world, received, asked.route, outcome, token, sendUs),
      truth,
      target: undefined,
    }
  }
  const target = callTarget(world, { visit, asked, ids, truth, sendUs, requestBytes: received.requestBytes })
  return { call: answerFromTarget(world, received, asked.route, token, target), truth, target }
}

function chooseOutcome(settings: SimulationSettings, drawn: number): Outcome {
  const refused = settings.policyErrorShare
  let left = drawn - settings.cacheHitShare
  if (left < 0) return 'cache'
  left -= refused
  if (left < 0) return left < refused * -0.4 ? 'token' : left < refused * -0.15 ? 'quota' : 'spike'
  left -= settings.unmatchedShare
  if (left < 0) return 'unmatched'
  return left < settings.unreachableShare ? 'unreachable' : 'target'
}

function receive(world: World, visit: Visit, asked: Asked, ids: CallIds, startUs: number): ReceivedCall {
  const { application, caller } = visit
  const { route } = asked
  const drawn = world.random.life.lognormal(route.requestBytes, SIZE_SIGMA)
  const requestBytes = Math.round(drawn)
  return {
    flowId: ids.flowId,
    application,
    environment: application.environment,
    caller,
    correlationId: world.settings.gatewayIds ? ids.correlationId : undefined,
    method: route.method,
    suffix: asked.suffix,
    path: application.basepath + asked.suffix,
    query: asked.query,
    requestBytes,
    startUs,
    endUs: startUs + RECEIVE_US + requestBytes / CLIENT_BYTES_PER_US,
  }
}

function answerFromTarget(
  world: World,
  received: ReceivedCall,
  route: Route,
  token: string,
  target: TargetResult,
): GatewayCall {
  return {
    received,
    isVerified: true,
    subject: gatewaySubject(world, received),
    token,
    status: target.status ?? (target.fault === DROPPED_FAULT ? 502 : 504),
    targetStatus: target.status,
    hasTarget: true,
    cache: route.isCacheable ? 'miss' : 'none',
    fault: target.fault,
    responseBytes: target.responseBytes,
    stamps: toStamps(world, received, target.doneUs, target.responseBytes, target),
  }
}

const REFUSALS: Partial<Record<Outcome, { readonly fault: Fault; readonly status: number }>> = {
  token: { fault: TOKEN_FAULT, status: 401 },
  quota: { fault: QUOTA_FAULT, status: 429 },
  spike: { fault: SPIKE_FAULT, status: 429 },
  unreachable: { fault: UNREACHABLE_FAULT, status: 503 },
}

/** The gateway answers without a target: from its cache, by a policy, or since no target took the connection. */
function answerAlone(
  world: World,
  received: ReceivedCall,
  route: Route,
  outcome: Outcome,
  token: string,
  sendUs: number,
): GatewayCall {
  const refusal = REFUSALS[outcome]
  const cachedBytes = Math.round(world.random.life.lognormal(route.responseBytes, SIZE_SIGMA))
  const responseBytes = refusal === undefined ? cachedBytes : FAULT_BYTES
  const isUnreachable = outcome === 'unreachable'
  return {
    received,
    isVerified: outcome !== 'token',
    subject: outcome === 'token' ? undefined : gatewaySubject(world, received),
    token: outcome === 'token' ? undefined : token,
    status: refusal?.status ?? route.status,
    targetStatus: undefined,
    hasTarget: isUnreachable,
    cache: outcome === 'cache' ? 'hit' : 'none',
    fault: refusal?.fault,
    responseBytes,
    stamps: toStamps(world, received, sendUs + (isUnreachable ? CONNECT_FAILURE_US : 0), responseBytes),
  }
}

function gatewaySubject(world: World, { caller }: ReceivedCall): string | undefined {
  return world.settings.gatewaySubjects ? caller.subject : undefined
}

/** @param target undefined when no target took the call */
function toStamps(
  world: World,
  received: ReceivedCall,
  doneUs: number,
  responseBytes: number,
  target?: TargetResult,
): Stamps {
  const sendUs = doneUs + world.random.life.lognormal(RESPONSE_POLICIES_US, POLICIES_SIGMA)
  const hasAnswer = target?.status !== undefined
  const aheadUs = world.gatewayClock(received.startUs)
  const onClock = (us: number | undefined) => (us === undefined ? undefined : us + aheadUs)
  return {
    clientReceivedStart: received.startUs + aheadUs,
    clientReceivedEnd: received.endUs + aheadUs,
    targetSentStart: onClock(target?.sentStartUs),
    targetSentEnd: onClock(target?.sentEndUs),
    targetReceivedStart: onClock(hasAnswer ? target.receivedStartUs : undefined),
    targetReceivedEnd: onClock(hasAnswer ? target.doneUs : undefined),
    clientSentStart: sendUs + aheadUs,
    clientSentEnd: sendUs + 60 + responseBytes / CLIENT_BYTES_PER_US + aheadUs,
  }
}

/** Scanners and typing mistakes: no proxy has the path, so nobody is verified and nothing is captured. */
function liveUnmatched(world: World, nowUs: number): LivedCall {
  const { life } = world.random
  const [path = '/', query = ''] = life.pick<string>(SCANNED_PATHS).split('?')
  const flowId = nextFlowId(world)
  const received: ReceivedCall = {
    flowId,
    application: undefined,
    environment: 'prod',
    caller: life.pick(SCANNERS),
    correlationId: undefined,
    method: 'GET',
    suffix: '',
    path,
    query,
    requestBytes: 0,
    startUs: nowUs,
    endUs: nowUs + RECEIVE_US,
  }
  const call: GatewayCall = {
    received,
    isVerified: false,
    subject: undefined,
    token: undefined,
    status: 404,
    targetStatus: undefined,
    hasTarget: false,
    cache: 'none',
    fault: UNMATCHED_FAULT,
    responseBytes: FAULT_BYTES,
    stamps: toStamps(world, received, nowUs + UNMATCHED_US, FAULT_BYTES),
  }
  const truth = newTruth('gateway', 'unmatched', nowUs, {
    flowId,
    application: undefined,
    subject: undefined,
  })
  return { call, truth, target: undefined }
}
