import type { Edges } from './marginals.ts'

/** Hops on the smaller side of a group that is summed exactly: the work doubles with each. */
const MOST_HOPS = 11
/**
 * Edges this much weaker than the best of both their hops do not hold a group together; where a group is too large, the
 * next share is tried, and the edges between its parts keep what belief propagation says.
 */
const SHARES = [0.002, 0.01, 0.05, 0.2] as const

/**
 * Corrects the probabilities of belief propagation where hops go round in circles: of two alike lines and two alike calls
 * it makes the slightly better matching certain (Vontobel, "The Bethe permanent of a nonnegative matrix", 2013). Small
 * groups of hops are summed over all matchings instead.
 *
 * @param probability of each edge; corrected in place
 */
export function sumSmallGroups(edges: Edges, gatewayCount: number, probability: Float64Array): void {
  const app = appOf(edges)
  let rest = Int32Array.from(edges.gateway.keys())
  for (const share of SHARES) {
    if (rest.length === 0) return
    const tooLarge: number[] = []
    for (const group of groupsOf(edges, app, rest, gatewayCount, share)) {
      if (group.edges.length < group.apps.length + group.gateways.length) continue
      if (Math.min(group.apps.length, group.gateways.length) > MOST_HOPS) tooLarge.push(...group.edges)
      else sumGroup(edges, app, group, probability)
    }
    rest = Int32Array.from(tooLarge)
  }
}

interface Group {
  readonly edges: number[]
  readonly apps: number[]
  readonly gateways: number[]
}

/** Hops that strong edges connect. */
function groupsOf(
  edges: Edges,
  app: Int32Array,
  among: Int32Array,
  gatewayCount: number,
  share: number,
): Group[] {
  const apps = edges.from.length - 1
  const best = new Float64Array(apps + gatewayCount)
  for (const e of among) {
    const weight = edges.weight[e] as number
    for (const node of [app[e] as number, apps + (edges.gateway[e] as number)])
      best[node] = Math.max(best[node] as number, weight)
  }
  const strong = among.filter(e => {
    const least = Math.min(
      best[app[e] as number] as number,
      best[apps + (edges.gateway[e] as number)] as number,
    )
    return (edges.weight[e] as number) >= share * Math.max(least, 1)
  })
  const parent = Int32Array.from(best.keys())
  const root = (node: number): number => {
    let at = node
    while (parent[at] !== at) {
      parent[at] = parent[parent[at] as number] as number
      at = parent[at] as number
    }
    return at
  }
  for (const e of strong) parent[root(app[e] as number)] = root(apps + (edges.gateway[e] as number))
  const groups = new Map<number, Group>()
  const seen = new Uint8Array(best.length)
  for (const e of strong) {
    const key = root(app[e] as number)
    let group = groups.get(key)
    if (!group) {
      group = { edges: [], apps: [], gateways: [] }
      groups.set(key, group)
    }
    group.edges.push(e)
    note(group.apps, seen, app[e] as number, app[e] as number)
    note(group.gateways, seen, apps + (edges.gateway[e] as number), edges.gateway[e] as number)
  }
  return [...groups.values()]
}

function note(list: number[], seen: Uint8Array, node: number, hop: number): void {
  if (seen[node]) return
  seen[node] = 1
  list.push(hop)
}

function appOf({ from, gateway }: Edges): Int32Array {
  const app = new Int32Array(gateway.length)
  for (let i = 0; i + 1 < from.length; i++) app.fill(i, from[i], from[i + 1])
  return app
}

/** Sums over all matchings of a group: forward and backward over one side, sets of the other. */
function sumGroup(edges: Edges, app: Int32Array, group: Group, probability: Float64Array): void {
  const byApp = group.gateways.length <= group.apps.length
  const [rows, columns] = byApp ? [group.apps, group.gateways] : [group.gateways, group.apps]
  const column = new Map(columns.map((hop, place) => [hop, place]))
  const lists: { e: number; bit: number; weight: number }[][] = rows.map(() => [])
  const row = new Map(rows.map((hop, place) => [hop, place]))
  for (const e of group.edges) {
    const [a, g] = [app[e] as number, edges.gateway[e] as number]
    const bit = 1 << (column.get(byApp ? g : a) ?? 0)
    const weight = (edges.weight[e] as number) / (1 + (edges.others[a] as number))
    lists[row.get(byApp ? a : g) ?? 0]?.push({ e, bit, weight })
  }
  const sets = 1 << columns.length
  let reached = new Float64Array(sets)
  reached[0] = 1
  const forward = lists.map(list => {
    const before = reached
    reached = step(before, list)
    return before
  })
  const total = reached.reduce((a, b) => a + b, 0)
  let backward = new Float64Array(sets).fill(1)
  for (let k = lists.length - 1; k >= 0; k--) {
    const before = forward[k] as Float64Array
    const next = backward.slice()
    for (const { e, bit, weight } of lists[k] ?? []) {
      let sum = 0
      for (let set = 0; set < sets; set++) {
        if (set & bit) continue
        sum += (before[set] as number) * (backward[set | bit] as number)
        next[set] = (next[set] as number) + weight * (backward[set | bit] as number)
      }
      probability[e] = (weight * sum) / total
    }
    backward = next
  }
}

/** Ways to reach each set of taken columns, after one more row. */
function step(
  before: Float64Array<ArrayBuffer>,
  list: readonly { bit: number; weight: number }[],
): Float64Array<ArrayBuffer> {
  const after = before.slice()
  for (const { bit, weight } of list) {
    for (let set = 0; set < before.length; set++)
      if (!(set & bit)) after[set | bit] = (after[set | bit] as number) + weight * (before[set] as number)
  }
  return after
}
