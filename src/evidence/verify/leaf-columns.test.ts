import { describe, expect, test } from 'vitest'
import { HOP_KINDS } from '../../model/hop.ts'
import { personalColumns, restColumns } from '../../model/leaf-columns.ts'
import { type LeafColumn, leafText } from '../../model/leaf-text.ts'
import { LINK_COLUMNS } from '../../requests/view.ts'
import { LEAF_COLUMNS, LINK_TEXT, readText } from './leaf-columns.ts'

const shape = ({ sql }: LeafColumn): string => {
  if (sql === 'BOOLEAN') return 'flag'
  if (sql === 'DOUBLE') return 'fraction'
  if (sql.endsWith('[]')) return 'list'
  return ['INTEGER', 'BIGINT', 'TIMESTAMP'].includes(sql) ? 'whole' : 'text'
}
const shapes = (columns: readonly LeafColumn[]) =>
  columns.filter(c => !c.isLater).map(c => ({ name: c.name, shape: shape(c) }))

describe('the columns that evidence is checked with are those that leaves are made of', () => {
  test.each(HOP_KINDS)('%s', kind => {
    expect(LEAF_COLUMNS[kind]).toEqual({
      personal: shapes(personalColumns(kind)),
      rest: shapes(restColumns(kind)),
    })
  })

  test('links', () => {
    expect(LINK_TEXT).toEqual(shapes(LINK_COLUMNS))
  })
})

test('a text is read as it was written', () => {
  const row = {
    hop_id: 'ab',
    path: 'a\tb\x1bc',
    host: '',
    other_ids: ['x\t', ''],
    status: 200,
    bytes_in: 2n ** 63n - 1n,
    handshake: false,
  }
  const read = readText(LEAF_COLUMNS.app.rest, leafText(restColumns('app'), row))
  expect(Object.fromEntries(Object.entries(read ?? {}).filter(([, v]) => v !== undefined))).toEqual(row)
})

test.each([
  { name: 'a value too few', text: '\t'.repeat(LINK_TEXT.length - 1) },
  { name: 'one that is not ended', text: `${'\t'.repeat(LINK_TEXT.length)}x` },
  { name: 'one more without a name', text: `${'\t'.repeat(LINK_TEXT.length)}x\t` },
])('$name is no text', ({ text }) => {
  expect(readText(LINK_TEXT, text)).toBeUndefined()
}) // biome-ignore format: few words
