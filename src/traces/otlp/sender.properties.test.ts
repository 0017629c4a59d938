import fc from 'fast-check'
import { expect, test } from 'vitest'
import { runs } from '../../../test/support/runs.ts'
import type { Answer } from './answer.ts'
import { madeSpan } from './made-span.fixture.ts'
import { ACCEPTED, BUSY, MadeWorld, numbers, REFUSED, TOO_LARGE, TOO_MANY } from './made-world.fixture.ts'
import { startReceiver } from './receiver.fixture.ts'
import { OtlpSender } from './sender.ts'
import { spanSignal } from './signals.ts'
import { Transport } from './transport.ts'

const partly: Answer = { kind: 'accepted', rejected: 1, message: 'old' }
const lateBusy: Answer = { kind: 'retry', reason: 'unavailable', why: 'busy', afterMs: 20_000 }
const answer = fc.oneof(
  { weight: 6, arbitrary: fc.constantFrom(ACCEPTED, partly) },
  { weight: 4, arbitrary: fc.constantFrom(BUSY, lateBusy, TOO_MANY) },
  { weight: 1, arbitrary: fc.constant(TOO_LARGE) },
)
const plan = fc.record({
  /** Lengths of the lists that are handed over. */
  sends: fc.array(fc.nat(30), { maxLength: 12 }),
  /** Answers to requests in the order in which they come, then everything is accepted. */
  reactions: fc.array(fc.record({ answer, afterMs: fc.nat(5000) }), { maxLength: 60 }),
  batchItems: fc.integer({ min: 1, max: 12 }),
  concurrency: fc.integer({ min: 1, max: 5 }),
  mostBytes: fc.constantFrom(6, 20, 1000),
  /** A request that is refused for good, and the time of a stop. */
  fatal: fc.option(fc.nat(40), { nil: -1 }),
  stopMs: fc.option(fc.nat(60_000), { nil: undefined }),
  shares: fc.array(fc.double({ min: 0, max: 0.999, noNaN: true }), { minLength: 1, maxLength: 9 }),
})

/** What became of each item, by a backend that writes it down. */
class Book {
  readonly taken = new Map<number, number>()
  readonly refusedAlone = new Set<number>()
  readonly rejected: number[] = []

  note(items: readonly number[], said: Answer): void {
    if (said.kind === 'accepted') {
      for (const item of items) this.taken.set(item, (this.taken.get(item) ?? 0) + 1)
      this.rejected.push(said.rejected)
    } else if (said === TOO_LARGE && items.length === 1) for (const item of items) this.refusedAlone.add(item)
  }
}

test('whatever the backend does: each item is settled once, acknowledged in order, and nothing hangs', async () => {
  await fc.assert(
    fc.asyncProperty(plan, async ({ sends, reactions, fatal, stopMs, shares, ...options }) => {
      const book = new Book()
      const stop = new AbortController()
      let share = 0
      const world = new MadeWorld(
        (items, i) => {
          const reaction = reactions[i] ?? { answer: ACCEPTED, afterMs: 1 }
          const said = i === fatal ? REFUSED : reaction.answer
          if (stopMs !== undefined && world.nowMs - 1_000_000 >= stopMs) stop.abort('stopped')
          // A request that is destroyed at the end was still taken or not: only answers that arrived count.
          if (!stop.signal.aborted) book.note(items, said)
          return { answer: said, afterMs: reaction.afterMs }
        },
        {
          ...options,
          stop: stop.signal,
          random: () => shares[share++ % shares.length] ?? 0,
          patienceMs: Number.POSITIVE_INFINITY,
        },
      )
      const error = await world.run(sendAll(world, sends).catch((found: unknown) => found))
      await world.run(world.sender.close())
      check(world, book, sends, options.concurrency, error)
    }),
    runs(400),
  )
})

async function sendAll(world: MadeWorld, sends: readonly number[]): Promise<undefined> {
  let next = 0
  for (const length of sends) {
    await world.sender.send(numbers(length).map(n => n + next))
    next += length
  }
  await world.sender.flush()
  return undefined
}

function check(world: MadeWorld, book: Book, sends: readonly number[], concurrency: number, error: unknown): void {
  const { items, accepted, rejected } = world.sender.accounting
  expect(world.mostActive).toBeLessThanOrEqual(concurrency)
  expect(world.active).toBe(0)
  expect([...world.acknowledged].sort((a, b) => a - b)).toEqual(world.acknowledged)
  expect(world.sender.acknowledged).toBeLessThanOrEqual(accepted + rejected)
  const settled = (n: number): boolean => book.taken.get(n) === 1 || book.refusedAlone.has(n)
  if (error === undefined) {
    const total = sends.reduce((sum, n) => sum + n, 0)
    expect([items, accepted + rejected, world.sender.acknowledged]).toEqual([total, total, total])
    expect(numbers(total).filter(n => !settled(n))).toEqual([])
    const byAnswers = book.rejected.reduce((sum, n) => sum + n, 0)
    expect(rejected).toBe(byAnswers + book.refusedAlone.size)
  } else {
    expect(error === 'stopped' || (error as { code: string }).code === 'EXPORT_REFUSED').toBe(true)
    if (error !== 'stopped') expect(numbers(world.sender.acknowledged).filter(n => !settled(n))).toEqual([])
    expect(accepted + rejected).toBeLessThanOrEqual(items)
  }
} // biome-ignore format: a case a line

test('never more batches are held than are on their way and the one that fills', async () => {
  await fc.assert(
    fc.asyncProperty(plan, async ({ reactions, batchItems, concurrency }) => {
      let mostHeld = 0
      const world = new MadeWorld((_items, i) => reactions[i] ?? { answer: ACCEPTED, afterMs: 1 }, {
        batchItems,
        concurrency,
        patienceMs: Number.POSITIVE_INFINITY,
        onRetry: () => look(),
      })
      const look = (): void => {
        const { items, accepted, rejected } = world.sender.accounting
        mostHeld = Math.max(mostHeld, items - accepted - rejected)
      }
      for (let i = 0; i < 40; i++) {
        await world.run(world.sender.send(numbers(5)))
        look()
      }
      await world.run(world.sender.flush())
      expect(mostHeld).toBeLessThanOrEqual((concurrency + 1) * batchItems)
    }),
    runs(50),
  )
})

test('over real connections that fail at random, every span arrives and is accounted for', async () => {
  const faults = fc.array(fc.constantFrom('take', '503', '429', 'cut', 'lost', 'large'), { maxLength: 25 })
  await fc.assert(fc.asyncProperty(faults, sendOverFaults), runs(15))
})

/** `cut`: the connection ends unanswered; `lost`: the spans are taken, and the answer is lost. */
async function sendOverFaults(faults: readonly string[]): Promise<void> {
  const arrived = new Map<string, number>()
  let request = 0
  const receiver = await startReceiver((_request, body, response) => {
    const fault = faults[request++] ?? 'take'
    const names = [...body.toString().matchAll(/"name":"(span \d+)"/g)].map(match => match[1] ?? '')
    if (fault === '503' || fault === '429')
      return response.writeHead(Number(fault), { 'retry-after': '0' }).end()
    if (fault === 'large' && names.length > 1) return response.writeHead(413).end()
    if (fault === 'cut') return response.destroy()
    for (const name of names) arrived.set(name, (arrived.get(name) ?? 0) + 1)
    if (fault === 'lost') return response.destroy()
    return response.writeHead(200, { 'content-type': 'application/json' }).end('{}')
  })
  const signal = spanSignal('json')
  const transport = new Transport({ url: receiver.url, signal, connections: 3, nowMs: () => 0 })
  const sender = new OtlpSender({
    signal,
    transport,
    batchItems: 7,
    concurrency: 3,
    random: () => 0,
    nowMs: () => 0,
    sleep: async () => undefined,
  })
  try {
    await sender.send(numbers(200).map(madeSpan))
    await sender.flush()
    expect(arrived.size).toBe(200)
    expect(sender.accounting).toMatchObject({ items: 200, accepted: 200, rejected: 0 })
    const twice = [...arrived.values()].reduce((sum, times) => sum + times - 1, 0)
    const lost = faults.slice(0, request).filter(fault => fault === 'lost').length
    expect(twice).toBeLessThanOrEqual(7 * lost)
  } finally {
    await sender.close()
    await receiver.close()
  }
}
