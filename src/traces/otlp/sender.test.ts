import { describe, expect, test } from 'vitest'
import {
  ACCEPTED,
  BUSY,
  MadeWorld,
  numbers,
  REFUSED,
  type Reaction,
  TOO_LARGE,
  TOO_MANY,
} from './made-world.fixture.ts'

const SECOND_MS = 1000
const accept = (): Reaction => ({ answer: ACCEPTED })

/** Sends all and flushes. */
function all(world: MadeWorld, items: readonly number[]): Promise<void> {
  return world.run(world.sender.send(items).then(() => world.sender.flush()))
}

async function failure(work: Promise<unknown>): Promise<unknown> {
  return work.then(
    () => expect.fail('it succeeded'),
    (error: unknown) => error,
  )
}

describe('batches', () => {
  test('all items, in order, in batches; a last one that is not full waits for the flush', async () => {
    const world = new MadeWorld(accept, { batchItems: 4 })
    await world.run(world.sender.send(numbers(3)))
    await world.run(world.sender.send([3, 4, 5]))
    await world.settle()
    expect(world.requests).toEqual([[0, 1, 2, 3]])
    await world.run(world.sender.flush())
    expect(world.requests).toEqual([
      [0, 1, 2, 3],
      [4, 5],
    ])
    expect(world.sender.accounting).toMatchObject({ batches: 2, items: 6, accepted: 6, rejected: 0, retries: 0 })
    // `[0,1,2,3]` and `[4,5]`.
    expect(world.sender.accounting.bytes).toBe(9 + 5)
  }) // biome-ignore format: one call

  test('a flush of nothing, twice, and a close', async () => {
    const world = new MadeWorld(accept)
    await world.run(world.sender.flush())
    await world.run(world.sender.flush())
    await world.run(world.sender.close())
    await world.run(world.sender.close())
    expect(world.requests).toEqual([])
  })

  test('it waits while as many batches as allowed are on their way', async () => {
    const world = new MadeWorld(() => ({ answer: ACCEPTED, afterMs: Number.POSITIVE_INFINITY }), {
      batchItems: 2,
      concurrency: 3,
    })
    let isTaken = false
    void world.sender.send(numbers(20)).catch(() => {
      isTaken = true
    })
    await world.settle()
    expect(world.requests).toHaveLength(3)
    expect(world.sender.accounting.items).toBe(8)
    expect(isTaken).toBe(false)
    await world.run(world.sender.close())
  })

  test('callers side by side lose nothing', async () => {
    const world = new MadeWorld(accept, { batchItems: 3, concurrency: 1 })
    const sends = numbers(10).map(i => world.sender.send([2 * i, 2 * i + 1]))
    await world.run(Promise.all(sends))
    await world.run(world.sender.flush())
    expect(world.requests.flat().sort((a, b) => a - b)).toEqual(numbers(20))
    expect(world.requests).not.toContainEqual([])
  })
})

describe('trying again', () => {
  test('waits double up to a limit, with jitter', async () => {
    const world = new MadeWorld((_items, i) => ({ answer: i < 7 ? BUSY : ACCEPTED }))
    await all(world, [1])
    expect(world.retries.map(r => r.waitMs / SECOND_MS)).toEqual([0.5, 1, 2, 4, 8, 15, 15])
    expect(world.retries[0]).toMatchObject({ attempt: 1, reason: 'unavailable', why: BUSY.kind === 'retry' && BUSY.why })
    expect(world.sender.accounting).toMatchObject({ items: 1, accepted: 1, retries: 7, retriedBy: { unavailable: 7 } })
    expect(world.sender.accounting.bytes).toBe(8 * '[1]'.length)
  }) // biome-ignore format: one call

  test('never before the backend asks for it', async () => {
    const answer = { ...BUSY, afterMs: 45 * SECOND_MS } as const
    const world = new MadeWorld((_items, i) => ({ answer: i === 0 ? answer : ACCEPTED }))
    await all(world, [1])
    expect(world.retries.map(r => r.waitMs)).toEqual([45 * SECOND_MS])
  })

  test('patience ends when nothing is accepted for too long', async () => {
    const world = new MadeWorld(() => ({ answer: BUSY }), { patienceMs: 60 * SECOND_MS })
    const startMs = world.nowMs
    const error = await failure(all(world, [1, 2]))
    expect(error).toMatchObject({ code: 'EXPORT_UNAVAILABLE', details: { items: 2, accepted: 0, acknowledged: 0 } })
    expect(String(error)).toMatch(/spans to http:\/\/backend\/v1\/traces: it answered 503.*60 s.*Of 2 handed over/)
    expect(world.nowMs - startMs).toBeLessThanOrEqual(60 * SECOND_MS)
    expect(world.nowMs - startMs).toBeGreaterThan(30 * SECOND_MS)
  }) // biome-ignore format: one call

  test('an acceptance renews patience', async () => {
    // The first item is refused for 90 s, while others pass now and then.
    const world = new MadeWorld(
      items => ({ answer: items[0] === 0 && world.nowMs < 1_090_000 ? BUSY : ACCEPTED, afterMs: 20_000 }),
      { batchItems: 1, concurrency: 2, patienceMs: 45 * SECOND_MS },
    ) // biome-ignore format: one call
    await all(world, numbers(6))
    expect(world.sender.accounting.accepted).toBe(6)
  })

  test('a pause without work does not count against patience', async () => {
    const world = new MadeWorld((_items, i) => ({ answer: i === 1 ? BUSY : ACCEPTED }), { patienceMs: 30 * SECOND_MS })
    await all(world, [1])
    world.nowMs += 3600 * SECOND_MS
    await all(world, [2])
    expect(world.sender.accounting).toMatchObject({ accepted: 2, retries: 1 })
  }) // biome-ignore format: one call

  test('a wait that is longer than patience is not begun', async () => {
    const answer = { ...BUSY, afterMs: 3600 * SECOND_MS } as const
    const world = new MadeWorld(() => ({ answer }))
    const startMs = world.nowMs
    expect(String(await failure(all(world, [1])))).toContain('asks to wait 3600 s')
    expect(world.nowMs - startMs).toBeLessThan(SECOND_MS)
  })

  test('endless patience', async () => {
    const world = new MadeWorld((_items, i) => ({ answer: i < 5000 ? BUSY : ACCEPTED }), { patienceMs: Number.POSITIVE_INFINITY })
    await all(world, [1])
    expect(world.sender.accounting.accepted).toBe(1)
  }) // biome-ignore format: one call

  test('fewer requests at a time after 429, more again with acceptance', async () => {
    const active: number[] = []
    const world = new MadeWorld(
      (_items, i) => {
        active.push(world.active + 1)
        return { answer: i < 12 ? TOO_MANY : ACCEPTED }
      },
      { batchItems: 1, concurrency: 4 },
    )
    await all(world, numbers(40))
    expect(active.slice(0, 4)).toEqual([1, 2, 3, 4])
    expect(active.slice(4, 13)).toEqual(Array(9).fill(1))
    expect(Math.max(...active.slice(-8))).toBe(4)
    expect(world.sender.accounting.retriedBy).toEqual({ 'too many requests': 12 })
  })
})

describe('what is not taken', () => {
  test('a partial success is counted and not sent again', async () => {
    const answers = [
      { rejected: 2, message: 'too old' },
      { rejected: 0, message: 'use v2' },
      { rejected: 9, message: '' },
      { rejected: 0, message: '', doubt: 'who are you?' },
    ]
    const world = new MadeWorld((_items, i) => ({ answer: { ...ACCEPTED, ...answers[i] } }), { batchItems: 3 })
    await all(world, numbers(12))
    const { items, accepted, rejected, rejectedBy, warnings } = world.sender.accounting
    expect([items, accepted, rejected]).toEqual([12, 7, 5])
    expect([...rejectedBy]).toEqual([['too old', 2], ['(the backend gives no reason)', 3]])
    expect([...warnings.keys()]).toEqual(['use v2', expect.stringContaining('more items'), 'who are you?'])
    expect(world.requests).toHaveLength(4)
    expect(world.acknowledged.at(-1)).toBe(12)
  }) // biome-ignore format: a table

  test('messages with an id in each do not fill memory', async () => {
    const world = new MadeWorld(([n]) => ({ answer: { ...ACCEPTED, rejected: 1, message: `span ${n}` } }), { batchItems: 1 })
    await all(world, numbers(200))
    expect(world.sender.accounting.rejectedBy.size).toBe(51)
    expect(world.sender.accounting.rejectedBy.get('(other messages)')).toBe(150)
  }) // biome-ignore format: one call

  test('what is too large is halved; one item that is too large alone is rejected', async () => {
    const world = new MadeWorld(items => ({ answer: items.includes(5) ? TOO_LARGE : ACCEPTED }), { batchItems: 8, concurrency: 1 })
    await all(world, numbers(24))
    expect(world.requests.filter(r => r.length > 1 && r.includes(5))).toHaveLength(3)
    expect(world.sender.accounting).toMatchObject({ items: 24, accepted: 23, rejected: 1, splits: 3 })
    expect([...world.sender.accounting.rejectedBy.keys()]).toEqual(['413 Payload Too Large.'])
    // One item is no reason to send all others in small batches.
    expect(world.requests).toContainEqual(numbers(24).slice(16))
  }) // biome-ignore format: one call

  test('a limit of the backend is learned', async () => {
    const world = new MadeWorld(items => ({ answer: items.length > 5 ? TOO_LARGE : ACCEPTED }), {
      batchItems: 16,
      concurrency: 1,
    })
    await all(world, numbers(100))
    expect(world.requests.filter(r => r.length > 5).length).toBeLessThan(8)
    expect(world.sender.accounting.accepted).toBe(100)
  })

  test('what is too long is not tried', async () => {
    const world = new MadeWorld(accept, { batchItems: 8, mostBytes: 9 })
    await all(world, numbers(8))
    expect(world.requests).toEqual([numbers(4), [4, 5, 6, 7]])
    expect(world.sender.accounting).toMatchObject({ accepted: 8, splits: 1, bytes: 18 })
  })
})

describe('the end', () => {
  test('a refusal ends it, and everything throws the same error from then on', async () => {
    const world = new MadeWorld((_items, i) => ({ answer: i === 2 ? REFUSED : ACCEPTED }), {
      batchItems: 2,
      concurrency: 1,
    })
    const error = await failure(all(world, numbers(20)))
    expect(error).toMatchObject({ code: 'EXPORT_REFUSED', details: { accepted: 4, acknowledged: 4 } })
    expect(String(error)).toContain('401 Unauthorized')
    expect(await failure(world.sender.send([1]))).toBe(error)
    expect(await failure(world.sender.flush())).toBe(error)
    await world.run(world.sender.close())
    expect(world.requests).toHaveLength(3)
    expect(world.sender.acknowledged).toBe(4)
  })

  test('a refusal ends the waiting of others at once', async () => {
    const long = { ...BUSY, afterMs: 300 * SECOND_MS } as const
    const world = new MadeWorld(([n]) => ({ answer: n === 0 ? long : REFUSED, afterMs: n === 0 ? 1 : 50 }), { batchItems: 1 })
    const startMs = world.nowMs
    expect(await failure(all(world, numbers(9)))).toMatchObject({ code: 'EXPORT_REFUSED' })
    await world.run(world.sender.close())
    expect(world.nowMs - startMs).toBeLessThan(SECOND_MS)
  }) // biome-ignore format: one call

  test('acknowledgements wait for the batch before', async () => {
    const world = new MadeWorld(([n]) => ({ answer: ACCEPTED, afterMs: n === 0 ? 1000 : 10 }), {
      batchItems: 2,
    })
    await all(world, numbers(6))
    expect(world.acknowledged).toEqual([6])
  })

  test('an acknowledgement that fails ends it', async () => {
    const world = new MadeWorld(accept, {
      onAcknowledged: () => {
        throw new Error('disk full')
      },
    })
    expect(await failure(all(world, [1]))).toEqual(new Error('disk full'))
  })

  test('a request that cannot be made is a bug and shows as it is', async () => {
    const encode = () => {
      throw new TypeError('no such field')
    }
    const world = new MadeWorld(accept, { signal: { noun: 'spans', encode } })
    expect(await failure(all(world, [1]))).toBeInstanceOf(TypeError)
  })

  test('a stop ends the waiting at once, with its reason', async () => {
    const stop = new AbortController()
    const world = new MadeWorld(() => ({ answer: BUSY }), { stop: stop.signal, random: () => 0.99 })
    const sent = failure(world.sender.send([1]).then(() => world.sender.flush()))
    await world.settle()
    stop.abort('SIGTERM')
    const beforeMs = world.nowMs
    expect(await sent).toBe('SIGTERM')
    expect(world.nowMs).toBe(beforeMs)
    await world.run(world.sender.close())
  })

  test('a stop ends the waiting for a place', async () => {
    const stop = new AbortController()
    const world = new MadeWorld(() => ({ answer: ACCEPTED, afterMs: Number.POSITIVE_INFINITY }), { batchItems: 1, stop: stop.signal }) // biome-ignore format: one call
    const sent = failure(world.sender.send(numbers(9)))
    await world.settle()
    stop.abort('SIGTERM')
    expect(await sent).toBe('SIGTERM')
    await world.run(world.sender.close())
    expect(world.sender.accounting.accepted).toBe(0)
  })

  test('a stop before the start', async () => {
    const world = new MadeWorld(accept, { stop: AbortSignal.abort('early') })
    expect(await failure(world.sender.send([1]))).toBe('early')
    await world.run(world.sender.close())
    expect(world.requests).toEqual([])
  })

  test('after a stop, requests that are under way may still end, for a while', async () => {
    const stop = new AbortController()
    const world = new MadeWorld(([n]) => ({ answer: ACCEPTED, afterMs: n === 0 ? 1500 : Number.POSITIVE_INFINITY }), { batchItems: 1, stop: stop.signal }) // biome-ignore format: one call
    const sent = failure(world.sender.send([0, 1]).then(() => world.sender.flush()))
    await world.settle()
    const startMs = world.nowMs
    stop.abort('SIGTERM')
    expect(await sent).toBe('SIGTERM')
    await world.run(world.sender.close())
    expect(world.nowMs - startMs).toBe(2 * SECOND_MS)
    expect(world.sender.accounting).toMatchObject({ items: 2, accepted: 1 })
    expect(world.acknowledged).toEqual([1])
    expect(world.active).toBe(0)
  })
})
