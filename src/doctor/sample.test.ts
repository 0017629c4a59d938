import { expect, test } from 'vitest'
import { type Candidate, chooseSample, dayOf } from './sample.ts'

const file = (path: string, bytes = 10): Candidate => ({ path, bytes, changed: '2026-01-01' })

test.each([
  ['iis/WEB01/W3SVC2/u_ex260302_x.log', '2026-03-02'],
  ['iis/u_ex26030214.log', '2026-03-02'],
  ['api_2026-03-02_to_2026-03-03-000000000000.json', '2026-03-02'],
  ['exports/2026-03-02/shard-000.json.gz', '2026-03-02'],
  ['date=20260302/1.json', '2026-03-02'],
  ['exports/all.json', undefined],
])('the day of %s is %s', (path, day) => {
  expect(dayOf(path)).toBe(day)
})

test('everything is read up to the limit', () => {
  const files = [file('a/u_ex260101.log'), file('a/u_ex260102.log')]
  expect(chooseSample(files, 20)).toEqual(files)
  expect(chooseSample(files, 19)).toHaveLength(1)
})

test('of more, whole days with both sides, spread, in the order given', () => {
  const days = Array.from({ length: 9 }, (_, i) => `2026-01-0${i + 1}`)
  const files = days.flatMap(day => [
    file(`export-${day}.json`),
    file(`iis/u_ex${day.slice(2).replaceAll('-', '')}.log`),
  ])
  const chosen = chooseSample(files, 60).map(f => f.path)
  expect(chosen).toEqual([
    'export-2026-01-03.json', 'iis/u_ex260103.log', 'export-2026-01-05.json', 'iis/u_ex260105.log',
    'export-2026-01-08.json', 'iis/u_ex260108.log',
  ]) // biome-ignore format: three days
})

test('a day that is larger than the limit is read all the same', () => {
  expect(chooseSample([file('u_ex260101.log', 100), file('u_ex260102.log', 100)], 50)).toHaveLength(1)
})
