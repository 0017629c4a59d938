import { join } from 'node:path'
import picomatch from 'picomatch'
import { expect, test } from 'vitest'
import { inFolder, writeFiles } from '../../test/support/folder.ts'
import { CALLS, portalFiles } from '../../test/support/portal.ts'
import { ingestInto, withStore } from '../../test/support/store.ts'
import { parseConfig } from '../config/load.ts'
import { CONFIG, type Config } from '../config/schema.ts'
import { createRequestsView } from '../requests/view.ts'
import type { Store } from '../store/store.ts'
import { proposeApplications } from './applications.ts'
import { draftConfig } from './draft.ts'
import { surveyStore } from './survey.ts'

interface Ends extends Record<string, string | null> {
  readonly message_id: string
  readonly id: string
}

/** Links by what their records say themselves, with what applications are matched by. */
async function linkedEnds(store: Store): Promise<Ends[]> {
  await createRequestsView(store)
  return store.db.rows<Ends>(
    `SELECT g.message_id, a.correlation_raw AS id, g.proxy AS proxies, g.target_host AS "targetHosts", g.environment AS environments,
       a.site AS sites, a.host_header AS "hostHeaders", a.server_ip AS servers, a.host AS hosts
     FROM link_rows AS l JOIN gateway_facts AS g ON g.hop_id = l.gateway_hop_id JOIN app_facts AS a ON a.hop_id = l.app_hop_id
     WHERE l.verdict = 'linked' ORDER BY ALL`,
  )
}

/** The first application whose part matches, as the configuration's documentation says it. */
function applicationOf(config: Config, part: 'gateway' | 'app', hop: Ends): string {
  const found = config.applications.find(application =>
    Object.entries(application[part] ?? {}).every(([key, globs]) =>
      picomatch.isMatch(hop[key] ?? '', globs as string[], { nocase: true }),
    ),
  )
  return found?.name ?? 'default'
}

test('a store made with the draft has the same links, each inside one application', async () => {
  await inFolder(async folder => {
    writeFiles(folder, portalFiles())
    const sources = [join(folder, 'exports'), join(folder, 'iis')]
    const [text, before] = await withStore(join(folder, 'a'), async store => {
      await ingestInto(store, sources)
      const survey = await surveyStore(store, CONFIG.parse({}))
      const applications = await proposeApplications(store)
      return [draftConfig({ survey, applications, read: [], store: 'b' }), await linkedEnds(store)] as const
    })
    const config = parseConfig(text, 'draft')
    const after = await withStore(join(folder, 'b'), async store => {
      await ingestInto(store, sources, { config })
      return linkedEnds(store)
    })
    const pairs = (ends: readonly Ends[]) => ends.map(({ message_id, id }) => [message_id, id])
    expect(pairs(after)).toEqual(pairs(before))
    expect(after).toHaveLength(2 * CALLS)
    const names = after.map(hop => [applicationOf(config, 'gateway', hop), applicationOf(config, 'app', hop)])
    expect(names.filter(([gateway, app]) => gateway !== app)).toEqual([])
    expect([...new Set(names.map(([name]) => name))].sort()).toEqual(['orders', 'payroll'])
  })
})

test('log text in comments stays in them', async () => {
  await inFolder(async folder => {
    writeFiles(folder, { 'x.json': '' })
    await withStore(join(folder, 'a'), async store => {
      const survey = await surveyStore(store, CONFIG.parse({}))
      const text = draftConfig({
        survey: {
          ...survey,
          pairs: [{ gatewayField: 'a\nstore: stolen\u0085x: 1', appField: 'b: {', how: 'equal', links: 1 }],
        },
        applications: [],
        read: ['  a\r\nstore: stolen'],
        store: 'x',
      })
      expect(parseConfig(text, 'draft')).toMatchObject({
        store: 'x',
        fields: { app: { correlation: ['b: {'] } },
      })
    })
  })
})
