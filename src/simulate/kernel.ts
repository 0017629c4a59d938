import type { Host } from './company.ts'
import { DROPPED_FAULT, TARGET_STATUS_FAULT } from './faults.ts'
import { isDuring } from './incidents.ts'
import { HOUR_US, MS_US } from './times.ts'
import type { AttemptKind, Fault, KernelHandling, KernelReason, World } from './traffic.ts'
import { newTruth } from './truth.ts'

/**
 * What HTTP.sys does by itself. Reasons, and which of them come with a status, a site and a queue, are those of public
 * HTTPERR logs (reference: IIS 9.1); shares and times are assumptions.
 */
export interface Refusal {
  readonly reason: KernelReason
  /** Undefined: the connection is closed without an answer. */
  readonly status: number | undefined
  readonly fault: Fault
  /** From the first byte of the call to the end. */
  readonly afterUs: number
}

const ANSWERED: Partial<Record<KernelReason, number>> = { AppOffline: 503, QueueFull: 503, BadRequest: 400 }
const REFUSE_US = 0.2 * MS_US
/** How long a call is worked on before its worker dies or its connection breaks. */
const BREAK_US = 600 * MS_US
const FIRST_PORT = 49_152
const PORTS = 16_384

/** Whether HTTP.sys ends a call to a host, and how. Without the knobs nothing is drawn. */
export function chooseRefusal(world: World, host: Host, nowUs: number): Refusal | undefined {
  const { refusedShare } = world.settings
  const { kernel } = world.random
  if (isDuring(world.incidents.poolStops.get(host), nowUs)) return refusal(world, 'AppOffline')
  if (refusedShare === 0 || !kernel.chance(refusedShare)) return undefined
  const drawn = kernel.unit()
  if (drawn < 0.35) return refusal(world, 'QueueFull')
  if (drawn < 0.6) return refusal(world, 'BadRequest')
  return refusal(world, drawn < 0.85 ? 'Connection_Dropped' : 'Connection_Abandoned_By_ReqQueue')
}

function refusal(world: World, reason: KernelReason): Refusal {
  const { kernel } = world.random
  const status = ANSWERED[reason]
  return {
    reason,
    status,
    fault: status === undefined ? DROPPED_FAULT : TARGET_STATUS_FAULT,
    afterUs: status === undefined ? kernel.lognormal(BREAK_US, 1) : kernel.lognormal(REFUSE_US, 0.5),
  }
}

type Refused = Pick<KernelHandling, 'host' | 'endUs' | 'method' | 'path' | 'query' | 'peerIp' | 'truth'>

/** The row that a refusal leaves. A request that cannot be parsed has not found its site yet. */
export function kernelHandling(
  world: World,
  { reason, status }: Refusal,
  refused: Refused,
  attempt: AttemptKind,
): KernelHandling {
  const { host } = refused
  const isRouted = reason !== 'BadRequest'
  return {
    ...refused,
    peerPort: drawPort(world),
    status,
    reason,
    site: isRouted ? String(host.siteId) : '-',
    queue: isRouted ? `${host.siteName}-pool` : '-',
    attempt,
  }
}

function drawPort(world: World): number {
  return FIRST_PORT + world.random.kernel.below(PORTS)
}

const SCANS = [
  { method: 'GET', path: '/..%5c..%5cwinnt/win.ini', status: 400, reason: 'URL' },
  { method: 'OPTIONS', path: '*', status: 404, reason: 'NotFound' },
  { method: 'GET', path: '/', status: 400, reason: 'Hostname' },
  { method: '-', path: '-', status: undefined, reason: 'Timer_MinBytesPerSecond' },
] as const
const IDLE_SHARE = 2 / 3

export function nextNoiseUs(world: World, atUs: number): number {
  return atUs + world.random.kernel.exponential(HOUR_US / world.settings.kernelNoisePerHour)
}

/** A row that no call made: a connection that nothing came over, or a scanner that talks to the host by its address. */
export function kernelNoise(world: World, host: Host, nowUs: number): KernelHandling {
  const { kernel } = world.random
  const truth = newTruth('scan', 'scan', nowUs, {
    flowId: undefined,
    application: undefined,
    subject: undefined,
  })
  const isIdle = kernel.chance(IDLE_SHARE)
  const scan = kernel.pick<(typeof SCANS)[number]>(SCANS)
  const asked = isIdle
    ? { method: '-', path: '-', status: undefined, reason: 'Timer_ConnectionIdle' as const }
    : scan
  const peerIp = isIdle ? kernel.pick(world.company.egressIps) : `198.51.100.${1 + kernel.below(250)}`
  return {
    ...asked, host, endUs: nowUs, query: '', peerIp, peerPort: drawPort(world), site: '-', queue: '-',
    attempt: 'final', truth: isIdle ? undefined : truth,
  } // biome-ignore format: one row
}
