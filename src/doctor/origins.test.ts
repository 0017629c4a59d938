import { expect, test } from 'vitest'
import { siteOfPath } from './logs.ts'
import { looksLikeHost } from './origins.ts'

test.each([
  ['WEB-PAY-01', true], ['web01', true], ['srv2.corp.example', true], ['DEBERWEB3', true], ['10.20.1.11', false],
  ['W3SVC2', false], ['FTPSVC1', false], ['logs', false], ['logs-2026', false], ['2026-07-01', false], ['july2026', false],
  ['day1', false], ['backup_2', false], ['payroll', false], ['prod', false], ['v1', false], ['a b1', false],
] as const)('%s looks like a host: %s', (folder, isHost) => {
  expect(looksLikeHost(folder)).toBe(isHost)
}) // biome-ignore format: a table

test('the site is the folder that IIS made', () => {
  expect(siteOfPath('a/WEB01/W3SVC12/u_ex260701.log')).toBe('w3svc12')
  expect(siteOfPath('a/W3SVC12.log')).toBeUndefined()
})
