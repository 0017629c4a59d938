import { agrees, END_SLACK_US, groupByKey, within } from './candidates.ts'
import type { Evidence, Matched } from './match.ts'
import type { Model } from './model.ts'
import { type AppSide, type GatewaySide, ID } from './sides.ts'

/** A failed attempt may come this long before the answer. */
const LONGEST_CALL_US = 35_000_000
/** Candidates looked at for one line. */
const MOST_LOOKED_AT = 4096
/** Probability from which a line is taken as a gateway hop's answer, or as having found its partner. */
const FOUND = 0.5
/** Stamps of two systems may contradict each other by so much. */
const TOLERANCE_US = 3_000
/** An answer that integrated authentication had challenged comes from the same host's log. */
const OTHER_LOG = -4
/** Logarithm of how much likelier values agree, or not, between lines of one call than by chance; deliberately weak. */
const AGREES = 1
const DIFFERS = -2.5

/** An app hop that is not its gateway hop's answer: a challenge of integrated authentication, or a failed attempt. */
export interface Attempt {
  readonly app: number
  readonly gateway: number
  readonly probability: number
  readonly kind: 'handshake' | 'retry'
  readonly evidence: Evidence
}

/** The line that answered a gateway hop, as far as it is known. */
interface Answer {
  readonly startUs: number
  readonly tookUs: number
  readonly stream: number
}

/**
 * Finds the gateway hops of lines that are no answers: 401s of a handshake and failures that the gateway tried again.
 * Such a line ended after the gateway began and before the answering line did, and leaves time behind that the answer
 * alone does not explain.
 */
export function matchAttempts(matched: Matched, model: Model): Attempt[] {
  const { gateway, app } = matched
  const lines = attemptLines(matched)
  if (lines.length === 0) return []
  const answers = answersOf(matched)
  const hops = groupByKey(gateway, gateway.atUs, () => true)
  const handshakes = lines.filter(i => app.handshake[i]).length
  const share = {
    handshake: Math.min(0.9, (handshakes + 0.5) / (gateway.count + 10)),
    retry: Math.min(0.5, (lines.length - handshakes + 0.5) / (gateway.count + 10)),
  }
  return lines.flatMap(i => {
    const kind: Attempt['kind'] = app.handshake[i] ? 'handshake' : 'retry'
    // Attempts come in twos and threes: around one, a few seconds say little about how often others come.
    const alone = (matched.background.logCalmRate[i] ?? 0) + Math.log(model.gatewayLoss)
    const found = feasible(gateway, app, i, hops, answers).map(j => {
      const evidence = {
        ...weigh(matched, model, i, j, answers.get(j), kind),
        alone: Math.log(share[kind]) - alone,
      }
      const { duration, place, values } = evidence
      return { j, evidence, odds: Math.exp(Math.min(20, evidence.alone + duration + place + values)) }
    })
    const sum = found.reduce((total, f) => total + f.odds, 1)
    return found.map(({ j, odds, evidence }) => ({
      app: i,
      gateway: j,
      probability: odds / sum,
      kind,
      evidence,
    }))
  })
}

/** Lines without a partner that may be an attempt. */
function attemptLines({ app, candidates, probability }: Matched): number[] {
  const lines: number[] = []
  for (let i = 0; i < app.count; i++) {
    const isFailure = (app.status[i] ?? 0) >= 500 || (app.kernel[i] === 1 && app.status[i] === -1)
    if (!app.open[i] || !(app.handshake[i] || isFailure)) continue
    let linked = 0
    for (let e = candidates.from[i] ?? 0; e < (candidates.from[i + 1] ?? 0); e++)
      linked += probability[e] ?? 0
    if (linked < FOUND) lines.push(i)
  }
  return lines
}

function answersOf({ gateway, app, candidates, probability }: Matched): Map<number, Answer> {
  const answers = new Map<number, Answer>()
  const note = (i: number, j: number, atUs: number): void => {
    const tookUs = app.tookUs[i] ?? 0
    answers.set(j, {
      startUs: atUs - (Number.isNaN(tookUs) ? 0 : tookUs),
      tookUs,
      stream: app.stream[i] ?? -1,
    })
  }
  for (let i = 0; i < app.count; i++) {
    const known = app.partner[i] ?? -1
    if (known >= 0 && !app.handshake[i] && agrees(app.status[i], gateway.status[known]))
      note(i, known, gateway.atUs[known] ?? 0)
    for (let e = candidates.from[i] ?? 0; e < (candidates.from[i + 1] ?? 0); e++)
      if ((probability[e] ?? 0) >= FOUND) note(i, candidates.gateway[e] ?? -1, candidates.atUs[e] ?? 0)
  }
  return answers
}

/** When an attempt could have ended. */
function span(gateway: GatewaySide, app: AppSide, i: number, j: number, answer: Answer | undefined) {
  const took = Number.isNaN(app.tookUs[i] ?? 0) ? 0 : (app.tookUs[i] ?? 0)
  return {
    fromUs: (gateway.startUs[j] ?? 0) + took - TOLERANCE_US,
    toUs: (answer ? answer.startUs : (gateway.atUs[j] ?? 0)) + TOLERANCE_US,
  }
}

function feasible(
  gateway: GatewaySide,
  app: AppSide,
  i: number,
  hops: ReadonlyMap<number, Int32Array>,
  answers: ReadonlyMap<number, Answer>,
): number[] {
  const [earliest, latest] = [(app.fromUs[i] ?? 0) - END_SLACK_US, (app.toUs[i] ?? 0) + END_SLACK_US]
  const found: number[] = []
  for (const key of [app.key[i] ?? -1, app.looseKey[i] ?? -1]) {
    const near = within(hops.get(key), gateway.atUs, earliest, latest + LONGEST_CALL_US)
    for (const j of near.subarray(0, MOST_LOOKED_AT)) {
      if (app.ids[i] === ID.own && gateway.hasId[j]) continue
      if (!agrees(app.subject[i], gateway.subject[j])) continue
      if (!app.handshake[i] && gateway.status[j] === app.status[i]) continue
      const { fromUs, toUs } = span(gateway, app, i, j, answers.get(j))
      if (fromUs <= toUs && fromUs <= latest && toUs >= earliest) found.push(j)
    }
  }
  return found
}

function weigh(
  { gateway, app, places }: Matched,
  model: Model,
  i: number,
  j: number,
  answer: Answer | undefined,
  kind: Attempt['kind'],
): Omit<Evidence, 'alone'> {
  const { fromUs, toUs } = span(gateway, app, i, j, answer)
  const [earliest, latest] = [places.earliestUs[i] ?? 0, places.latestUs[i] ?? 0]
  const atUs = Math.min(Math.max((earliest + latest) / 2, fromUs), toUs)
  const log = kind === 'handshake' && answer && answer.stream !== app.stream[i] ? OTHER_LOG : 0
  const values =
    compare(app.client[i], gateway.client[j]) +
    compare(app.agent[i], gateway.agent[j]) +
    compare(app.query[i], gateway.query[j])
  return {
    duration: explained(gateway, model, j, app.tookUs[i] ?? 0, answer),
    place: model.jitter.log(atUs, earliest, latest),
    values: values + log,
    placeUs: Math.round(Math.max((app.fromUs[i] ?? 0) - atUs, Math.min(0, (app.toUs[i] ?? 0) - atUs))),
  }
}

function compare(a: number | undefined, b: number | undefined): number {
  if (a === undefined || b === undefined || a < 0 || b < 0) return 0
  return a === b ? AGREES : DIFFERS
}

/**
 * How much better the gateway's times are understood with the attempt in them. Its stamps may cover all attempts (the
 * attempt stands in the wait for the target) or the last one (it stands before the call was sent).
 */
function explained(
  gateway: GatewaySide,
  model: Model,
  j: number,
  tookUs: number,
  answer: Answer | undefined,
): number {
  const took = Number.isNaN(tookUs) ? 0 : tookUs / 1000
  const before = ((gateway.sentUs[j] ?? 0) - (gateway.startUs[j] ?? 0)) / 1000
  const byBefore = model.before.log(before - took) - model.before.log(before)
  const waited = gateway.tookUs[j] ?? Number.NaN
  if (!answer || Number.isNaN(waited) || Number.isNaN(answer.tookUs)) return Math.max(-3, byBefore - Math.LN2)
  const slack = (waited - answer.tookUs) / 1000
  const bySlack = model.slack.log(slack - took) - model.slack.log(slack)
  const most = Math.max(byBefore, bySlack)
  return most + Math.log((Math.exp(byBefore - most) + Math.exp(bySlack - most)) / 2)
}
