import { type Background, describeBackground } from './background.ts'
import { type Candidates, findCandidates } from './candidates.ts'
import { DurationOdds } from './durations.ts'
import { type Marginals, marginals } from './marginals.ts'
import type { Model } from './model.ts'
import { type Places, placeLines } from './order.ts'
import { orderFactors } from './sequence.ts'
import type { AppSide, GatewaySide } from './sides.ts'

/** Probability from which a pair tells where its line ended. */
const ANCHOR = 0.8
/** Largest change of a message at which belief propagation stops. */
const ROUGHLY = 2e-2
const FINELY = 1e-3
/** No evidence is taken for stronger than this: odds of e^20. */
const MOST_LOG_ODDS = 20
/**
 * Taken off the odds of every pair. Wrong pairs among those the model learns from make loss look smaller than it is;
 * measured on made-up traffic with 10 % loss a side, the posterior is right on average with this.
 */
const PRUDENCE = 1
const LEAST_LOG_ODDS = -20

/**
 * Agreeing address, agent and query are taken for no more than odds of e^4: a caller's calls come in bursts, and another
 * call of the burst agrees in all of them.
 */
const MOST_LOG_SAME_CALLER = 4

/** Where candidates are chosen, an end so far outside the span it should lie in counts as e times less likely. */
const ROUGH_STEP_US = 30_000
const MOST_ROUGH_STEPS = 8

/** Pairs with the probability that they belong together. */
export interface Matched {
  readonly gateway: GatewaySide
  readonly app: AppSide
  readonly candidates: Candidates
  readonly probability: Float64Array
  /** By app hop: probability that its partner is among the candidates that were not kept. */
  readonly elsewhere: Float64Array
  /** Odds of each pair by itself: neither its place among the lines of its log nor other app hops are looked at. */
  readonly byItself: Float64Array
  readonly places: Places
  readonly background: Background
  /** What speaks for a pair of app hop i, by its place among the candidates. */
  readonly evidence: (i: number, pair: number) => Evidence
}

/** Natural logarithms of odds: how much likelier what is seen is if the hops belong together than if not. */
export interface Evidence {
  readonly duration: number
  readonly place: number
  /** Client address, user agent, query and size; of a line of HTTP.sys the server's address too. */
  readonly values: number
  /** Loss on both sides, how often such lines come, and the peer. */
  readonly alone: number
  /** How far the expected end lies outside the second that the line logs, on the gateway's clock, µs. */
  readonly placeUs: number
}

/**
 * Weighs the pairs of a slice: which app hop did which gateway hop cause, or none?
 *
 * The weight of a pair is how likely it is that they belong together against both being alone: density of the duration
 * residual and of the end's place in the log, over how often lines like this one (key, status, subject, duration,
 * size) come anyway, and over the loss on both sides.
 */
export function matchSlice(gateway: GatewaySide, app: AppSide, model: Model): Matched {
  const background = describeBackground(app)
  const seconds = placeLines(app, app.anchorUs)
  const weigher = new Weigher(gateway, app, model, background)
  const candidates = findCandidates(gateway, app, {
    score: (i, slackMs, atUs) => weigher.rough(i, slackMs, atUs, seconds),
    aboutUs: i => ((seconds.earliestUs[i] ?? 0) + (seconds.latestUs[i] ?? 0)) / 2,
  })
  weigher.use(candidates)
  const base = weigher.base(candidates)
  const second = weigher.inSecond(candidates)
  const byItself = base.map((log, e) => odds(log + (second[e] ?? 0)))
  const order = new Float64Array(base.length)
  const solve = (weight: Float64Array, tolerance: number, exact: boolean): Marginals => {
    const edges = {
      from: candidates.from,
      gateway: candidates.gateway,
      weight,
      others: others(candidates, weight),
    }
    return marginals(edges, gateway.count, tolerance, exact)
  }
  // How free a gateway hop is for a line is told to the order once, and not again with what the order made of it:
  // neighbours in a log would count each other's evidence over and over.
  const { free } = solve(byItself, ROUGHLY, false)
  order.set(orderFactors(app, candidates, byItself.map((weight, e) => weight * (free[e] ?? 1)), model.order)) // biome-ignore format: one call
  const weight = base.map((log, e) => odds(log + (second[e] ?? 0) + (order[e] ?? 0)))
  const found = solve(weight, FINELY, true)
  const places = placeLines(app, anchors(app, candidates, found.probability))
  const evidence = (i: number, pair: number): Evidence => ({
    ...weigher.evidence(candidates, i, pair),
    place: (second[pair] ?? 0) + (order[pair] ?? 0),
  })
  return {
    gateway,
    app,
    candidates,
    probability: found.probability,
    elsewhere: found.elsewhere,
    byItself,
    places,
    background,
    evidence,
  }
}

/** Weight of the candidates that were not kept: each as likely as the weakest that was. */
function others({ from, dropped }: Candidates, weight: Float64Array): Float64Array {
  const result = new Float64Array(dropped.length)
  for (let i = 0; i < dropped.length; i++) {
    const count = dropped[i] ?? 0
    if (count === 0) continue
    let least = Number.POSITIVE_INFINITY
    for (let e = from[i] ?? 0; e < (from[i + 1] ?? 0); e++) least = Math.min(least, weight[e] ?? 0)
    result[i] = count * least
  }
  return result
}

function odds(log: number): number {
  return Math.exp(Math.min(MOST_LOG_ODDS, Math.max(LEAST_LOG_ODDS, log)))
}

/** Ends of lines that an id or a probable pair tells. */
function anchors(app: AppSide, { from, atUs }: Candidates, probability: Float64Array): Float64Array {
  const known = app.anchorUs.slice()
  for (let i = 0; i < app.count; i++) {
    for (let e = from[i] ?? 0; e < (from[i + 1] ?? 0); e++)
      if ((probability[e] ?? 0) >= ANCHOR) known[i] = atUs[e] ?? Number.NaN
  }
  return known
}

class Weigher {
  readonly #gateway: GatewaySide
  readonly #app: AppSide
  readonly #model: Model
  readonly #background: Background
  readonly #durations: DurationOdds
  /** Share of other candidates that agree, by pair. */
  #chance: Readonly<Record<'client' | 'agent' | 'query' | 'server', Float64Array>> | undefined

  constructor(gateway: GatewaySide, app: AppSide, model: Model, background: Background) {
    this.#gateway = gateway
    this.#app = app
    this.#model = model
    this.#background = background
    this.#durations = new DurationOdds(app, background.group, model.slack)
  }

  /** Duration and place only, roughly: enough to choose candidates by. */
  rough(i: number, slackMs: number, atUs: number, places: Places): number {
    const slack = Number.isNaN(slackMs) ? 0 : this.#model.slack.log(slackMs)
    const outsideUs = Math.max((places.earliestUs[i] ?? 0) - atUs, atUs - (places.latestUs[i] ?? 0), 0)
    return slack - Math.min(MOST_ROUGH_STEPS, outsideUs / ROUGH_STEP_US)
  }

  use(candidates: Candidates): void {
    const { client, agent, query, server } = this.#gateway
    const { kernel } = this.#app
    const ofKernel = this.#app.server.map((code, i) => (kernel[i] ? code : -1))
    this.#chance = {
      client: chances(candidates, this.#app.client, client, this.#app.count),
      agent: chances(candidates, this.#app.agent, agent, this.#app.count),
      query: chances(candidates, this.#app.query, query, this.#app.count),
      server: chances(candidates, ofKernel, server, this.#app.count),
    }
  }

  /** Logarithm of the odds of each pair, its place in the log left out. */
  base(candidates: Candidates): Float64Array {
    const { from, gateway } = candidates
    const result = new Float64Array(gateway.length)
    for (let i = 0; i < this.#app.count; i++) {
      if (from[i] === from[i + 1]) continue
      const alone = this.#alone(i)
      for (let e = from[i] ?? 0; e < (from[i + 1] ?? 0); e++)
        result[e] = alone + this.#duration(candidates, i, e) + this.#values(i, gateway[e] ?? 0, e)
    }
    return result
  }

  /** Logarithm of the density (a µs) of each pair's expected end in the second that its line logs. */
  inSecond({ from, atUs }: Candidates): Float64Array {
    const result = new Float64Array(atUs.length)
    for (let i = 0; i < this.#app.count; i++) {
      for (let e = from[i] ?? 0; e < (from[i + 1] ?? 0); e++)
        result[e] = this.#model.second.log(atUs[e] ?? 0, this.#app.fromUs[i] ?? 0, this.#app.toUs[i] ?? 0)
    }
    return result
  }

  evidence(candidates: Candidates, i: number, e: number): Omit<Evidence, 'place'> {
    const at = candidates.atUs[e] ?? 0
    return {
      duration: this.#duration(candidates, i, e),
      values: this.#values(i, candidates.gateway[e] ?? 0, e),
      alone: this.#alone(i),
      placeUs: Math.round(
        Math.max((this.#app.fromUs[i] ?? 0) - at, Math.min(0, (this.#app.toUs[i] ?? 0) - at)),
      ),
    }
  }

  #alone(i: number): number {
    const { gatewayLoss, appLoss } = this.#model
    const loss = Math.log((1 - appLoss) / appLoss) - Math.log(gatewayLoss)
    return loss - PRUDENCE - (this.#background.logRate[i] ?? 0) + this.#peer(i)
  }

  #duration({ slackMs, gateway }: Candidates, i: number, e: number): number {
    const ms = slackMs[e] ?? Number.NaN
    if (Number.isNaN(ms)) return 0
    return this.#durations.log(i, (this.#gateway.tookUs[gateway[e] ?? -1] ?? 0) / 1000, ms)
  }

  #peer(i: number): number {
    return this.#model.peers.get(this.#app.peer[i] ?? -1) ?? 0
  }

  /** Client address, user agent, query and size. */
  #values(i: number, j: number, e: number): number {
    const [app, gateway, model] = [this.#app, this.#gateway, this.#model]
    const hasSubject = (app.subject[i] ?? -1) >= 0 && (gateway.subject[j] ?? -1) >= 0
    // One person has one address and one browser: where the subject agrees, they say nothing more.
    const who = hasSubject
      ? 0
      : agreement(app.client[i], gateway.client[j], model.client.share, this.#chance?.client[e]) +
        agreement(app.agent[i], gateway.agent[j], model.agent.share, this.#chance?.agent[e])
    const query = agreement(app.query[i], gateway.query[j], model.query.share, this.#chance?.query[e])
    return Math.min(who + query, MOST_LOG_SAME_CALLER) + this.#server(i, j, e) + this.#size(i, j)
  }

  /** A line of HTTP.sys says so little that its address counts; where a balancer stands between, it never agrees. */
  #server(i: number, j: number, e: number): number {
    if (!this.#app.kernel[i]) return 0
    const { share } = this.#model.server
    const log = agreement(this.#app.server[i], this.#gateway.server[j], share, this.#chance?.server[e])
    return Math.min(log, MOST_LOG_SAME_CALLER)
  }

  #size(i: number, j: number): number {
    const difference = (this.#app.bytes[i] ?? Number.NaN) - (this.#gateway.bytes[j] ?? Number.NaN)
    if (Number.isNaN(difference)) return 0
    return this.#model.sizes.log(difference) - (this.#background.logSize[i] ?? 0)
  }
}

/** Logarithm of how much likelier two values agree (or not) where the hops belong together than by chance. */
function agreement(a: number | undefined, b: number | undefined, share: number, chance = 0.5): number {
  if (a === undefined || b === undefined || a < 0 || b < 0) return 0
  return a === b ? Math.log(share / chance) : Math.log((1 - share) / (1 - chance))
}

/** How many samples the frequency of a value over all gateway hops is worth beside the other candidates. */
const OVERALL_SAMPLES = 2

/** For each pair: the share of chance pairs that would agree with the app hop's value. */
function chances(
  { from, gateway }: Candidates,
  ofApp: Int32Array,
  ofGateway: Int32Array,
  count: number,
): Float64Array {
  const overall = new Map<number, number>()
  let known = 0
  for (const code of ofGateway) {
    if (code < 0) continue
    overall.set(code, (overall.get(code) ?? 0) + 1)
    known++
  }
  const result = new Float64Array(gateway.length)
  for (let i = 0; i < count; i++) {
    const [start, end] = [from[i] ?? 0, from[i + 1] ?? 0]
    const value = ofApp[i] ?? -1
    if (value < 0) continue
    let agreeing = 0
    for (let e = start; e < end; e++) if (ofGateway[gateway[e] ?? 0] === value) agreeing++
    const base = ((overall.get(value) ?? 0) + 0.5) / (known + 1)
    for (let e = start; e < end; e++) {
      const own = ofGateway[gateway[e] ?? 0] === value ? 1 : 0
      const share = (agreeing - own + OVERALL_SAMPLES * base) / (end - start - 1 + OVERALL_SAMPLES)
      result[e] = Math.min(0.99, Math.max(1e-4, share))
    }
  }
  return result
}
