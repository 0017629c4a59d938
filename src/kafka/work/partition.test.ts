import { join } from 'node:path'
import { expect, test } from 'vitest'
import { inFolder } from '../../../test/support/folder.ts'
import { NOON } from '../../../test/support/store.ts'
import { CONFIG } from '../../config/schema.ts'
import { Store } from '../../store/store.ts'
import { SCHEMA_VERSION } from '../batch/header.ts'
import { encodeBatch } from '../batch/message.ts'
import type { WorkEvent } from './events.ts'
import { type Fetched, Partition } from './partition.ts'

const TOPIC = 'throughline.hops'
const noBeat = async (): Promise<void> => undefined

/** A message that says how far a host has come. */
function message(offset: number, us: number): Fetched {
  const seen = [{ side: 'app' as const, host: 'web01', us }]
  const { value, headers } = encodeBatch({ schema: SCHEMA_VERSION, kind: 'progress', collector: 'web01', seen, lengths: [] }, [])
  return { key: null, value, headers, offset: String(offset), timestamp: '0' }
} // biome-ignore format: one message a line

async function open(path: string, takesOver: boolean, events: WorkEvent[] = []): Promise<Partition> {
  const surroundings = { now: () => NOON, newId: () => '00000000-0000-4000-8000-000000000000', by: 'test' }
  const store = await Store.write({ path, memoryMiB: 256, takesOver }, surroundings)
  return Partition.open(0, store, {
    config: CONFIG.parse({}), partitions: 1, nowMs: () => NOON, acceptsLoss: false, putAside: undefined, drains: false,
    onEvent: event => events.push(event), afterLinks: async () => undefined,
  }) // biome-ignore format: one call
}

test('a worker that was frozen loses at the ledger, and changes nothing', () =>
  inFolder(async folder => {
    const path = join(folder, 'partition-0000')
    const frozen = await open(path, false)
    await frozen.take(TOPIC, [message(0, 1)], noBeat)
    await frozen.commit()
    await frozen.take(TOPIC, [message(1, 2)], noBeat)
    await expect(open(path, false)).rejects.toMatchObject({ code: 'STORE_BUSY' })
    const next = await open(path, true)
    expect([frozen.isOvertaken, next.offsets.next(TOPIC)]).toEqual([false, 1])
    await next.take(TOPIC, [message(0, 1), message(1, 2), message(2, 3)], noBeat)
    await next.commit()
    const head = next.store.state.head
    expect(frozen.isOvertaken).toBe(true)
    await expect(frozen.commit()).rejects.toMatchObject({ code: 'STORE_BUSY' })
    frozen.abandon()
    await next.close()
    const after = await Store.read({ path, memoryMiB: 256 })
    expect(after.state.head).toBeGreaterThanOrEqual(head)
    expect(after.state.consumed.get(`${TOPIC} 0`)).toMatchObject({ next: 3, partitions: 1 })
    expect(after.state.seen.get('app web01')?.us).toBe(3)
    after.close()
  }))

test('what the ledger says of a topic is what a worker goes on with, and asks to compare', () =>
  inFolder(async folder => {
    const path = join(folder, 'partition-0000')
    const first = await open(path, false)
    expect([first.offsets.next(TOPIC), first.offsets.anchor(TOPIC)]).toEqual([undefined, undefined])
    await first.take(TOPIC, [message(4, 1), message(5, 2)], noBeat)
    expect([first.offsets.next(TOPIC), first.offsets.committed(TOPIC)]).toEqual([6, undefined])
    await first.commit()
    await first.close()
    const second = await open(path, false)
    expect([
      second.offsets.next(TOPIC),
      second.offsets.committed(TOPIC),
      second.offsets.anchor(TOPIC)?.offset,
    ]).toEqual([6, 6, 5])
    await second.close()
  }))
