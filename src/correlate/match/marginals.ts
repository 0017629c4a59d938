import { sumSmallGroups } from './exact.ts'

/** Pairs that may belong together, by app hop; `weight` is the odds of the pair against both hops being alone. */
export interface Edges {
  /** Edges of app hop i are `from[i]` to `from[i + 1]`. */
  readonly from: Int32Array
  readonly gateway: Int32Array
  readonly weight: Float64Array
  /** Odds of what is not among the edges, by app hop: gateway hops that were not kept. */
  readonly others: Float64Array
}

export interface Marginals {
  /** Probability of each edge. */
  readonly probability: Float64Array
  /** Probability that the edge's gateway hop is not taken by another app hop. */
  readonly free: Float64Array
  /** By app hop: probability that its partner is not among the edges. */
  readonly elsewhere: Float64Array
}

const ROUNDS = 60
/** Odds below which a pair is left out: it cannot show in six decimals. */
const LEAST_WEIGHT = 1e-6
/** So is one that is this much weaker than the best of its app hop and than the best of its gateway hop. */
const LEAST_SHARE = 3e-4

/**
 * Probability of each edge in a one-to-one matching with "nobody" on both sides: belief propagation for the
 * monomer-dimer model, which has one fixed point and converges to it (Bayati, Gamarnik, Katz, Nair, Tetali, "Simple
 * deterministic approximation algorithms for counting matchings", STOC 2007). Exact on trees, near it elsewhere.
 *
 * @param tolerance largest change of a message in the last round
 * @param exact whether small groups of hops are summed over all their matchings
 */
export function marginals(edges: Edges, gatewayCount: number, tolerance: number, exact = true): Marginals {
  const { from, gateway, weight, index } = withoutWeak(edges, gatewayCount)
  const { others } = edges
  const apps = from.length - 1
  const count = gateway.length
  /** What an app hop offers along an edge, and how free the gateway hop is for it. */
  const offered = new Float64Array(count)
  const free = new Float64Array(count).fill(1)
  const wanted = new Float64Array(gatewayCount)
  for (let round = 0; round < ROUNDS; round++) {
    wanted.fill(0)
    for (let i = 0; i < apps; i++) {
      const start = from[i] as number
      const end = from[i + 1] as number
      const rest = 1 + (others[i] as number)
      let sum = rest
      for (let e = start; e < end; e++) sum += (weight[e] as number) * (free[e] as number)
      for (let e = start; e < end; e++) {
        const own = (weight[e] as number) * (free[e] as number)
        const offer = (weight[e] as number) / Math.max(rest, sum - own)
        offered[e] = offer
        wanted[gateway[e] as number] = (wanted[gateway[e] as number] as number) + offer
      }
    }
    let moved = 0
    for (let e = 0; e < count; e++) {
      const next = 1 / Math.max(1, 1 + (wanted[gateway[e] as number] as number) - (offered[e] as number))
      moved = Math.max(moved, Math.abs(next - (free[e] as number)))
      free[e] = next
    }
    if (moved < tolerance) break
  }
  const own = new Float64Array(count)
  const result = {
    probability: new Float64Array(edges.gateway.length),
    free: new Float64Array(edges.gateway.length).fill(1),
    elsewhere: new Float64Array(apps),
  }
  for (let i = 0; i < apps; i++) {
    let sum = 1 + (others[i] as number)
    for (let e = from[i] as number; e < (from[i + 1] as number); e++)
      sum += (weight[e] as number) * (free[e] as number)
    result.elsewhere[i] = (others[i] as number) / sum
    for (let e = from[i] as number; e < (from[i + 1] as number); e++) {
      own[e] = ((weight[e] as number) * (free[e] as number)) / sum
      result.free[index[e] as number] = free[e] as number
    }
  }
  if (exact) sumSmallGroups({ from, gateway, weight, others }, gatewayCount, own)
  for (let e = 0; e < count; e++) result.probability[index[e] as number] = own[e] as number
  return result
}

function withoutWeak(
  { from, gateway, weight }: Edges,
  gatewayCount: number,
): Omit<Edges, 'others'> & { readonly index: Int32Array } {
  const best = new Float64Array(gatewayCount)
  for (let e = 0; e < gateway.length; e++)
    best[gateway[e] as number] = Math.max(best[gateway[e] as number] as number, weight[e] as number)
  const index = new Int32Array(gateway.length)
  const starts = new Int32Array(from.length)
  let kept = 0
  for (let i = 0; i + 1 < from.length; i++) {
    starts[i] = kept
    let most = 0
    for (let e = from[i] as number; e < (from[i + 1] as number); e++)
      most = Math.max(most, weight[e] as number)
    for (let e = from[i] as number; e < (from[i + 1] as number); e++) {
      const rival = Math.max(LEAST_WEIGHT, LEAST_SHARE * Math.min(most, best[gateway[e] as number] as number))
      if ((weight[e] as number) >= rival) index[kept++] = e
    }
  }
  starts[from.length - 1] = kept
  const used = index.subarray(0, kept)
  return {
    from: starts,
    gateway: used.map(e => gateway[e] as number),
    weight: Float64Array.from(used, e => weight[e] as number),
    index: used,
  }
}
