import { join } from 'node:path'
import { expect, test } from 'vitest'
import { CONFIG, type Config } from '../../src/config/schema.ts'
import { rederiveAndLink } from '../../src/pipeline/run.ts'
import { writeSimulation } from '../../src/simulate/index.ts'
import type { Store } from '../../src/store/store.ts'
import { type Exchange, written } from '../support/exchanges.ts'
import { type Fingerprint, fingerprint } from '../support/fingerprint.ts'
import { inFolder, writeFiles } from '../support/folder.ts'
import { ingestInto, withStore } from '../support/store.ts'

type Change = Partial<Pick<Config, 'fields' | 'applications' | 'subjects' | 'trustedProxies'>>

/** Two columns for the id and two for the person on either side; which one counts is configured. */
const EXCHANGES: Exchange[] = Array.from({ length: 60 }, (_, n) => {
  const isTwo = n % 3 === 0
  const [one, two] = [`first-${n}`, `second-${n}`]
  return {
    atMs: n * 900 + ((n * 7919) % 401),
    tookMs: 20 + ((n * 37) % 211),
    path: `/p/${n % 7}`,
    host: isTwo ? 'web02' : 'web01',
    gateway: {
      apiproxy: isTwo ? 'two' : 'one',
      dc_correlation_id: n % 4 === 0 ? '' : one,
      dc_request_id: two,
      dc_subject: `ann${n % 5}@corp.example`,
      dc_login: `bob${n % 3}@corp.example`,
      client_id: `client-${n % 2}`,
    },
    app: {
      'cs-username': n % 2 ? `CORP\\ann${n % 5}` : '-',
      'X-Correlation-ID': n % 5 === 0 ? '-' : one,
      'X-Second': `${two}.message-${n}`,
      'X-Login': `CORP\\bob${n % 3}`,
      'cs(Cookie)': 'a=b',
      traceparent: n % 2 ? `00-${String(n).padStart(32, '4a')}-00f067aa0ba902b7-01` : '-',
    },
  }
})

const changeOf = (raw: unknown): Change => {
  const { fields, applications, subjects, trustedProxies } = CONFIG.parse(raw)
  return { fields, applications, subjects, trustedProxies }
}

const APPLICATIONS = [
  { name: 'one', gateway: { proxies: ['one'] }, app: { hosts: ['web01'] } },
  { name: 'two', gateway: { proxies: ['two'] }, app: { hosts: ['web02'] } },
]
const FIELDS = {
  gateway: { correlation: ['dc_request_id', 'dc_correlation_id'], subject: ['dc_login'] },
  app: { correlation: ['X-Second', 'X-Correlation-ID'], subject: ['X-Login'] },
}
const RULES = { rules: [{ match: 'CORP\\*', as: '*@corp.example' }] }

const CHANGES: { name: string; before: unknown; after: unknown }[] = [
  { name: 'fields', before: {}, after: { fields: FIELDS } },
  { name: 'fields that were configured and no longer are', before: { fields: FIELDS }, after: {} },
  { name: 'no column that holds an id any more', before: {}, after: { fields: { gateway: { correlation: [] }, app: { correlation: [] } } } },
  { name: 'applications', before: {}, after: { applications: APPLICATIONS } },
  { name: 'applications that no longer are', before: { applications: APPLICATIONS }, after: {} },
  { name: 'everything', before: {}, after: { applications: APPLICATIONS, fields: FIELDS, subjects: RULES, trustedProxies: ['10.30.0.0/24'] } },
] // biome-ignore format: a table

/** Takes sources in under one configuration, then derives under another where given. */
async function taken(sources: (folder: string) => Promise<string[]>, first: Change, second?: Change): Promise<Fingerprint> {
  return inFolder(async folder => {
    const paths = await sources(join(folder, 'logs'))
    return withStore(join(folder, 'store'), async store => {
      await ingestInto(store, paths, { config: first })
      if (second) await derived(store, second)
      return withoutOrder(await fingerprint(store))
    })
  })
} // biome-ignore format: a signature

/** The order of an IIS log's columns is not kept: that of the other values of a line may differ. */
function withoutOrder(found: Fingerprint): Fingerprint {
  const facts = found.facts.map(text => {
    const fact = JSON.parse(text) as Record<string, unknown>
    const entries = Object.entries(JSON.parse(String(fact.attributes ?? '{}')) as Record<string, unknown>)
    return JSON.stringify({ ...fact, attributes: entries.map(([name, value]) => `${name}=${value}`).sort() })
  })
  return { ...found, facts }
}

async function derived(store: Store, change: Change): Promise<void> {
  await rederiveAndLink(store, { config: { ...CONFIG.parse({}), ...change } })
}

const exchanges = async (folder: string): Promise<string[]> => writeFiles(folder, written(EXCHANGES).files)

test.each(CHANGES)('deriving anew is as taking in anew: $name', async ({ before, after }) => {
  const fresh = await taken(exchanges, changeOf(after))
  expect(await taken(exchanges, changeOf(before), changeOf(after))).toEqual(fresh)
})

test('deriving anew is as taking in anew: traffic of a company, with what its logs hold besides', async () => {
  const traffic = async (folder: string): Promise<string[]> => {
    await writeSimulation({ seed: 51, hours: 0.1, ratePerSecond: 2, truncatedIdShare: 0.1, tracedShare: 0.2, retriesShare: 0.1, handshakeShare: 0.1 }, folder)
    return [join(folder, 'apigee'), join(folder, 'iis')]
  } // biome-ignore format: options
  const after = changeOf({
    applications: [
      { name: 'payroll', gateway: { proxies: ['payroll-*'] }, app: { sites: ['W3SVC2'] } },
      { name: 'others', gateway: { environments: ['*'] }, app: { hosts: ['WEB-APP-*'] } },
    ],
    fields: { gateway: { subject: ['dc_subject'] }, app: { correlation: ['X-Correlation-ID'], subject: [] } },
    subjects: RULES,
  })
  expect(await taken(traffic, changeOf({}), after)).toEqual(await taken(traffic, after))
})

test('deriving twice is as deriving once', async () => {
  const [one, other] = [changeOf({ fields: FIELDS }), changeOf({ applications: APPLICATIONS })]
  const twice = await inFolder(async folder => {
    const paths = await exchanges(join(folder, 'logs'))
    return withStore(join(folder, 'store'), async store => {
      await ingestInto(store, paths, { config: changeOf({}) })
      for (const change of [one, other, one]) await derived(store, change)
      return withoutOrder(await fingerprint(store))
    })
  })
  expect(twice).toEqual(await taken(exchanges, one))
})
