import type { Route } from './routes.ts'
import { MS_US, SECOND_US } from './times.ts'
import type { World } from './traffic.ts'

/** ASP.NET ends a request after 110 s unless told otherwise (`httpRuntime executionTimeout`, its manual). */
const MOST_WORK_US = 110 * SECOND_US

/**
 * How long the app works on a call: lognormal around the route's median. Where asked for, a share of the calls has
 * a Pareto tail from the median on: life times of processes have one of exponent 1 (Harchol-Balter and Downey,
 * "Exploiting Process Lifetime Distributions", 1997), sizes of web files one of 1.1 to 1.5 (Crovella and Bestavros,
 * "Self-Similarity in World Wide Web Traffic", 1997).
 */
export function drawWorkUs(world: World, route: Route): number {
  const { workScale, workSigma, paretoShare, paretoExponent } = world.settings
  const medianUs = route.workMs * MS_US * workScale
  const bodyUs = world.random.life.lognormal(medianUs, workSigma)
  if (paretoShare === 0) return bodyUs
  const { tails } = world.random
  const isTail = tails.chance(paretoShare)
  const tailUs = medianUs * (1 - tails.unit()) ** (-1 / paretoExponent)
  return Math.min(MOST_WORK_US, isTail ? tailUs : bodyUs)
}

/**
 * One way between gateway and app: lognormal (assumption), and the wait of the sender when a packet is lost. That
 * wait doubles with each loss in a row (RFC 6298 section 5.5); its least value is 200 ms on Linux (TCP_RTO_MIN) and
 * 300 ms on Windows.
 */
export function drawCrossingUs(world: World): number {
  const { oneWayMs, oneWaySigma, lateNetworkShare, lateNetworkMs } = world.settings
  const plainUs = world.random.life.lognormal(oneWayMs * MS_US, oneWaySigma)
  if (lateNetworkShare === 0) return plainUs
  let waitUs = 0
  let nextUs = lateNetworkMs * MS_US
  while (waitUs < MOST_WAIT_US && world.random.network.chance(lateNetworkShare)) {
    waitUs += nextUs
    nextUs *= 2
  }
  return plainUs + waitUs
}

/** A connection is given up after some losses in a row; also ends the loop where every packet is lost. */
const MOST_WAIT_US = 10 * SECOND_US
const CONNECT_SIGMA = 0.5

/** Opening a connection where there is none to use again; 0 for most calls. */
export function drawConnectUs(world: World): number {
  const { connectShare, connectMs } = world.settings
  if (connectShare === 0 || !world.random.network.chance(connectShare)) return 0
  return world.random.network.lognormal(connectMs * MS_US, CONNECT_SIGMA)
}

/** By how much the headers of a message are longer than the shortest ones; evenly spread (assumption). */
export function drawHeaderBytes(world: World): number {
  const { headerSpreadBytes } = world.settings
  return headerSpreadBytes === 0 ? 0 : world.random.network.below(headerSpreadBytes + 1)
}
