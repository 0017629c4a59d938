import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { keysOf } from './keys.ts'
import { Store } from './store.ts'

let folder: string

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'tl-store-keys-'))
})
afterEach(() => rmSync(folder, { recursive: true }))

const keys = () => join(folder, 'keys')

async function written<T>(look: (store: Store) => T, hasKeys = true): Promise<T> {
  const surroundings = {
    now: () => 0,
    newId: () => 's',
    by: 'test',
    ...(hasKeys ? { keyFolder: keys() } : {}),
  }
  const store = await Store.write({ path: join(folder, 'store'), memoryMiB: 256 }, surroundings)
  try {
    return look(store)
  } finally {
    store.close()
  }
}

describe('keys of a store', () => {
  test('are made by the first writer, named by an entry, and kept', async () => {
    const first = await written(store => store.keys)
    const [named, again] = await written(store => [store.state.keys, store.keys])
    expect(named).toMatchObject([
      { seq: 1, fingerprint: first?.signing?.fingerprint, salts: first?.salts?.id },
    ])
    expect(again?.signing?.publicKey).toEqual(first?.signing?.publicKey)
    expect(again?.salts).toEqual(first?.salts)
  })

  test('are made by the first writer that asks for them', async () => {
    expect(await written(store => [store.keys, store.state.head], false)).toEqual([undefined, 0])
    expect(await written(store => store.state.keys.map(k => k.seq))).toEqual([1])
  })

  test('that are elsewhere are not made anew: it is said which are missing', async () => {
    const [record] = await written(store => store.state.keys)
    rmSync(keys(), { recursive: true })
    const found = await written(store => ({ ...store.keys, head: store.state.head }))
    expect(found).toEqual({
      signing: undefined,
      salts: undefined,
      problem: `${keys()}/s/signing-${record?.fingerprint.slice(0, 16)}.pem and ${keys()}/s/salts-${record?.salts}.key not found`,
      head: 1,
    })
  })

  test('that cannot be made do not keep logs from being taken in', async () => {
    writeFileSync(keys(), 'a file where the folder should be')
    const found = await written(store => ({ ...store.keys, head: store.state.head }))
    expect(found).toMatchObject({ signing: undefined, salts: undefined, head: 0 })
    expect(found.problem).toMatch(/^no key could be made: E(?:NOTDIR|EXIST)/)
  })

  test('are not below the store', async () => {
    await written(() => {})
    expect(
      readdirSync(join(folder, 'store'), { recursive: true }).filter(name => /pem|key$/.test(String(name))),
    ).toEqual([])
  })
})

test('a reader of a store without key is told so', async () => {
  const { state } = await written(store => store, false)
  expect(keysOf(state, keys()).problem).toBe('the store has no key yet')
})
