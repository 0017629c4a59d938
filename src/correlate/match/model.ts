import { BYTE_BINS, Density, MS_BINS } from './histogram.ts'
import { Jitter } from './jitter.ts'
import { gapDensity, type OrderModel } from './sequence.ts'

/**
 * Loss on a side is never taken for less: where every hop seems to have its partner, a swap of two pairs would look
 * surer than it is.
 */
const LEAST_LOSS = 0.01
const MOST_LOSS = 0.9

/** How far lines may go back in time, µs: the candidates, and how much more likely the middle is than its neighbours. */
const BACKS_US = [300, 600, 1_200, 2_500, 5_000, 10_000, 20_000, 40_000, 80_000, 160_000] as const
const USUAL_BACK = 5
const LOG_FALL = 1

/** How often a value agrees between hops that belong together. */
export class Agreement {
  share = 0.6
  #agreeing = 0
  #total = 0

  add(agrees: boolean, weight: number): void {
    if (agrees) this.#agreeing += weight
    this.#total += weight
  }

  fit(): void {
    this.share = Math.min(0.995, (this.#agreeing + 6) / (this.#total + 10))
    this.#agreeing = 0
    this.#total = 0
  }
}

/** What is learned about hops that belong together. */
export class Model {
  /** The gateway's wait for its target less time-taken, ms. */
  readonly slack = new Density(
    MS_BINS,
    ms =>
      (0.55 * Math.exp(-Math.abs(ms - 1.5) / 4)) / 8 +
      (0.3 * Math.exp(-Math.abs(ms - 2) / 40)) / 80 +
      0.15 / (2 * (20 + Math.abs(ms)) * (1 + Math.log(1 + Math.abs(ms) / 20)) ** 2),
    60,
  )
  /** From the gateway's first byte of the request to the call of the target, ms. */
  readonly before = new Density(
    MS_BINS,
    ms => Math.exp(-Math.abs(ms - 3) / 6) / 12 + 0.2 / (20 + Math.abs(ms)),
    30,
  )
  /** How far an end lies outside the second that its line logs, on the gateway's clock. */
  readonly second = new Jitter()
  /** How far it lies outside the span that linked lines around it leave. */
  readonly jitter = new Jitter()
  /** How much earlier a line may have ended than the one written before it. */
  order: OrderModel = { backUs: BACKS_US[USUAL_BACK] }
  readonly #backs = new Float64Array(BACKS_US.length)
  /** Bytes that the app counts less those that the gateway counts. */
  readonly sizes = new Density(
    BYTE_BINS,
    bytes => 1 / (2 * (300 + Math.abs(bytes)) * (1 + Math.log(1 + Math.abs(bytes) / 300)) ** 2),
    30,
  )
  readonly client = new Agreement()
  readonly agent = new Agreement()
  readonly query = new Agreement()
  /** The address that the gateway called and that of the server; weighed for lines of HTTP.sys only. */
  readonly server = new Agreement()
  /** Share of gateway hops without their app hop, and of app hops without their gateway hop. */
  gatewayLoss = 0.03
  appLoss = 0.03
  /** Logarithm of how much likelier a peer is to bring hops that have a partner than others, by its code. */
  readonly peers = new Map<number, number>()
  readonly #seen = new Map<number, { linked: number; all: number }>()
  #gatewayLinked = 0
  #gatewayAll = 0

  /** Takes two lines that stand side by side in a log: the second ended so much later, where `meanUs` is usual. */
  gap(us: number, meanUs: number): void {
    BACKS_US.forEach((back, k) => {
      this.#backs[k] = (this.#backs[k] ?? 0) + Math.log(gapDensity(us, meanUs, back))
    })
  }

  /** Takes an app hop that has a gateway hop with this probability. */
  app(peer: number, linked: number): void {
    const seen = this.#seen.get(peer) ?? { linked: 0, all: 0 }
    this.#seen.set(peer, { linked: seen.linked + linked, all: seen.all + 1 })
  }

  /** Takes a gateway hop that has an app hop with this probability. */
  gateway(linked: number): void {
    this.#gatewayLinked += linked
    this.#gatewayAll++
  }

  /** Puts what was taken since the last time into force. */
  fit(): void {
    for (const density of [this.slack, this.before, this.sizes]) {
      density.fit()
      density.clear()
    }
    this.second.fit()
    this.jitter.fit()
    this.client.fit()
    this.agent.fit()
    this.query.fit()
    this.server.fit()
    const likelihoods = this.#backs.map((log, k) => log - LOG_FALL * Math.abs(k - USUAL_BACK))
    this.order = { backUs: BACKS_US[likelihoods.indexOf(Math.max(...likelihoods))] ?? BACKS_US[USUAL_BACK] }
    this.#backs.fill(0)
    this.#fitLoss()
  }

  #fitLoss(): void {
    const all = [...this.#seen.values()].reduce((sum, s) => sum + s.all, 0)
    const linked = [...this.#seen.values()].reduce((sum, s) => sum + s.linked, 0)
    // An app hop alone: the gateway's record is lost. A gateway hop alone: the app's line is.
    this.gatewayLoss = clamp((all - linked + 1) / (all + 20))
    this.appLoss = clamp((this.#gatewayAll - this.#gatewayLinked + 1) / (this.#gatewayAll + 20))
    this.peers.clear()
    for (const [peer, seen] of this.#seen) {
      const share = seen.all / all
      const ofLinked = (seen.linked + 0.5 * share) / (linked + 0.5)
      const ofAlone = (seen.all - seen.linked + 4 * share) / (all - linked + 4)
      this.peers.set(peer, Math.log(ofLinked / ofAlone))
    }
    this.#seen.clear()
    this.#gatewayLinked = 0
    this.#gatewayAll = 0
  }
}

function clamp(loss: number): number {
  return Math.min(MOST_LOSS, Math.max(LEAST_LOSS, loss))
}
