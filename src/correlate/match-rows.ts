import type { Database } from '../store/query.ts'
import type { Attempt } from './match/attempts.ts'
import type { Evidence, Matched } from './match/match.ts'
import type { Slice } from './slices.ts'

/** Candidates of less probability are not kept. */
const LEAST_PROBABILITY = 0.05
/** An app hop that has no partner with this probability or more is alone, not ambiguous. */
const ALONE = 0.9

/** Columns of the table `matches`. n: rowids of `line_rows` and `calls`; log_*: natural logarithms of odds. */
const COLUMNS = [
  'app_n', 'gateway_n', 'kind', 'posterior', 'runner_up', 'nobody', 'candidates', 'log_duration', 'log_place',
  'log_values', 'log_alone', 'place_us',
] as const // biome-ignore format: a table

const KINDS = { answer: 0, handshake: 1, retry: 2 } as const

interface Found {
  readonly gateway: number
  readonly probability: number
  readonly evidence: () => Evidence
}

/** Collects the pairs of slices that are worth keeping. */
export class MatchRows {
  readonly #columns: number[][] = COLUMNS.map(() => [])

  take(slice: Slice, matched: Matched, attempts: readonly Attempt[]): void {
    const { app, candidates, probability, elsewhere } = matched
    const asAttempt = new Map<number, Attempt[]>()
    for (const attempt of attempts)
      asAttempt.set(attempt.app, [...(asAttempt.get(attempt.app) ?? []), attempt])
    for (let i = 0; i < app.count; i++) {
      if (!app.open[i]) continue
      const answers: Found[] = []
      for (let e = candidates.from[i] ?? 0; e < (candidates.from[i + 1] ?? 0); e++)
        answers.push({
          gateway: candidates.gateway[e] ?? -1,
          probability: probability[e] ?? 0,
          evidence: () => matched.evidence(i, e),
        })
      const tried = asAttempt.get(i)
      if (tried) {
        const found = tried.map(t => ({ ...t, evidence: () => t.evidence }))
        this.#keep(slice, i, found, KINDS[tried[0]?.kind ?? 'retry'], 0)
      } else this.#keep(slice, i, answers, KINDS.answer, elsewhere[i] ?? 0, candidates.dropped[i])
    }
  }

  #keep(
    slice: Slice,
    i: number,
    found: readonly Found[],
    kind: number,
    elsewhere: number,
    dropped = 0,
  ): void {
    const nobody = Math.max(0, 1 - elsewhere - found.reduce((sum, f) => sum + f.probability, 0))
    if (nobody >= ALONE) return
    const sorted = [...found].sort((a, b) => b.probability - a.probability)
    const candidates = found.filter(f => f.probability >= 1e-3).length + dropped
    sorted.forEach((f, place) => {
      // The best is kept however unlikely it is: of a crowd that nothing tells apart, each is.
      if ((f.probability < LEAST_PROBABILITY && place > 0) || !slice.own[f.gateway]) return
      const runnerUp = sorted[place === 0 ? 1 : 0]?.probability ?? 0
      const odds = f.evidence()
      this.#add([
        slice.appRows[i] ?? -1, slice.gatewayRows[f.gateway] ?? -1, kind, round(f.probability, 1e6), round(runnerUp, 1e6),
        round(nobody, 1e6), candidates, round(odds.duration, 1e3), round(odds.place, 1e3), round(odds.values, 1e3),
        round(odds.alone, 1e3), odds.placeUs,
      ]) // biome-ignore format: one row
    })
  }

  #add(row: readonly number[]): void {
    row.forEach((value, column) => {
      this.#columns[column]?.push(value)
    })
  }

  /** Writes them into the temp table `matches`. */
  async store(db: Database): Promise<void> {
    await db.createNumbers('matches', COLUMNS, this.#columns)
  }
}

function round(value: number, steps: number): number {
  return Math.round(value * steps) / steps
}
