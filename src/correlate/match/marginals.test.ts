import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { runs } from '../../../test/support/runs.ts'
import { type Edges, marginals } from './marginals.ts'

interface Pair {
  readonly app: number
  readonly gateway: number
  readonly weight: number
}

const SIZE = 5
const TOLERANCE = 1e-9

const NO_OTHERS: readonly number[] = Array.from({ length: SIZE }, () => 0)

/** Pairs in the order given within each app hop. */
function edgesOf(pairs: readonly Pair[], others = NO_OTHERS): { edges: Edges; order: readonly Pair[] } {
  const order = Array.from({ length: SIZE }, (_, app) => pairs.filter(p => p.app === app)).flat()
  const from = Int32Array.from({ length: SIZE + 1 }, (_, app) => order.filter(p => p.app < app).length)
  return {
    edges: { from, gateway: Int32Array.from(order, p => p.gateway), weight: Float64Array.from(order, p => p.weight), others: Float64Array.from(others) },
    order,
  } // biome-ignore format: one value
}

const name = (pair: Pair): string => `${pair.app}-${pair.gateway}`

function byName(pairs: readonly Pair[]): Map<string, number> {
  const { edges, order } = edgesOf(pairs)
  const { probability } = marginals(edges, SIZE, TOLERANCE)
  return new Map(order.map((pair, e) => [name(pair), probability[e] ?? Number.NaN]))
}

/** The same by going through all matchings: each counts the product of its weights. */
function enumerated(pairs: readonly Pair[]): Map<string, number> {
  const sums = new Map(pairs.map(pair => [name(pair), 0]))
  let total = 0
  const go = (place: number, chosen: readonly Pair[], product: number): void => {
    const pair = pairs[place]
    if (!pair) {
      total += product
      for (const c of chosen) sums.set(name(c), (sums.get(name(c)) ?? 0) + product)
      return
    }
    go(place + 1, chosen, product)
    if (chosen.every(c => c.app !== pair.app && c.gateway !== pair.gateway))
      go(place + 1, [...chosen, pair], product * pair.weight)
  }
  go(0, [], 1)
  return new Map([...sums].map(([key, sum]) => [key, sum / total]))
}

function farthest(found: ReadonlyMap<string, number>, want: ReadonlyMap<string, number>): number {
  expect([...found.keys()].sort()).toEqual([...want.keys()].sort())
  return Math.max(0, ...[...found].map(([key, p]) => Math.abs(p - (want.get(key) ?? Number.NaN))))
}

/** Any graph; weights are odds as evidence gives them. */
const graph = (most: number): fc.Arbitrary<Pair[]> =>
  fc.uniqueArray(
    fc.record({
      app: fc.nat(SIZE - 1),
      gateway: fc.nat(SIZE - 1),
      weight: fc.double({ min: -Math.log(100), max: most, noNaN: true }).map(Math.exp),
    }),
    { selector: name, maxLength: 14 },
  )

/** Without the pairs that would close a circle. */
function forestOf(pairs: readonly Pair[]): Pair[] {
  const part = Array.from({ length: 2 * SIZE }, (_, i) => i)
  return pairs.filter(pair => {
    const [a, b] = [part[pair.app], part[SIZE + pair.gateway]]
    if (a === b) return false
    part.forEach((p, i) => {
      if (p === b) part[i] = a ?? 0
    })
    return true
  })
}

describe('against all matchings', () => {
  test('exact where no circle of pairs exists', () => {
    fc.assert(
      fc.property(graph(Math.log(1000)).map(forestOf), pairs => {
        expect(farthest(byName(pairs), enumerated(pairs))).toBeLessThan(1e-3)
      }),
      runs(300),
    )
  })

  test('near on small graphs with circles, and nobody is given away more than once', () => {
    fc.assert(
      fc.property(graph(Math.log(20)), pairs => {
        const found = byName(pairs)
        expect(farthest(found, enumerated(pairs))).toBeLessThan(0.08)
        for (const side of ['app', 'gateway'] as const)
          for (let hop = 0; hop < SIZE; hop++) {
            const own = pairs.filter(p => p[side] === hop).map(p => found.get(name(p)) ?? Number.NaN)
            expect(own.reduce((sum, p) => sum + p, 0)).toBeLessThanOrEqual(1 + 1e-3)
          }
      }),
      runs(300),
    )
  })
})

test('what was not kept counts as a gateway hop that only its app hop could have', () => {
  const odds = fc.constantFrom(0, 0.1, 1, 5)
  const others = fc.array(odds, { minLength: SIZE, maxLength: SIZE })
  fc.assert(
    fc.property(graph(Math.log(20)).map(forestOf), others, (pairs, rest) => {
      const { edges, order } = edgesOf(pairs, rest)
      const found = marginals(edges, SIZE, TOLERANCE)
      const own = rest.flatMap((weight, app) => (weight > 0 ? [{ app, gateway: SIZE + app, weight }] : []))
      const want = enumerated([...pairs, ...own])
      order.forEach((pair, e) => {
        expect(
          Math.abs((found.probability[e] ?? Number.NaN) - (want.get(name(pair)) ?? Number.NaN)),
        ).toBeLessThan(1e-3)
      })
      rest.forEach((_, app) => {
        const elsewhere = want.get(`${app}-${SIZE + app}`) ?? 0
        expect(Math.abs((found.elsewhere[app] ?? Number.NaN) - elsewhere)).toBeLessThan(1e-3)
      })
    }),
    runs(100),
  )
})

test('a pair by itself has its odds', () => {
  expect(byName([{ app: 0, gateway: 0, weight: 3 }]).get('0-0')).toBeCloseTo(0.75, 12)
})

test('of two lines that fit one hop alike, each has a third of it, and nobody the rest', () => {
  const pairs = [0, 1].map(app => ({ app, gateway: 0, weight: 1 }))
  expect([...byName(pairs).values()]).toEqual([expect.closeTo(1 / 3, 6), expect.closeTo(1 / 3, 6)])
})

test('free is what is left of a gateway hop by other lines', () => {
  const { edges } = edgesOf([0, 1].map(app => ({ app, gateway: 0, weight: 1 })))
  // The other line alone would have the hop with odds of 1.
  expect([...marginals(edges, SIZE, TOLERANCE).free]).toEqual([
    expect.closeTo(0.5, 6),
    expect.closeTo(0.5, 6),
  ])
})

test('no pairs, no probabilities', () => {
  expect(byName([])).toEqual(new Map())
  const [gateway, weight, others] = [new Int32Array(0), new Float64Array(0), new Float64Array(0)]
  const none = { from: Int32Array.of(0), gateway, weight, others }
  expect([...marginals(none, 0, TOLERANCE).probability]).toEqual([])
})

test('huge, tiny and zero weights give probabilities', () => {
  const weight = fc.constantFrom(0, 1e-300, 1e-20, 1e-6, 1, 1e8, 1e20, 1e150)
  const pairs = fc.uniqueArray(fc.record({ app: fc.nat(SIZE - 1), gateway: fc.nat(SIZE - 1), weight }), {
    selector: name,
    maxLength: 20,
  })
  fc.assert(
    fc.property(pairs, list => {
      for (const p of byName(list).values()) {
        expect(p).toBeGreaterThanOrEqual(0)
        expect(p).toBeLessThanOrEqual(1)
      }
    }),
    runs(300),
  )
})

test('the order in which pairs are given changes nothing', () => {
  const shuffled = graph(Math.log(100)).chain(pairs =>
    fc
      .shuffledSubarray(pairs, { minLength: pairs.length, maxLength: pairs.length })
      .map(other => ({ pairs, other })),
  )
  fc.assert(
    fc.property(shuffled, ({ pairs, other }) => {
      expect(farthest(byName(other), byName(pairs))).toBeLessThan(1e-9)
    }),
    runs(200),
  )
})
