import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { inFolder } from '../../test/support/folder.ts'
import { NOON, withStore } from '../../test/support/store.ts'
import type { Context } from './context.ts'
import { LastingRecords } from './reads.ts'

const DAY_MS = 24 * 3_600_000
const ASKED = { command: 'work', what: { to: 'http://127.0.0.1:9200' } }

test('what is given again and again has one record a receiver and day', () =>
  inFolder(folder =>
    withStore(join(folder, 'store'), async store => {
      let nowMs = NOON
      const records = new LastingRecords({ now: () => nowMs } as Context)
      const given = (): object[] =>
        readdirSync(join(store.root, 'readers'), { recursive: true, encoding: 'utf8' })
          .filter(name => name.endsWith('.ndjson'))
          .sort()
          .map(name => JSON.parse(readFileSync(join(store.root, 'readers', name), 'utf8').trim().split('\n').at(-1) ?? '') as object)
      for (const rows of [3, 0, 4]) await records.add(store, ASKED, async () => rows)
      expect(given()).toEqual([expect.objectContaining({ command: 'work' })])
      nowMs += DAY_MS
      await records.add(store, ASKED, async () => 5)
      await expect(records.add(store, ASKED, () => Promise.reject(new Error('away')))).rejects.toThrow('away')
      records.end()
      expect(given()).toMatchObject([{ rows: 7 }, { rows: 5 }])
    }),
  )) // biome-ignore format: one step a line
