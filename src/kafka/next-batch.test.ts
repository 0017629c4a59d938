import { expect, test } from 'vitest'
import type { Ends } from './ends.ts'
import { NextBatch } from './next-batch.ts'

const away = { of: () => Promise.reject(new Error('connect ECONNREFUSED')) } as unknown as Ends
const batch = (...offsets: number[]) => ({
  topic: 'throughline.hops',
  partition: 0,
  messages: offsets.map(offset => ({ offset: String(offset), timestamp: '0', value: Buffer.from('x') })),
})

test('while no broker says where a topic ends, a batch with a gap before it is neither taken nor a failure', async () => {
  const next = new NextBatch(away)
  expect(await next.stepOf(batch(5, 6), 5)).toEqual({ is: 'next' })
  expect(await next.stepOf(batch(7, 8), 5)).toEqual({ is: 'unanswered', why: 'connect ECONNREFUSED' })
  expect(await next.isSame(batch(7, 8), { offset: 5, mark: 'm' })).toBeUndefined()
  expect(await next.isSame(batch(5), { offset: 5, mark: 'm' })).toBeUndefined()
})
