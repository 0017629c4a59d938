import { describe, expect, test } from 'vitest'
import { storm } from './faults.ts'

describe('a storm', () => {
  const faults = [{ kind: 'html' }, { kind: 'status', status: 503 }, { kind: 'reset-answer' }] as const
  const kinds = (seed: number, share: number, count = 3_000) =>
    Array.from({ length: count }, (_, i) => storm({ seed, share, faults })(i).kind)

  test('is the same with the same seed, and another with another', () => {
    expect(kinds(1, 0.5)).toEqual(kinds(1, 0.5))
    expect(kinds(1, 0.5)).not.toEqual(kinds(2, 0.5))
  })

  test.each([0, 0.3, 1])('meets a share of %f of the requests, with each fault about as often', share => {
    const met = kinds(7, share)
    const part = (kind: string) => met.filter(it => it === kind).length / met.length
    expect(part('pass')).toBeCloseTo(1 - share, 1)
    for (const { kind } of faults) expect(part(kind)).toBeCloseTo(share / 3, 1)
  })
})
