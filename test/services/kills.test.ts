import { spawnSync } from 'node:child_process'
import { expect, test } from 'vitest'

/** Every kind of step by which a store changes, in every place; `npm run faults` tries each hit of each. */
const PLACES = ['facts', 'index', 'ledger', 'links', 'lock', 'rejects', 'snapshots', 'subjects', 'tmp']

test('a run that is killed at any point is made good by the next one, which ends like one that never was', () => {
  const { stdout, stderr } = spawnSync(process.execPath, ['scripts/faults.mjs', '--quick'], {
    encoding: 'utf8',
  })
  expect(stderr).toBe('')
  expect(stdout).not.toMatch(/^wrong {6}/m)
  const [, points = '', places = ''] = /^points {2}(\d+) {2}(.*)$/m.exec(stdout) ?? []
  expect(Number(points)).toBeGreaterThanOrEqual(30)
  expect(places.split(' ')).toEqual(expect.arrayContaining(PLACES))
}, 900_000)
