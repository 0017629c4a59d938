import { describe, expect, test } from 'vitest'
import { applicationsOf, type LinkedPair } from './applications.ts'

const pair = (proxy: string, site: string | null, links: number, more: Partial<LinkedPair> = {}): LinkedPair => ({
  environment: 'prod', proxy, target_host: `${proxy}.example`, site, host_header: null, server_ip: '10.0.0.1', host: null, links, ...more,
}) // biome-ignore format: one row

const rules = (pairs: readonly LinkedPair[]) => applicationsOf(pairs).map(a => a.rule)

describe('applications are groups that are linked with one another', () => {
  test('each proxy with a site of its own', () => {
    expect(rules([pair('pay-v1', 'w3svc2', 60), pair('orders-v2', 'w3svc3', 40)])).toEqual([
      { name: 'pay', gateway: { proxies: ['pay-v1'] }, app: { sites: ['w3svc2'] } },
      { name: 'orders', gateway: { proxies: ['orders-v2'] }, app: { sites: ['w3svc3'] } },
    ])
  })

  test('two proxies of one site are one', () => {
    const [one, ...more] = rules([
      pair('a-v1', 'w3svc2', 60),
      pair('b-v1', 'w3svc2', 40, { target_host: 'a.example' }),
    ])
    expect(one).toEqual({ name: 'a', gateway: { proxies: ['a-v1', 'b-v1'] }, app: { sites: ['w3svc2'] } })
    expect(more).toEqual([])
  })

  test('less than 2 % between two are strays, 2 % are not', () => {
    const of = (links: number) =>
      applicationsOf([
        pair('a', 'w3svc2', 1000 - links),
        pair('a', 'w3svc3', links),
        pair('b', 'w3svc3', 1000),
      ])
    expect(of(19).map(({ links, crossing }) => [links, crossing])).toEqual([[1000, 19], [981, 19]]) // biome-ignore format: pairs
    expect(of(21)).toHaveLength(1)
  })

  test('a small site that only one proxy calls belongs to it, however small', () => {
    expect(
      rules([pair('a', 'w3svc2', 9999), pair('a', 'w3svc9', 1), pair('b', 'w3svc3', 50)])[0]?.app,
    ).toEqual({
      sites: ['w3svc2', 'w3svc9'],
    })
  })
})

describe('an application is named by what tells it from the others', () => {
  test('the host header where a site is shared', () => {
    const found = rules([
      pair('a', 'w3svc2', 60, { host_header: 'a.example' }),
      pair('b', 'w3svc2', 40, { host_header: 'b.example' }),
    ])
    expect(found.map(rule => rule.app)).toEqual([
      { hostHeaders: ['a.example'] },
      { hostHeaders: ['b.example'] },
    ])
  })

  test('site and server where two farms have the same site number', () => {
    const found = rules([pair('a', 'w3svc2', 60), pair('b', 'w3svc2', 40, { server_ip: '10.0.0.2' })])
    expect(found.map(rule => rule.app)).toEqual([
      { sites: ['w3svc2'], servers: ['10.0.0.1'] },
      { sites: ['w3svc2'], servers: ['10.0.0.2'] },
    ])
  })

  test('the environment where two of them have one proxy', () => {
    const found = rules([
      pair('a', 'w3svc2', 60, { target_host: 't' }),
      pair('a', 'w3svc3', 40, { target_host: 't', environment: 'test' }),
    ])
    expect(found.map(rule => [rule.name, rule.gateway])).toEqual([
      ['a', { proxies: ['a'], environments: ['prod'] }],
      ['a-2', { proxies: ['a'], environments: ['test'] }],
    ])
  })

  test('nothing is proposed where nothing logged tells them apart', () => {
    const blank = { server_ip: null, host_header: null }
    expect(rules([pair('a', null, 60, blank), pair('b', 'w3svc3', 40)]).map(rule => rule.name)).toEqual(['b'])
    expect(rules([])).toEqual([])
  })
})
