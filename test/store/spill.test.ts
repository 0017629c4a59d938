import { existsSync, readdirSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { writerName } from '../../src/ledger/writer.ts'
import { Store, withEngine } from '../../src/store/store.ts'
import { inFolder } from '../support/folder.ts'
import { withStore } from '../support/store.ts'

/** Sorts more than fits into the memory below. */
const SORT =
  "SELECT max(s) AS last FROM (SELECT range::VARCHAR AS s, repeat('x', 300) AS t FROM range(900000) ORDER BY t || hash(s))"
const LITTLE = 128

const spilled = () => existsSync(join(tmpdir(), `throughline-${writerName()}`))

test('a reader whose question does not fit into memory spills beside the store, and leaves nothing', () =>
  inFolder(async folder => {
    const path = join(folder, 'store')
    await withStore(path, async () => {})
    const before = readdirSync(path)
    const reader = await Store.read({ path, memoryMiB: LITTLE })
    expect(await reader.db.row(SORT)).toEqual({ last: '99999' })
    reader.close()
    expect(await withEngine({ path, memoryMiB: LITTLE }, db => db.row(SORT))).toEqual({ last: '99999' })
    expect([readdirSync(path).filter(name => name !== 'readers'), spilled()]).toEqual([before, false])
  }))
