import { gapInVisitUs, nextVisitUs, startVisit, visitRate } from './arrivals.ts'
import { liveCall } from './call.ts'
import { gatewayClock, wholePeriod } from './clock.ts'
import { buildCompany, type Host } from './company.ts'
import { liveDirect, liveProbe, nextProbeUs } from './direct.ts'
import { EventQueue } from './event-queue.ts'
import { openExports, openKernelLogs, openLogs } from './files.ts'
import { drawGaps, hasGaps } from './gaps.ts'
import type { GatewayExport } from './gateway-export.ts'
import { HourCounts } from './hour-counts.ts'
import type { HttperrLog } from './httperr-log.ts'
import type { IisLog } from './iis-log.ts'
import { drawIncidents, isDuring } from './incidents.ts'
import { kernelNoise, nextNoiseUs } from './kernel.ts'
import { SIMULATION_OPTIONS, type SimulationOptions, type SimulationSettings } from './options.ts'
import { type Block, Output, type OutputFile } from './output.ts'
import { loggedSecond } from './render-iis.ts'
import { Shipper } from './shipper.ts'
import { MS_US, SECOND_US } from './times.ts'
import {
  type AppHandling,
  type GatewayCall,
  type KernelHandling,
  randomStreams,
  type TruthRequest,
  type Visit,
  type World,
} from './traffic.ts'
import { writeTruth } from './truth.ts'

/** Totals of what was made and written. */
export interface SimulationSummary {
  gatewayCalls: number
  gatewayRows: number
  directRequests: number
  healthProbes: number
  appLines: number
  appLinesLost: number
  kernelLines: number
  truthLines: number
}

type Event =
  | { readonly kind: 'visit' }
  | { readonly kind: 'request'; readonly visit: Visit }
  | { readonly kind: 'probe'; readonly host: Host }
  | { readonly kind: 'app-line'; readonly handling: AppHandling }
  | { readonly kind: 'noise'; readonly host: Host }
  | { readonly kind: 'kernel-line'; readonly handling: KernelHandling }
  | { readonly kind: 'gateway-row'; readonly call: GatewayCall; readonly awaiting: TruthRequest | undefined }

/** Rows reach the analytics in batches: an export is only roughly ordered by time (spread is an assumption). */
const EXPORT_DISORDER_US = 4 * SECOND_US

/**
 * Makes the traffic and yields it as blocks of text by file; memory does not grow with the time simulated.
 * Same options, same blocks.
 *
 * @throws ZodError when an option is out of its range
 */
export function* simulate(options: SimulationOptions = {}): Generator<Block, SimulationSummary> {
  const simulation = new Simulation(SIMULATION_OPTIONS.parse(options))
  while (simulation.step()) {
    if (simulation.output.hasBlocks) yield* simulation.output.takeBlocks()
  }
  simulation.close()
  yield* simulation.output.takeBlocks()
  return simulation.summary
}

class Simulation {
  readonly output = new Output()
  readonly summary: SimulationSummary = {
    gatewayCalls: 0,
    gatewayRows: 0,
    directRequests: 0,
    healthProbes: 0,
    appLines: 0,
    appLinesLost: 0,
    kernelLines: 0,
    truthLines: 0,
  }
  private readonly world: World
  private readonly endUs: number
  private readonly rate: (us: number) => number
  private readonly queue = new EventQueue<Event>()
  /** Wraps the lines of all logs, where that is asked for. */
  private readonly shipper: Shipper | undefined
  private readonly logs: ReadonlyMap<Host, IisLog>
  private readonly kernelLogs: ReadonlyMap<Host, HttperrLog>
  private readonly exports: ReadonlyMap<string, GatewayExport>
  private readonly truth: OutputFile
  /** Only where there are gaps to know about. */
  private readonly hours: HourCounts | undefined

  constructor(settings: SimulationSettings) {
    const whole = wholePeriod(settings)
    const { startUs, endUs } = whole
    const random = randomStreams(settings.seed)
    const company = buildCompany(settings, random.arrivals)
    this.world = {
      settings,
      company,
      random,
      incidents: drawIncidents(settings, whole, company.hosts, random.incidents),
      gaps: drawGaps(settings, whole, company, random.gaps),
      gatewayClock: gatewayClock(settings),
      flowCounters: [],
      recentIds: [],
    }
    this.endUs = endUs
    this.rate = visitRate(this.world, whole)
    const { iisEnvelope } = settings
    this.shipper = iisEnvelope === 'none' ? undefined : new Shipper(this.output, iisEnvelope)
    const logs = this.shipper ?? this.output
    this.logs = openLogs(this.world, logs, (startUs + endUs) / 2)
    this.kernelLogs = openKernelLogs(this.world, logs)
    this.exports = openExports(this.world, this.output)
    this.truth = this.output.open('truth.ndjson')
    this.hours = hasGaps(settings) ? new HourCounts() : undefined
    this.queue.push(nextVisitUs(this.world, startUs, this.rate), { kind: 'visit' })
    if (settings.healthProbeSeconds > 0) {
      for (const host of company.hosts) {
        const firstUs = startUs + random.logs.unit() * settings.healthProbeSeconds * SECOND_US
        this.queue.push(firstUs, { kind: 'probe', host })
      }
    }
    if (settings.kernelNoisePerHour > 0) {
      for (const host of company.hosts)
        this.queue.push(nextNoiseUs(this.world, startUs), { kind: 'noise', host })
    }
  }

  /** Handles the next event. @returns false when there is none */
  step(): boolean {
    const next = this.queue.pop()
    if (next === undefined) return false
    const { atUs, event } = next
    switch (event.kind) {
      case 'app-line':
        this.endApp(event.handling)
        break
      case 'kernel-line':
        this.endKernel(event.handling)
        break
      case 'noise':
        if (atUs < this.endUs) this.noise(event.host, atUs)
        break
      case 'gateway-row':
        this.writeRow(event.call, event.awaiting)
        break
      case 'request':
        if (atUs < this.endUs) this.request(event.visit, atUs)
        break
      case 'visit':
        if (atUs < this.endUs) this.visit(atUs)
        break
      case 'probe':
        if (atUs < this.endUs) this.probe(event.host, atUs)
        break
    }
    return true
  }

  close(): void {
    for (const log of this.logs.values()) log.close()
    for (const log of this.kernelLogs.values()) log.close()
    this.shipper?.close()
    for (const one of this.exports.values()) one.close()
    this.truth.close()
    if (!this.hours) return
    const hours = this.output.open('hours.ndjson')
    this.hours.write(hours)
    hours.close()
  }

  private visit(nowUs: number): void {
    this.request(startVisit(this.world), nowUs)
    this.queue.push(nextVisitUs(this.world, nowUs, this.rate), { kind: 'visit' })
  }

  private request(visit: Visit, nowUs: number): void {
    if (visit.kind === 'gateway') this.callGateway(visit, nowUs)
    else {
      this.summary.directRequests++
      this.handle(liveDirect(this.world, visit, nowUs))
    }
    visit.isFirst = false
    visit.callsLeft--
    if (visit.callsLeft === 0) return
    this.queue.push(nowUs + gapInVisitUs(this.world.random.arrivals), { kind: 'request', visit })
  }

  private callGateway(visit: Visit, nowUs: number): void {
    const { call, truth, target } = liveCall(this.world, visit, nowUs)
    const { settings, random } = this.world
    this.summary.gatewayCalls++
    truth.gatewayClockOffsetUs = this.world.gatewayClock(nowUs)
    truth.isGatewayRecorded = !random.losses.chance(settings.lostGatewayShare)
    truth.pendingRecords = (target?.handlings.length ?? 0) + (target?.kernel.length ?? 0)
    const rowUs = nowUs + random.losses.unit() * EXPORT_DISORDER_US
    if (truth.isGatewayRecorded) {
      // Only where files are missing or cut does the fate of a row depend on where it comes to stand.
      const awaiting = settings.missingShards.length + settings.cutExports > 0 ? truth : undefined
      if (awaiting !== undefined) awaiting.pendingRecords++
      else this.summary.gatewayRows++
      this.queue.push(rowUs, { kind: 'gateway-row', call, awaiting })
    }
    if (truth.pendingRecords === 0) this.writeTruth(truth)
    this.handle(target?.handlings ?? [])
    for (const handling of target?.kernel ?? [])
      this.queue.push(handling.endUs, { kind: 'kernel-line', handling })
  }

  private writeRow(call: GatewayCall, awaiting: TruthRequest | undefined): void {
    const { environment } = call.received
    const { organization } = this.world.company
    const isWritten = this.exports.get(environment)?.write(call) ?? false
    this.hours?.count(
      { side: 'gateway', organization, environment },
      call.stamps.clientReceivedStart,
      !isWritten,
    )
    if (awaiting === undefined) return
    awaiting.isGatewayRecorded = isWritten
    if (isWritten) this.summary.gatewayRows++
    this.recordDone(awaiting)
  }

  private probe(host: Host, nowUs: number): void {
    this.summary.healthProbes++
    this.handle([liveProbe(this.world, host, nowUs)])
    this.queue.push(nextProbeUs(this.world, nowUs), { kind: 'probe', host })
  }

  private handle(handlings: readonly AppHandling[]): void {
    const lateUs = this.world.settings.disorderMs * MS_US
    for (const handling of handlings) {
      const writtenUs = handling.endUs + (lateUs === 0 ? 0 : this.world.random.disorder.unit() * lateUs)
      this.queue.push(writtenUs, { kind: 'app-line', handling })
    }
  }

  private endApp(handling: AppHandling): void {
    const { truth, host, startUs, endUs, idForm: id, userForm: user, attempt } = handling
    const { random, settings, incidents } = this.world
    const isLostAlone = random.losses.chance(settings.lostAppShare)
    const isLost = isLostAlone || isDuring(incidents.outages.get(host), endUs)
    const place = isLost ? undefined : this.logs.get(host)?.write(handling)
    if (!isLostAlone) this.countLine(handling, place === undefined)
    if (place === undefined) this.summary.appLinesLost++
    else this.summary.appLines++
    truth.app.push({ host, startUs, endUs, id, user, attempt, file: place?.file, lineNo: place?.lineNo })
    this.recordDone(truth)
  }

  private countLine(handling: AppHandling, isLost: boolean): void {
    const { name, siteId } = handling.host
    const us = loggedSecond(handling) * SECOND_US
    this.hours?.count({ side: 'app', host: name, site: `W3SVC${siteId}` }, us, isLost)
  }

  private noise(host: Host, nowUs: number): void {
    const handling = kernelNoise(this.world, host, nowUs)
    if (handling.truth) handling.truth.pendingRecords = 1
    this.endKernel(handling)
    this.queue.push(nextNoiseUs(this.world, nowUs), { kind: 'noise', host })
  }

  private endKernel(handling: KernelHandling): void {
    const { truth, host, endUs, attempt, reason } = handling
    const isLost = this.world.random.kernel.chance(this.world.settings.lostAppShare)
    const place = isLost ? undefined : this.kernelLogs.get(host)?.write(handling)
    if (place === undefined) this.summary.appLinesLost++
    else this.summary.kernelLines++
    if (truth === undefined) return
    truth.kernel.push({ host, endUs, attempt, reason, file: place?.file, lineNo: place?.lineNo })
    this.recordDone(truth)
  }

  private recordDone(truth: TruthRequest): void {
    truth.pendingRecords--
    if (truth.pendingRecords === 0) this.writeTruth(truth)
  }

  private writeTruth(truth: TruthRequest): void {
    this.summary.truthLines++
    writeTruth(this.truth, truth)
  }
}
