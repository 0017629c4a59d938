import type { Host } from './company.ts'
import { drawWorkUs } from './durations.ts'
import { isDuring } from './incidents.ts'
import { CLIENT_APPS } from './people.ts'
import { currentTokenAgeUs } from './principals.ts'
import { MINUTE_US, MS_US, SECOND_US } from './times.ts'
import type { Asked, Visit, World } from './traffic.ts'

/** What a host answers and how long it works on it; the spread of sizes is an assumption. */
export interface Answer {
  readonly status: number
  readonly substatus: number
  readonly workUs: number
  readonly bytes: number
  /** The header that names the caller did not come through. */
  readonly isUserLost?: boolean
}

/** The gateway gives up while the host goes on, as in the vendor's example of a 502 beside a 200 (reference: IIS 6.3). */
export const GATEWAY_TIMEOUT_US = 30 * SECOND_US
export const ERROR_BYTES = 180
const SIZE_SIGMA = 0.35
const NOT_FOUND_SHARE = 0.006

/** A call as its target gets it. */
interface Sent {
  readonly visit: Visit
  readonly asked: Asked
  /** When the gateway sends it. */
  readonly sendUs: number
}

export function chooseAnswer(world: World, sent: Sent, host: Host): Answer {
  const { life } = world.random
  const { settings } = world
  const { route } = sent.asked
  const drawn = life.unit()
  const workUs = drawWorkUs(world, route)
  const bytes = route.responseBytes === 0 ? 0 : Math.round(life.lognormal(route.responseBytes, SIZE_SIGMA))
  if (isRejecting(world, sent, host)) {
    const refused = error(401, life.lognormal(REFUSAL_US, REFUSAL_SIGMA))
    return settings.rejectionCause === 'header' ? { ...refused, isUserLost: true } : refused
  }
  let left = drawn - settings.timeoutShare
  if (left < 0) {
    const longUs = GATEWAY_TIMEOUT_US * (1 + 2 * life.unit())
    return { status: route.status, substatus: 0, workUs: longUs, bytes }
  }
  left -= settings.appErrorShare
  if (left < 0) return error(500, workUs)
  left -= settings.tokenRejectedShare
  if (left < 0) return error(life.chance(0.7) ? 401 : 403, life.lognormal(REFUSAL_US, REFUSAL_SIGMA))
  left -= NOT_FOUND_SHARE
  if (left < 0) return error(404, workUs * 0.4)
  return { status: route.status, substatus: 0, workUs, bytes }
}

const REFUSAL_US = 4 * MS_US
const REFUSAL_SIGMA = 0.5

function error(status: number, workUs: number): Answer {
  return { status, substatus: 0, workUs, bytes: ERROR_BYTES }
}

/** A host with too much to do answers at once (assumption). */
export function busyAnswer(world: World): Answer {
  const workUs = world.random.life.lognormal(6 * MS_US, 0.7)
  return { status: 503, substatus: 2, workUs, bytes: ERROR_BYTES }
}

/** What the app takes for too old, where that is the cause of a burst; the gateway takes tokens for an hour. */
const OLD_TOKEN_US = 30 * MINUTE_US

function isRejecting(world: World, { visit, sendUs }: Sent, host: Host): boolean {
  const { rejections } = world.incidents
  const { rejectionCause, rejectionBurstShare } = world.settings
  if (rejections.length === 0 || !isDuring(rejections, sendUs)) return false
  const { caller, application } = visit
  switch (rejectionCause) {
    case 'lifetime':
      return currentTokenAgeUs(caller, sendUs) > OLD_TOKEN_US
    case 'audience':
      return caller.app.name === CLIENT_APPS[0]?.name
    case 'clock':
      return Math.abs(host.clock(sendUs)) >= SECOND_US
    case 'header':
      return application.identity === 'header' && world.random.incidents.chance(rejectionBurstShare)
    case 'any':
      return world.random.incidents.chance(rejectionBurstShare)
  }
}
