import { expect, test } from 'vitest'
import { parseConfig } from './load.ts'

const PAYROLL = `{ name: payroll, gateway: { proxies: [payroll-v1], environments: [prod] }, app: { sites: [W3SVC2] } }`

test('no applications is the default', () => {
  expect(parseConfig('', 'c.yaml').applications).toEqual([])
})

test('an application is globs for both sides', () => {
  expect(parseConfig(`applications: [${PAYROLL}]`, 'c.yaml').applications).toEqual([
    {
      name: 'payroll',
      gateway: { proxies: ['payroll-v1'], environments: ['prod'] },
      app: { sites: ['W3SVC2'] },
    },
  ])
})

test.each([
  { text: PAYROLL.replace('payroll,', '"-pay",'), words: 'applications.1.name: got "-pay"; expected up to 64 letters' },
  { text: PAYROLL.replace('payroll,', 'Default,'), words: 'applications.1.name: got "Default"; default is what matches no application' },
  { text: PAYROLL.replace('payroll,', 'Payroll,'), words: 'applications.1.name: got "Payroll"; payroll is defined twice' },
  { text: '{ name: b, gateway: { environments: [PROD], proxies: [Payroll-v1, payroll-v1] } }', words: 'contradictory: payroll and b have the same gateway part' },
  { text: '{ name: b, gateway: { proxies: [b] }, app: { sites: [w3svc2] } }', words: 'contradictory: payroll and b have the same app part' },
  { text: '{ name: b, gateway: {} }', words: 'applications.1.gateway: got {}; expected proxies, targetHosts or environments' },
  { text: '{ name: b, app: { sites: [] } }', words: 'applications.1.app.sites: got []; expected at least one glob' },
  { text: '{ name: b, app: { site: [x] } }', words: 'applications.1.app.site: unknown key; did you mean sites?' },
])('what does not fit is refused: $words', ({ text, words }) => {
  expect(() => parseConfig(`applications: [${PAYROLL}, ${text}]`, 'c.yaml')).toThrow(words)
}) // biome-ignore format: a table
