// What was joined against what is true. Lines are named by file and line number, as the truth names them.
import { createReadStream } from 'node:fs'
import { createInterface } from 'node:readline'
import { linksRelation } from '../../dist/requests/view.js'
import { ALWAYS, factsRelation } from '../../dist/store/facts.js'

/** Links are counted from these posteriors on. */
export const THRESHOLDS = [0.9, 0.99]
export const BINS = 10

/**
 * Counts of one store, to be added up over stores.
 *
 * @returns pairs: app lines whose gateway row is recorded too; orphans: the other app lines; by threshold linked,
 *   right, and false: orphans with a partner; bins: candidates, sum of posteriors, right ones; wrong and missed by kind
 */
export async function measure(store, traffic) {
  const truth = await readTruth(`${traffic}/truth.ndjson`)
  const best = await bestLinks(store)
  const counts = emptyCounts()
  for (const { flow } of truth.values()) flow ? counts.pairs++ : counts.orphans++
  for (const [line, link] of best) {
    const told = truth.get(line)
    const isRight = told?.flow === link.message_id && told.flow !== null
    const bin = counts.bins[Math.min(BINS - 1, Math.floor(link.posterior * BINS))]
    bin.links++
    bin.posterior += link.posterior
    bin.right += isRight ? 1 : 0
    for (const t of THRESHOLDS) {
      if (link.verdict !== 'linked' || link.posterior < t) continue
      const at = counts.at[t]
      at.linked++
      if (isRight) at.right++
      else if (!told?.flow) {
        at.orphansLinked++
        if (told?.cause !== 'gateway') at.bypassLinked++
      }
    }
    if (link.verdict === 'linked' && !isRight)
      tally(
        counts.wrong,
        `${link.method} ${link.how}: ${told?.flow ? 'other call' : (told?.cause ?? 'nobody')}`,
      )
  }
  for (const [line, told] of truth) {
    if (told.flow && best.get(line)?.verdict !== 'linked')
      tally(counts.missed, `${told.attempt}, id ${told.id}${best.has(line) ? ', ambiguous' : ''}`)
  }
  return counts
}

export function emptyCounts() {
  const at = Object.fromEntries(
    THRESHOLDS.map(t => [t, { linked: 0, right: 0, orphansLinked: 0, bypassLinked: 0 }]),
  )
  const bins = Array.from({ length: BINS }, () => ({ links: 0, posterior: 0, right: 0 }))
  return { pairs: 0, orphans: 0, at, bins, wrong: {}, missed: {} }
}

export function addCounts(total, more) {
  total.pairs += more.pairs
  total.orphans += more.orphans
  for (const t of THRESHOLDS) for (const key in total.at[t]) total.at[t][key] += more.at[t][key]
  for (const [i, bin] of more.bins.entries()) for (const key in bin) total.bins[i][key] += bin[key]
  for (const kind of ['wrong', 'missed'])
    for (const [key, n] of Object.entries(more[kind])) tally(total[kind], key, n)
  return total
}

/** Figures in percent. ece: expected calibration error over the best candidate of each line that has one. */
export function figures(counts) {
  const links = counts.bins.reduce((sum, b) => sum + b.links, 0)
  const error = counts.bins.reduce((sum, b) => sum + Math.abs(b.posterior - b.right), 0)
  const at = THRESHOLDS.map(t => {
    const { linked, right, orphansLinked, bypassLinked } = counts.at[t]
    return {
      precision: (100 * right) / linked,
      recall: (100 * right) / counts.pairs,
      orphans: (100 * orphansLinked) / counts.orphans,
      bypassLinked,
    }
  })
  return { at: Object.fromEntries(THRESHOLDS.map((t, i) => [t, at[i]])), ece: (100 * error) / links }
}

function tally(counts, key, n = 1) {
  counts[key] = (counts[key] ?? 0) + n
}

async function readTruth(path) {
  const truth = new Map()
  for await (const text of createInterface({ input: createReadStream(path) })) {
    const request = JSON.parse(text)
    const flow = request.gateway_recorded ? request.gateway_flow_id : null
    for (const line of request.app) {
      if (line.line_no === null) continue
      truth.set(`${line.file}:${line.line_no}`, {
        flow,
        cause: request.cause,
        id: line.id,
        attempt: line.attempt,
      })
    }
  }
  return truth
}

async function bestLinks({ db, state, root }) {
  const files = new Map(
    [...state.sources.values()].map(s => [s.id, s.path.slice(s.path.lastIndexOf('iis/'))]),
  )
  const rows = await db.rows(
    `SELECT l.verdict, l.method, l.how, l.posterior, g.message_id, a.source_id, a.line_no::INTEGER AS line_no
     FROM ${linksRelation(state, root, ALWAYS)} AS l
     JOIN ${factsRelation(state, root, 'app')} AS a ON a.hop_id = l.app_hop_id
     JOIN ${factsRelation(state, root, 'gateway')} AS g ON g.hop_id = l.gateway_hop_id
     WHERE l.verdict IN ('linked', 'ambiguous')`,
  )
  const best = new Map()
  for (const row of rows) {
    const line = `${files.get(row.source_id)}:${row.line_no}`
    if ((best.get(line)?.posterior ?? -1) < row.posterior) best.set(line, row)
  }
  return best
}
