import type { Application, Host } from './company.ts'
import type { Route } from './routes.ts'
import type { IdForm, Visit, World } from './traffic.ts'

/** Ids of one call. */
export interface CallIds {
  /** The gateway's message id, also its `gateway_flow_id` (that the two agree is an assumption). */
  readonly flowId: string
  /** `X-Correlation-ID` as the client sent it. */
  readonly correlationId: string | undefined
  /** The header does not reach the app, though the gateway saw it. */
  readonly isLostOnTheWay: boolean
  /** It is the one that some clients send with every call. */
  readonly isConstant: boolean
}

/** The data collector keeps 400 bytes of a value and cuts the rest (reference: Apigee 2.4). */
export const COLLECTOR_BYTES = 400
/** As copied from a sample into a client (assumption). */
const CONSTANT_ID = '11111111-2222-4333-8444-555555555555'
const LONG_ID_PADDING = 420
const RECENT_IDS = 256
const MESSAGE_PROCESSORS = [
  { name: 'rrt-0a1b2c3d4e5f-c', pid: 1234 },
  { name: 'rrt-07f3b9c21d60-b', pid: 2201 },
  { name: 'rrt-0c55e1a90b7d-d', pid: 31907 },
] as const

/** Shape of the vendor's message ids: runtime host, process, running number, part (reference: Apigee 2.2). */
export function nextFlowId(world: World): string {
  const index = world.random.ids.below(MESSAGE_PROCESSORS.length)
  const processor = MESSAGE_PROCESSORS[index] ?? MESSAGE_PROCESSORS[0]
  const number = (world.flowCounters[index] ?? 5_678_900) + 1
  world.flowCounters[index] = number
  return `${processor.name}-${processor.pid}-${number}-1`
}

export function chooseCallIds(world: World, visit: Visit): CallIds {
  const { ids } = world.random
  const { missingIdShare, truncatedIdShare, constantIdShare } = world.settings
  const flowId = nextFlowId(world)
  const drawn = ids.unit()
  const isLong = ids.chance(truncatedIdShare)
  const fresh = ids.uuid()
  const isConstant = world.random.idFaults.chance(constantIdShare)
  if (drawn < missingIdShare / 2)
    return { flowId, correlationId: undefined, isLostOnTheWay: false, isConstant: false }
  const id = isConstant ? CONSTANT_ID : (visit.sharedId ?? fresh)
  const correlationId = isLong ? `${id};baggage=${ids.token(LONG_ID_PADDING)}` : id
  const slot = ids.below(RECENT_IDS)
  if (world.recentIds.length < RECENT_IDS) world.recentIds.push(correlationId)
  else world.recentIds[slot] = correlationId
  return { flowId, correlationId, isLostOnTheWay: drawn < missingIdShare, isConstant }
}

/** What the app's host logs as the id of a gateway call, and how that relates to the gateway's column. */
export function appId(
  world: World,
  ids: CallIds,
  application: Application,
  host: Host,
  route: Route,
): { correlationId: string; idForm: IdForm } {
  const { settings, random } = world
  const { hasCompositeId, compositeShare } = application
  const isComposite = (hasCompositeId ? random.ids : random.idFaults).chance(compositeShare)
  const isLogged = host.layout.logsId && random.ids.chance(host.idShare)
  const isLineLost = random.idFaults.chance(settings.lostIdLineShare)
  const isRecased = random.idFaults.chance(settings.otherCaseIdShare)
  const { correlationId, isLostOnTheWay, isConstant, flowId } = ids
  const isSent = correlationId !== undefined && !isLostOnTheWay && route.carriesId
  if (!isSent || !isLogged || isLineLost) return { correlationId: '-', idForm: 'none' }
  const isCut = correlationId.length > COLLECTOR_BYTES
  const logged = isRecased && !isCut ? correlationId.toUpperCase() : correlationId
  return {
    correlationId: isComposite ? `${logged}.${flowId}` : logged,
    idForm: idFormOf({ isCaptured: settings.gatewayIds, isCut, isComposite, isConstant, isRecased }),
  }
}

/** Several may hold: the one that decides how the two sides compare comes first. */
function idFormOf(id: Readonly<Record<IdTrait, boolean>>): IdForm {
  if (!id.isCaptured) return id.isComposite ? 'composite' : 'uncaptured'
  if (id.isCut) return 'truncated'
  if (id.isComposite) return 'composite'
  if (id.isConstant) return 'constant'
  return id.isRecased ? 'recased' : 'full'
}

type IdTrait = 'isCaptured' | 'isCut' | 'isComposite' | 'isConstant' | 'isRecased'
