import { BYTE_BINS, Density, MS_BINS } from './histogram.ts'
import { Jitter } from './jitter.ts'

/**
 * Loss on a side is never taken for less: where every hop seems to have its partner, a swap of two pairs would look
 * surer than it is.
 */
const LEAST_LOSS = 0.01
const MOST_LOSS = 0.9

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
      0.55 * Math.exp(-Math.abs(ms - 1.5) / 4) / 8 +
      0.3 * Math.exp(-Math.abs(ms - 2) / 40) / 80 +
      0.15 / (2 * (20 + Math.abs(ms)) * (1 + Math.log(1 + Math.abs(ms) / 20)) ** 2),
    60,
  )
  readonly jitter = new Jitter()
  /** Bytes that the app counts less those that the gateway counts. */
  readonly sizes = new Density(
    BYTE_BINS,
    bytes => 1 / (2 * (300 + Math.abs(bytes)) * (1 + Math.log(1 + Math.abs(bytes) / 300)) ** 2),
    30,
  )
  readonly client = new Agreement()
  readonly agent = new Agreement()
  readonly query = new Agreement()
  /** Share of gateway hops without their app hop, and of app hops without their gateway hop. */
  gatewayLoss = 0.03
  appLoss = 0.03
  /** By code of the peer: how much likelier it is than others to bring linked hops. */
  readonly peers = new Map<number, number>()

  setLoss(gatewayAlone: number, gatewayAll: number, appAlone: number, appAll: number): void {
    this.gatewayLoss = clamp((gatewayAlone + 1) / (gatewayAll + 20))
    this.appLoss = clamp((appAlone + 1) / (appAll + 20))
  }

  fit(): void {
    this.slack.fit()
    this.slack.clear()
    this.jitter.fit()
    this.sizes.fit()
    this.sizes.clear()
    this.client.fit()
    this.agent.fit()
    this.query.fit()
  }
}

function clamp(loss: number): number {
  return Math.min(MOST_LOSS, Math.max(LEAST_LOSS, loss))
}
