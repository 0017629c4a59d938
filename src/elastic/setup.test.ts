import { expect, test } from 'vitest'
import { dayOfIndex, indexOf, namesOf } from './names.ts'
import { rolesOf } from './roles.ts'
import { pruneCalls } from './setup.ts'
import { templateCalls } from './templates.ts'

const NAMES = namesOf('tl')

test('a day has one index, and an index one day', () => {
  expect(indexOf(NAMES, '2026-03-02')).toBe('tl-requests-2026.03.02')
  expect(dayOfIndex(NAMES, 'tl-requests-2026.03.02')).toBe('2026-03-02')
  for (const other of ['tl-requests', 'tl-coverage', 'tl-requests-old', 'xtl-requests-2026.03.02'])
    expect(dayOfIndex(NAMES, other)).toBeUndefined()
})

test('pruning deletes whole days before one, and nothing else', () => {
  const indices = [
    'tl-coverage',
    'tl-requests-2026.03.01',
    'tl-requests-2026.03.02',
    'tl-requests-2026.03.03',
  ]
  const calls = pruneCalls(NAMES, indices.map(index => ({ index, meta: undefined })), '2026-03-02') // biome-ignore format: one call
  expect(calls).toEqual([{ method: 'DELETE', path: '/tl-requests-2026.03.01' }])
})

test('an analyst sees the alias alone; only the publisher may write', () => {
  const { analyst, auditor, publisher } = rolesOf(NAMES)
  expect(analyst.indices.flatMap(it => it.names)).toEqual(['tl-requests', 'tl-coverage'])
  for (const { indices } of [analyst, auditor])
    expect(new Set(indices.flatMap(it => it.privileges))).toEqual(new Set(['read', 'view_index_metadata']))
  expect(publisher.indices.flatMap(it => it.privileges)).toContain('index')
})

test('a policy and its settings are made only where the server deletes indices', () => {
  const options = { prefix: 'tl', deployment: 'one' }
  const text = (more: object) => JSON.stringify(templateCalls({ ...options, ...more }))
  expect(text({})).not.toContain('lifecycle')
  const kept = templateCalls({ ...options, retentionDays: 30 })
  expect(kept[0]).toMatchObject({
    path: '/_ilm/policy/tl-requests',
    body: { policy: { phases: { delete: { min_age: '31d' } } } },
  })
  expect(text({ retentionDays: 30 })).toContain(
    '"lifecycle":{"name":"tl-requests","parse_origination_date":true}',
  )
})

// Index templates of Elastic's own have priorities up to 200.
test('templates use only field types that every distribution has, and stand above those of others', () => {
  const types = new Set<string>()
  JSON.stringify(templateCalls({ prefix: 'tl', deployment: 'one' }), (key, value) => {
    if (key === 'type' && typeof value === 'string') types.add(value)
    if (key === 'priority') expect(value).toBeGreaterThan(200)
    return value
  })
  expect([...types].sort()).toEqual(
    ['alias', 'boolean', 'date', 'date_nanos', 'double', 'flattened', 'ip', 'keyword', 'long'],
  ) // biome-ignore format: a table
})
