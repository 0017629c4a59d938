import { expect, test } from 'vitest'
import { nearest } from './nearest.ts'

test.each([
  { name: 'limt', want: 'limit' },
  { name: 'LIMIT', want: 'limit' },
  { name: 'colums', want: 'columns' },
  { name: 'frm', want: 'from' },
  { name: 'quux', want: undefined },
  { name: 'completely-else', want: undefined },
])('the name meant by $name is $want', ({ name, want }) => {
  expect(nearest(name, ['limit', 'columns', 'from'])).toBe(want)
})
