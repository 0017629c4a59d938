import fc from 'fast-check'
import { expect, test } from 'vitest'
import { runs } from '../../test/support/runs.ts'
import { nameExpression, standingName } from './name-pattern.ts'

const stands = (name: string, text: string): boolean => new RegExp(standingName([name]), 'iu').test(text)

test.each([
  { name: 'ann', text: 'ann', want: true },
  { name: 'ann', text: '/people/Ann/pay', want: true },
  { name: 'ann', text: '{"user":"CORP\\\\ANN"}', want: true },
  { name: 'ann', text: 'u=CORP%5Cann&x=1', want: true },
  { name: 'ann', text: 'u=CORP%255Cann', want: true },
  { name: 'ann', text: "Employees('ann')", want: true },
  { name: 'ann', text: '/planning', want: false },
  { name: 'ann', text: 'ann@corp.example', want: false },
  { name: 'ann', text: 'u=ann%40corp.example', want: false },
  { name: 'ann', text: 'mary-ann', want: false },
  { name: 'ann', text: 'ann2', want: false },
  { name: 'ann.meyer@corp.example', text: 'u=Ann.Meyer%40corp.example', want: true },
  { name: 'ann.meyer@corp.example', text: '/a/annxmeyer@corp.example', want: false },
  { name: 'ann meyer', text: '/a/ann+meyer/', want: true },
  { name: 'ann meyer', text: '/a/ann%20meyer/', want: true },
  { name: 'jürgen', text: '/J%C3%BCrgen', want: true },
  { name: 'jürgen', text: '/J%C3%9Crgen', want: true },
  { name: 'jürgen', text: '{"u":"j\\u00fcrgen"}', want: true },
  { name: 'web01$', text: 'CORP\\WEB01$', want: true },
])('$name stands in $text: $want', ({ name, text, want }) => expect(stands(name, text)).toBe(want))

test('a name is found in every way to write it, and what is put in its place is found no more', () =>
  fc.assert(
    fc.property(fc.string({ minLength: 1, maxLength: 12, unit: 'grapheme' }), name => {
      const ways = [name, encodeURIComponent(name), encodeURIComponent(encodeURIComponent(name)), JSON.stringify(name).slice(1, -1)]
      for (const way of ways) expect(new RegExp(`^${nameExpression(name)}$`, 'iu').test(way)).toBe(true)
      if (!/^[\p{L}\p{N}][\p{L}\p{N}._@ -]*$/u.test(name)) return
      const again = `/a/${name}/${name}/b`
      const gone = [1, 2].reduce(text => text.replace(new RegExp(standingName([name]), 'giu'), '$1erased-00000000$2'), again)
      expect(stands(name, gone)).toBe(false)
    }),
    runs(300),
  )) // biome-ignore format: long lines
