import { expect, test } from 'vitest'
import { Gate } from './gate.ts'

test('so many are inside at a time, first come, first served', async () => {
  const gate = new Gate(2)
  const order: number[] = []
  for (let i = 0; i < 5; i++) void gate.enter().then(() => order.push(i))
  await Promise.resolve()
  expect([order, gate.active]).toEqual([[0, 1], 2])
  gate.leave()
  await Promise.resolve()
  expect([order, gate.active]).toEqual([[0, 1, 2], 2])
})

test('it halves down to one and comes back one by one', () => {
  const gate = new Gate(8)
  const limits = [1, 2, 3, 4].map(() => {
    gate.lower()
    return gate.limit
  })
  expect(limits).toEqual([4, 2, 1, 1])
  gate.raise()
  expect(gate.limit).toBe(2)
  for (let i = 0; i < 100; i++) gate.raise()
  expect(gate.limit).toBe(8)
})

test('one that is shut turns all away, and those inside are waited for', async () => {
  const gate = new Gate(1)
  expect(await gate.enter()).toBe(true)
  const waiting = gate.enter()
  const idle = gate.idle()
  gate.shut()
  expect(await waiting).toBe(false)
  expect(await gate.enter()).toBe(false)
  await idle
  let isIdle = false
  const after = gate.idle().then(() => {
    isIdle = true
  })
  await Promise.resolve()
  expect(isIdle).toBe(false)
  gate.leave()
  await after
})
