import type { Period } from './clock.ts'
import type { Application } from './company.ts'
import { isDuring } from './incidents.ts'
import { currentToken, type Principal } from './principals.ts'
import type { Random } from './random.ts'
import { type Route, SEARCH_WORDS } from './routes.ts'
import { HOUR_US, MINUTE_US, MS_US, SECOND_US } from './times.ts'
import type { Asked, Visit, World } from './traffic.ts'

/**
 * When and by whom requests are made. Visits come as a Poisson process and calls in bursts inside a visit: user
 * sessions are Poisson on the internet, single requests are not (Paxson and Floyd, "Wide-Area Traffic: The
 * Failure of Poisson Modeling", 1995). The numbers are assumptions: half of the calls of a visit come at once with
 * the one before, half after a pause.
 */
const PARALLEL_SHARE = 0.5
const PARALLEL_GAP_MS = 15
const PAUSE_MS = 1800

/** Relative traffic by hour of the UTC day: office hours in central Europe (assumption). */
const HOURLY_WEIGHT = [
  0.2, 0.15, 0.12, 0.12, 0.15, 0.25, 0.5, 1.1, 1.8, 2.1, 2.2, 2, 1.7, 1.9, 2, 1.8, 1.5, 1.1, 0.8, 0.6, 0.5,
  0.4, 0.3, 0.25,
]
/** Share of queries that carry a secret, as careless clients send them (assumption). */
const SECRET_QUERY_SHARE = 0.01
/** So many that two calls of a day hardly ever have the same one. */
const TELLING_NUMBERS = 1_000_000_000

/** The weight between whole hours is interpolated, so that the rate does not jump. */
function weightAt(us: number): number {
  const hours = us / HOUR_US
  const hour = Math.floor(hours)
  const here = HOURLY_WEIGHT[hour % 24] ?? 1
  const next = HOURLY_WEIGHT[(hour + 1) % 24] ?? 1
  return here + (next - here) * (hours - hour)
}

/**
 * Visits a microsecond at a moment, scaled so that the calls of the whole time have the mean that was asked for;
 * bursts come on top.
 */
export function visitRate(world: World, { startUs, endUs }: Period): (us: number) => number {
  const { ratePerSecond, callsPerVisit, rhythm, crowdFactor } = world.settings
  const { crowds } = world.incidents
  const rate = ratePerSecond / SECOND_US / callsPerVisit
  const factorAt = (us: number) => (crowds.length > 0 && isDuring(crowds, us) ? crowdFactor : 1)
  if (rhythm === 'flat') return us => rate * factorAt(us)
  let sum = 0
  let steps = 0
  for (let us = startUs; us < endUs; us += MINUTE_US, steps++) sum += weightAt(us)
  const perUs = rate / (sum / Math.max(1, steps))
  return us => perUs * weightAt(us) * factorAt(us)
}

export function nextVisitUs(world: World, nowUs: number, rate: (us: number) => number): number {
  return nowUs + world.random.arrivals.exponential(1 / rate(nowUs))
}

export function startVisit(world: World): Visit {
  const { arrivals, idFaults } = world.random
  const { callsPerVisit, leastCallsPerVisit } = world.settings
  const isDirect = arrivals.chance(world.settings.bypassShare)
  const isIntranet = arrivals.chance(0.6)
  const isShared = arrivals.chance(world.settings.reusedIdShare)
  const application = pickWeighted(world.company.applications, arrivals)
  const directory = world.company.applications.find(one => one.identity === 'windows')
  const shared = arrivals.uuid()
  const isTraced = idFaults.chance(world.settings.tracedShare)
  const trace = `00-${idFaults.hex(8)}${idFaults.hex(8)}${idFaults.hex(8)}${idFaults.hex(8)}-${idFaults.hex(8)}${idFaults.hex(8)}-01`
  return {
    kind: isDirect ? (isIntranet ? 'intranet' : 'script') : 'gateway',
    application: isDirect && isIntranet ? (directory ?? application) : application,
    caller: pickCaller(world.company.principals, arrivals),
    sharedId: isTraced ? trace : isShared ? shared : undefined,
    callsLeft: leastCallsPerVisit - 1 + geometric(arrivals, callsPerVisit - leastCallsPerVisit + 1),
    isFirst: true,
  }
}

/** Microseconds from one call of a visit to the next. */
export function gapInVisitUs(random: Random): number {
  const isParallel = random.chance(PARALLEL_SHARE)
  return isParallel ? random.lognormal(PARALLEL_GAP_MS * MS_US, 0.8) : random.lognormal(PAUSE_MS * MS_US, 1)
}

export function chooseRequest(
  world: World,
  application: Application,
  caller: Principal,
  isCached: boolean,
  nowUs: number,
): Asked {
  const { life } = world.random
  const cacheable = application.routes.filter(route => route.isCacheable)
  const route = pickWeighted(isCached && cacheable.length > 0 ? cacheable : application.routes, life)
  const number = world.settings.paths === 'telling' ? life.below(TELLING_NUMBERS) : 1000 + life.below(9000)
  const suffix = route.suffix.replace('{}', String(number))
  return { route, suffix, query: chooseQuery(world, route, caller, nowUs) }
}

function chooseQuery(world: World, route: Route, caller: Principal, nowUs: number): string {
  const { life } = world.random
  const plain = plainQuery(route, life)
  if (!life.chance(SECRET_QUERY_SHARE) || world.settings.queries === 'none') return plain
  const secret = life.chance(0.5)
    ? `access_token=${currentToken(caller, nowUs, world.random.ids)}`
    : `user=${caller.subject.replace(/@.*/, '')}&password=Pa55-${life.token(8)}%21`
  return plain === '' ? secret : `${plain}&${secret}`
}

function plainQuery(route: Route, random: Random): string {
  switch (route.query) {
    case 'none':
      return ''
    case 'own':
      return `ref=${random.below(TELLING_NUMBERS)}`
    case 'period':
      return `year=${2024 + random.below(3)}&month=${String(1 + random.below(12)).padStart(2, '0')}`
    case 'page':
      return `status=open&page=${1 + random.below(20)}&size=50&sort=date,desc`
    case 'search':
      return `q=${random.pick(SEARCH_WORDS)}&limit=25`
  }
}

/** Few callers make most of the calls: the square of a uniform value picks early ones oftener (assumption). */
function pickCaller(principals: readonly Principal[], random: Random): Principal {
  const position = random.unit()
  const caller = principals[Math.floor(position * position * principals.length)]
  if (caller === undefined) throw new RangeError('a company needs callers')
  return caller
}

function pickWeighted<T extends { readonly weight: number }>(list: readonly T[], random: Random): T {
  let total = 0
  for (const item of list) total += item.weight
  let left = random.unit() * total
  for (const item of list) {
    left -= item.weight
    if (left < 0) return item
  }
  return random.pick(list)
}

/** At least 1, with the given mean; a mean below 1 counts as 1. */
function geometric(random: Random, mean: number): number {
  return 1 + Math.floor(Math.log(1 - random.unit()) / Math.log(1 - 1 / Math.max(1, mean)))
}
