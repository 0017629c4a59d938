import { appendFileSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { inFolder } from '../../test/support/folder.ts'
import { withStore } from '../../test/support/store.ts'
import type { Store } from '../store/store.ts'
import { Receiver, receiverName } from './receiver.ts'

const DAY = '2026-03-02'
const item = (n: number, hash = n) => ({
  id: n.toString(16).padStart(32, '0'),
  hash: hash.toString(16).padStart(16, '0'),
})
const PENDING = { day: DAY, seq: 5, made: 'm' }

function withReceiver<T>(action: (store: Store, open: () => Promise<Receiver>) => Promise<T>): Promise<T> {
  return inFolder(folder =>
    withStore(join(folder, 'store'), store => action(store, () => Receiver.open(store, 'es', 'http://es'))),
  )
}

async function published(store: Store, receiver: Receiver): Promise<[string, string][]> {
  const rows = await store.db.rows<{ id: string; hash: string }>(
    `SELECT hex_id(request_id) AS id, printf('%016x', hash::HUGEINT) AS hash FROM ${receiver.published(DAY)} ORDER BY 1`,
  )
  return rows.map(({ id, hash }) => [id, hash])
}

const pairs = (...items: { id: string; hash: string }[]) => items.map(({ id, hash }) => [id, hash])

test('what was answered for is known afterwards, with the last hash', () =>
  withReceiver(async (store, open) => {
    const receiver = await open()
    receiver.begin(PENDING)
    receiver.noteTaken([item(1), item(2)])
    await receiver.finish(1)
    receiver.begin({ ...PENDING, seq: 6 })
    receiver.noteTaken([item(2, 0xffff), item(3)])
    await receiver.finish(1)
    expect(await published(store, receiver)).toEqual(pairs(item(1), item(2, 0xffff), item(3)))
    expect([
      receiver.isDone(DAY, 6, 'm'),
      receiver.isDone(DAY, 7, 'm'),
      receiver.isDone(DAY, 6, 'x'),
    ]).toEqual([true, false, false])
    receiver.close()
  }))

test('after a kill, whole notes count, a torn one does not, and the day is due', () =>
  withReceiver(async (store, open) => {
    const killed = await open()
    killed.begin(PENDING)
    killed.noteTaken([item(1), item(2)])
    appendFileSync(join(killed.folder, 'pending', `${DAY}.csv`), `${item(3).id},00`)
    killed.close()
    const receiver = await open()
    expect(await published(store, receiver)).toEqual(pairs(item(1), item(2)))
    expect(receiver.isDone(DAY, 0, 'm')).toBe(false)
    receiver.close()
  }))

test('two processes do not publish to one receiver at once', () =>
  withReceiver(async (_, open) => {
    const receiver = await open()
    await expect(open()).rejects.toMatchObject({ code: 'EXPORT_BUSY' })
    receiver.close()
    ;(await open()).close()
  }))

test('a note that cannot be read is said, and not written over', () =>
  withReceiver(async (_, open) => {
    const receiver = await open()
    receiver.begin(PENDING)
    receiver.close()
    const path = join(receiver.folder, 'checkpoint.json')
    writeFileSync(path, '{"version":1,')
    await expect(open()).rejects.toMatchObject({
      code: 'EXPORT_STATE',
      message: expect.stringContaining(path),
    })
    expect(readFileSync(path, 'utf8')).toBe('{"version":1,')
  }))

test('a receiver is named for where it is and what its indices are called', () => {
  expect(receiverName('https://es.example:9200', 'audit')).toBe('elastic-es.example-9200-audit')
})
