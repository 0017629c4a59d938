import { drawWorkUs } from './durations.ts'
import { isDuring } from './incidents.ts'
import { MS_US, SECOND_US } from './times.ts'
import type { Asked, World } from './traffic.ts'

/** What a host answers and how long it works on it; the spread of sizes is an assumption. */
export interface Answer {
  readonly status: number
  readonly substatus: number
  readonly workUs: number
  readonly bytes: number
}

/** The gateway gives up while the host goes on, as in the vendor's example of a 502 beside a 200 (reference: IIS 6.3). */
export const GATEWAY_TIMEOUT_US = 30 * SECOND_US
export const ERROR_BYTES = 180
const SIZE_SIGMA = 0.35
const NOT_FOUND_SHARE = 0.006

/** @param nowUs when the gateway sends the call */
export function chooseAnswer(world: World, asked: Asked, nowUs: number): Answer {
  const { life } = world.random
  const { settings } = world
  const { route } = asked
  const drawn = life.unit()
  const workUs = drawWorkUs(world, route)
  const bytes = route.responseBytes === 0 ? 0 : Math.round(life.lognormal(route.responseBytes, SIZE_SIGMA))
  if (isRejecting(world, nowUs)) return error(401, life.lognormal(REFUSAL_US, REFUSAL_SIGMA))
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

function isRejecting(world: World, nowUs: number): boolean {
  const { rejections } = world.incidents
  if (rejections.length === 0 || !isDuring(rejections, nowUs)) return false
  return world.random.incidents.chance(world.settings.rejectionBurstShare)
}
