import type { Candidates } from './candidates.ts'
import type { Matched } from './match.ts'
import type { Agreement, Model } from './model.ts'
import { rates } from './sequence.ts'
import type { AppSide, GatewaySide } from './sides.ts'

/** Pairs of less probability teach nothing. */
const LEAST_PROBABILITY = 0.02

/** Shows the pairs of a slice to a model, each with the weight of its probability; `Model.fit` puts them into force. */
export function teach(model: Model, matched: Matched): void {
  const { gateway, app, candidates, probability, places } = matched
  const { from, gateway: partner, slackMs, atUs } = candidates
  const taken = new Float64Array(gateway.count)
  for (let i = 0; i < app.count; i++) {
    const known = app.partner[i] ?? -1
    if (known >= 0) {
      taken[known] = 1
      if (app.handshake[i]) continue
      model.app(app.peer[i] ?? -1, 1)
      const at = gateway.atUs[known] ?? 0
      model.second.add(at, app.fromUs[i] ?? 0, app.toUs[i] ?? 0, 1)
      model.jitter.add(at, places.earliestUs[i] ?? 0, places.latestUs[i] ?? 0, 1)
      show(model, gateway, app, i, known, ((gateway.tookUs[known] ?? 0) - (app.tookUs[i] ?? 0)) / 1000, 1)
    }
    if (!app.open[i]) continue
    let linked = 0
    for (let e = from[i] ?? 0; e < (from[i + 1] ?? 0); e++) {
      const p = probability[e] ?? 0
      const j = partner[e] ?? 0
      linked += p
      taken[j] = (taken[j] ?? 0) + p
      if (p < LEAST_PROBABILITY) continue
      model.second.add(atUs[e] ?? 0, app.fromUs[i] ?? 0, app.toUs[i] ?? 0, p)
      model.jitter.add(atUs[e] ?? 0, places.earliestUs[i] ?? 0, places.latestUs[i] ?? 0, p)
      show(model, gateway, app, i, j, slackMs[e] ?? Number.NaN, p)
    }
    if (!app.handshake[i]) model.app(app.peer[i] ?? -1, Math.min(1, linked))
  }
  teachOrder(model, matched)
  for (let j = 0; j < gateway.count; j++) model.gateway(Math.min(1, taken[j] ?? 0))
}

/** Share of a line's odds from which a pair tells when the line ended. */
const SURE = 0.95

/**
 * Shows how lines that stand side by side in a log follow each other. Only lines that are sure by themselves count: where
 * the order decides who belongs together, it cannot be learned from the result.
 */
function teachOrder(model: Model, { app, candidates, byItself }: Matched): void {
  const rate = rates(app)
  let last = Number.NaN
  for (let i = 0; i < app.count; i++) {
    if (app.stream[i] !== app.stream[i - 1]) last = Number.NaN
    const at = sureEnd(app, candidates, byItself, i)
    if (!Number.isNaN(at - last)) model.gap(at - last, 1 / (rate[i] ?? 1))
    last = at
  }
}

function sureEnd(app: AppSide, { from, atUs }: Candidates, weight: Float64Array, i: number): number {
  const anchor = app.anchorUs[i] ?? Number.NaN
  if (!Number.isNaN(anchor)) return anchor
  let sum = 1
  for (let e = from[i] ?? 0; e < (from[i + 1] ?? 0); e++) sum += weight[e] ?? 0
  for (let e = from[i] ?? 0; e < (from[i + 1] ?? 0); e++)
    if ((weight[e] ?? 0) >= SURE * sum) return atUs[e] ?? Number.NaN
  return Number.NaN
}

function show(
  model: Model,
  gateway: GatewaySide,
  app: AppSide,
  i: number,
  j: number,
  slackMs: number,
  weight: number,
): void {
  if (!Number.isNaN(slackMs)) model.slack.add(slackMs, weight)
  model.before.add(((gateway.sentUs[j] ?? 0) - (gateway.startUs[j] ?? 0)) / 1000, weight)
  const difference = (app.bytes[i] ?? Number.NaN) - (gateway.bytes[j] ?? Number.NaN)
  if (!Number.isNaN(difference)) model.sizes.add(difference, weight)
  learn(model.client, app.client[i], gateway.client[j], weight)
  learn(model.agent, app.agent[i], gateway.agent[j], weight)
  learn(model.query, app.query[i], gateway.query[j], weight)
  learn(model.server, app.server[i], gateway.server[j], weight)
}

function learn(to: Agreement, a: number | undefined, b: number | undefined, weight: number): void {
  if (a !== undefined && b !== undefined && a >= 0 && b >= 0) to.add(a === b, weight)
}
