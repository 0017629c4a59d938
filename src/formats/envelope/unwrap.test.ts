import { expect, test } from 'vitest'
import { unwrap } from './unwrap.ts'

test.each([
  { name: 'nested', json: { log: { file: { path: 'p' } } } },
  { name: 'dotted', json: { 'log.file.path': 'p' } },
  { name: 'dotted, then nested', json: { 'log.file': { path: 'p' } } },
  { name: 'nested, then dotted', json: { log: { 'file.path': 'p' } } },
  { name: 'beside another object of the same name', json: { log: { offset: 1 }, 'log.file.path': 'p' } },
  { name: 'the source of Splunk', json: { source: 'p' } },
])('a path that is $name', ({ json }) => expect(unwrap({ message: 'x', ...json })?.path).toBe('p'))

test.each([
  { name: 'a name', host: { name: 'web01' }, want: 'web01' },
  { name: 'a text', host: ' web01 ', want: 'web01' },
  { name: 'an object without a name', host: { hostname: 'web01' }, want: undefined },
  { name: 'nothing', host: '-', want: undefined },
  { name: 'a text with a line feed, which would be part of an identity', host: 'web01\n', want: 'web01' },
  { name: 'a text with a line feed inside', host: 'web\n01', want: undefined },
  { name: 'longer than a name may be', host: 'w'.repeat(256), want: undefined },
])('a host that is $name', ({ host, want }) => expect(unwrap({ message: 'x', host })?.host).toBe(want))

test.each([
  { offset: 0, want: 0 },
  { offset: '12', want: 12 },
  { offset: -1, want: undefined },
  { offset: 1.5, want: undefined },
  { offset: 2 ** 53, want: undefined },
  { offset: 'x', want: undefined },
])('the offset $offset', ({ offset, want }) =>
  expect(unwrap({ message: 'x', log: { offset } })?.offset).toBe(want),
)

test('a message is not looked for inside of a text', () => {
  expect(unwrap({ result: '{"_raw":"x"}' })).toBeUndefined()
  expect(unwrap([{ message: 'x' }])).toBeUndefined()
  expect(unwrap(null)).toBeUndefined()
})
