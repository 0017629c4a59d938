import { appendFileSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { inFolder } from '../../../test/support/folder.ts'
import { emptyAccounting } from '../../model/source.ts'
import { Checkpoint, type CollectedSource } from './checkpoint.ts'

const HEAD = { version: 1, collector: 'web01', topic: 'throughline.hops', partitions: 12 } as const
const source = (id: number, rows: number): CollectedSource => ({
  source: `00000000-0000-4000-8000-00000000000${id}`,
  sent: { payroll: { rows, rejects: 0 } },
  hasRecordsWithoutId: false,
  record: {
    id, path: `/logs/${id}.log`, format: 'iis-w3c', gzip: false, sha256: '', rawBytes: rows, head: '',
    state: { lineNo: 1, byteOffset: 0, format: {} }, accounting: emptyAccounting(), status: 'partial',
  },
}) // biome-ignore format: one record

test('what was noted last of each source counts, also after a crash in the middle of a line', () =>
  inFolder(folder => {
    const checkpoint = Checkpoint.open(folder, HEAD)
    checkpoint.note([source(1, 10), source(2, 5)])
    checkpoint.note([source(1, 20)])
    appendFileSync(join(folder, 'sources.ndjson'), '{"record":{"id":1,"pa')
    const again = Checkpoint.open(folder, HEAD)
    expect([...again.sources.values()]).toEqual([source(1, 20), source(2, 5)])
    again.note([source(2, 6)])
    expect(Checkpoint.open(folder, HEAD).sources.get(2)).toEqual(source(2, 6))
  }))

test('its file does not grow with what it notes, but with sources', () =>
  inFolder(folder => {
    const checkpoint = Checkpoint.open(folder, HEAD)
    for (let rows = 0; rows < 3_000; rows++) checkpoint.note([source(1, rows)])
    expect(readFileSync(join(folder, 'sources.ndjson'), 'utf8').split('\n').length).toBeLessThan(1_100)
    expect(Checkpoint.open(folder, HEAD).sources.get(1)).toEqual(source(1, 2_999))
  }))

test('other topics or partitions, and lines that cannot be read, are refused', () =>
  inFolder(folder => {
    Checkpoint.open(folder, HEAD).note([source(1, 1)])
    expect(() => Checkpoint.open(folder, { ...HEAD, partitions: 24 })).toThrow(/throughline\.hops with 12 partitions, now throughline\.hops with 24/)
    expect(() => Checkpoint.open(folder, { ...HEAD, topic: 'other' })).toThrow(/now other with 12/)
    const file = join(folder, 'sources.ndjson')
    writeFileSync(file, readFileSync(file, 'utf8').replace('"record"', '"rekord"'))
    expect(() => Checkpoint.open(folder, HEAD)).toThrow(/line 2 cannot be read; restore the folder, or remove it/)
  })) // biome-ignore format: long messages
