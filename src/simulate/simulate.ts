import { gapInVisitUs, nextVisitUs, startVisit, visitRate } from './arrivals.ts'
import { liveCall } from './call.ts'
import { buildCompany, type Host } from './company.ts'
import { liveDirect, liveProbe, nextProbeUs } from './direct.ts'
import { EventQueue } from './event-queue.ts'
import { GatewayExport } from './gateway-export.ts'
import { IisLog } from './iis-log.ts'
import { SIMULATION_OPTIONS, type SimulationOptions, type SimulationSettings } from './options.ts'
import { type Block, Output, type OutputFile } from './output.ts'
import { rowFormat } from './render-apigee.ts'
import { HOUR_US, MS_US, SECOND_US } from './times.ts'
import {
  type AppHandling,
  type GatewayCall,
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
  truthLines: number
}

type Event =
  | { readonly kind: 'visit' }
  | { readonly kind: 'request'; readonly visit: Visit }
  | { readonly kind: 'probe'; readonly host: Host }
  | { readonly kind: 'app-end'; readonly handling: AppHandling }
  | { readonly kind: 'gateway-row'; readonly call: GatewayCall }

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
    truthLines: 0,
  }
  private readonly world: World
  private readonly endUs: number
  private readonly rate: (us: number) => number
  private readonly queue = new EventQueue<Event>()
  private readonly logs: ReadonlyMap<Host, IisLog>
  private readonly exports: ReadonlyMap<string, GatewayExport>
  private readonly truth: OutputFile

  constructor(settings: SimulationSettings) {
    const random = randomStreams(settings.seed)
    const company = buildCompany(settings, random.arrivals)
    this.world = { settings, company, random, flowCounters: [], recentIds: [] }
    const startUs = Date.parse(settings.start) * MS_US
    this.endUs = startUs + settings.hours * HOUR_US
    this.rate = visitRate(this.world, startUs, this.endUs)
    const changeAtUs = (startUs + this.endUs) / 2
    this.logs = new Map(
      company.hosts.map(host => [host, new IisLog(host, this.output, random.logs, changeAtUs)]),
    )
    this.exports = this.openExports()
    this.truth = this.output.open('truth.ndjson')
    this.queue.push(nextVisitUs(this.world, startUs, this.rate), { kind: 'visit' })
    if (settings.healthProbeSeconds > 0) {
      for (const host of company.hosts) {
        const firstUs = startUs + random.logs.unit() * settings.healthProbeSeconds * SECOND_US
        this.queue.push(firstUs, { kind: 'probe', host })
      }
    }
  }

  /** Handles the next event. @returns false when there is none */
  step(): boolean {
    const next = this.queue.pop()
    if (next === undefined) return false
    const { atUs, event } = next
    switch (event.kind) {
      case 'app-end':
        this.endApp(event.handling)
        break
      case 'gateway-row':
        this.exports.get(event.call.received.environment)?.write(event.call)
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
    for (const one of this.exports.values()) one.close()
    this.truth.close()
  }

  private openExports(): Map<string, GatewayExport> {
    const { settings, company } = this.world
    const format = rowFormat(settings.gatewayFormat, company.organization)
    const environments = new Set(company.applications.map(application => application.environment))
    const open = (environment: string) =>
      new GatewayExport({
        output: this.output,
        format,
        folder: `apigee/${company.organization}/${environment}`,
        shardRows: settings.shardRows,
        isCompressed: settings.gzip,
      })
    return new Map([...environments].map(environment => [environment, open(environment)]))
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
    const { losses } = this.world.random
    this.summary.gatewayCalls++
    truth.isGatewayRecorded = !losses.chance(this.world.settings.lostGatewayShare)
    const rowUs = nowUs + losses.unit() * EXPORT_DISORDER_US
    if (truth.isGatewayRecorded) {
      this.summary.gatewayRows++
      this.queue.push(rowUs, { kind: 'gateway-row', call })
    }
    truth.pendingLines = target?.handlings.length ?? 0
    if (truth.pendingLines === 0) this.writeTruth(truth)
    this.handle(target?.handlings ?? [])
  }

  private probe(host: Host, nowUs: number): void {
    this.summary.healthProbes++
    this.handle([liveProbe(this.world, host, nowUs)])
    this.queue.push(nextProbeUs(this.world, nowUs), { kind: 'probe', host })
  }

  private handle(handlings: readonly AppHandling[]): void {
    for (const handling of handlings) this.queue.push(handling.endUs, { kind: 'app-end', handling })
  }

  private endApp(handling: AppHandling): void {
    const { truth, host, startUs, endUs, idForm: id } = handling
    const isLost = this.world.random.losses.chance(this.world.settings.lostAppShare)
    const place = isLost ? undefined : this.logs.get(host)?.write(handling)
    if (isLost) this.summary.appLinesLost++
    else this.summary.appLines++
    truth.app.push({ host, startUs, endUs, id, file: place?.file, lineNo: place?.lineNo })
    truth.pendingLines--
    if (truth.pendingLines === 0) this.writeTruth(truth)
  }

  private writeTruth(truth: TruthRequest): void {
    this.summary.truthLines++
    writeTruth(this.truth, truth)
  }
}
