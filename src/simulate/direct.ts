import { chooseRequest } from './arrivals.ts'
import type { Host } from './company.ts'
import { drawHeaderBytes, drawWorkUs } from './durations.ts'
import { challengeKinds } from './handshake.ts'
import { SCRIPT_AGENTS } from './people.ts'
import { MS_US, SECOND_US } from './times.ts'
import type { AppHandling, Asked, IdForm, TruthRequest, Visit, World } from './traffic.ts'
import { newTruth } from './truth.ts'

/**
 * Requests that reach IIS without the gateway: people in the company's network on the intranet site, scripts on
 * other servers, the load balancer's health probes. All shares and times are assumptions, but for the shape of
 * the authentication rows, which is the protocol's (reference: IIS 6.2).
 */
const SIZE_SIGMA = 0.35
const KERBEROS_SHARE = 0.7
const PROBE_AGENT = 'LB-HealthCheck/1.0'
const PROBE_IPS = ['10.20.0.2', '10.20.0.3'] as const

/** The handlings of one direct request, in order: challenges of Windows authentication, then the real one. */
export function liveDirect(world: World, visit: Visit, nowUs: number): AppHandling[] {
  const { life } = world.random
  const asked = chooseRequest(world, visit.application, visit.caller, false, nowUs)
  const host = life.pick(visit.application.hosts)
  const truth = directTruth(visit, nowUs)
  const handlings: AppHandling[] = []
  const base = baseHandling(world, visit, host, asked, truth)
  let startUs = nowUs
  if (isByWindows(visit) && visit.isFirst) {
    for (const kind of challengeKinds(!life.chance(KERBEROS_SHARE))) {
      const endUs = startUs + life.lognormal(1.5 * MS_US, 0.5)
      handlings.push({
        ...base,
        ...kind,
        username: '-',
        userForm: 'none',
        startUs,
        endUs,
        attempt: 'handshake',
      })
      startUs = endUs + life.lognormal(2 * MS_US, 0.5)
    }
  }
  const endUs = startUs + drawWorkUs(world, asked.route) + base.sentBytes / 10
  handlings.push({ ...base, startUs, endUs })
  truth.pendingRecords = handlings.length
  return handlings
}

/** The gateway signs callers in at other sites; who comes to those directly is nobody. */
function isByWindows({ kind, application }: Visit): boolean {
  return kind === 'intranet' && application.identity === 'windows'
}

function directTruth(visit: Visit, nowUs: number): TruthRequest {
  return newTruth('bypass', visit.kind, nowUs, {
    flowId: undefined,
    application: visit.application,
    subject: visit.kind === 'intranet' ? visit.caller.subject : undefined,
  })
}

type BaseHandling = Omit<AppHandling, 'startUs' | 'endUs'>

function baseHandling(
  world: World,
  visit: Visit,
  host: Host,
  asked: Asked,
  truth: TruthRequest,
): BaseHandling {
  const { life } = world.random
  const { application, caller } = visit
  const isIntranet = visit.kind === 'intranet'
  const isForged = life.chance(world.settings.spoofedUserShare) && application.identity === 'header'
  const session = `ASP.NET_SessionId=${life.token(24)}; corpauth=${life.token(40)}`
  return {
    host,
    method: asked.route.method,
    path: application.targetBasepath + asked.suffix,
    query: asked.query,
    username: isByWindows(visit) ? caller.windowsName : '-',
    peerIp: isIntranet ? caller.workstationIp : `10.40.7.${10 + life.below(6)}`,
    userAgent: isIntranet ? caller.device.userAgent : life.pick<string>(SCRIPT_AGENTS),
    cookie: isIntranet ? session : '-',
    referer: isIntranet ? 'https://intranet.corp.example/start?from=home%20page' : '-',
    hostHeader: application.targetHost,
    status: asked.route.status,
    substatus: 0,
    win32: life.chance(world.settings.abortShare) ? 64 : 0,
    sentBytes:
      Math.round(life.lognormal(asked.route.responseBytes, SIZE_SIGMA)) + 290 + drawHeaderBytes(world),
    receivedBytes: asked.route.requestBytes + 610 + drawHeaderBytes(world),
    forwardedUser: isForged ? caller.subject : '-',
    forwardedFor: '-',
    userForm: isForged ? 'forged' : isByWindows(visit) ? 'caller' : 'none',
    hasCertificate: false,
    ...directId(world, isIntranet, host),
    attempt: 'final',
    truth,
  }
}

function directId(world: World, isIntranet: boolean, host: Host): { correlationId: string; idForm: IdForm } {
  const { ids } = world.random
  const own = ids.uuid()
  const isOwn = ids.chance(world.settings.forgedIdShare)
  const isReplayed = ids.chance(world.settings.replayedIdShare)
  const old = world.recentIds[ids.below(Math.max(1, world.recentIds.length))]
  if (isIntranet || !host.layout.logsId) return { correlationId: '-', idForm: 'none' }
  if (isReplayed && old !== undefined) return { correlationId: old, idForm: 'replayed' }
  return isOwn ? { correlationId: own, idForm: 'own' } : { correlationId: '-', idForm: 'none' }
}

export function nextProbeUs(world: World, atUs: number): number {
  return atUs + world.settings.healthProbeSeconds * SECOND_US + world.random.logs.unit() * 20 * MS_US
}

export function liveProbe(world: World, host: Host, nowUs: number): AppHandling {
  const { logs } = world.random
  const nobody = { flowId: undefined, application: undefined, subject: undefined }
  const truth = newTruth('probe', 'probe', nowUs, nobody)
  truth.pendingRecords = 1
  return {
    host,
    startUs: nowUs,
    endUs: nowUs + logs.lognormal(0.6 * MS_US, 0.8),
    method: 'GET',
    path: '/healthz',
    query: '',
    username: '-',
    peerIp: logs.pick<string>(PROBE_IPS),
    userAgent: PROBE_AGENT,
    cookie: '-',
    referer: '-',
    hostHeader: host.ip,
    status: 200,
    substatus: 0,
    win32: 0,
    sentBytes: 233,
    receivedBytes: 96,
    correlationId: '-',
    forwardedUser: '-',
    forwardedFor: '-',
    userForm: 'none',
    hasCertificate: false,
    idForm: 'none',
    attempt: 'final',
    truth,
  }
}
