import fc from 'fast-check'
import { expect, test } from 'vitest'
import { inFolder } from '../../../test/support/folder.ts'
import { withStore } from '../../../test/support/store.ts'
import type { ApplicationRule } from '../../config/applications.ts'
import { FULL_LAYOUT } from '../../formats/apigee-export/columns.ts'
import type { ChunkLayout } from '../../formats/chunk.ts'
import { defineApplications } from '../../pipeline/applications.ts'
import { ApplicationOf } from './application-of.ts'

const APP: ChunkLayout = {
  kind: 'app', delimiter: ' ', quote: undefined, nullText: '-', key: 'app',
  columns: ['source_id', 'host', 'site', 'line_no', 'byte_offset', 'hop_id', '', 'server_ip', 'host_header'],
} // biome-ignore format: a layout

const TEXT = fc.constantFrom('pay', 'Pay-1', 'orders', 'a.b', '', 'w3svc2')
const GLOBS = fc.option(
  fc.array(fc.constantFrom('pay*', '*', 'PAY-1', 'orders', 'a.b', '*1', 'x'), { minLength: 1, maxLength: 2 }),
  { nil: undefined },
)
const RULES = fc.array(
  fc.record({ sites: GLOBS, hostHeaders: GLOBS, servers: GLOBS, hosts: GLOBS, proxies: GLOBS, targetHosts: GLOBS, environments: GLOBS }),
  { maxLength: 3 },
).map(list => list.map(({ sites, hostHeaders, servers, hosts, proxies, targetHosts, environments }, n): ApplicationRule => ({
  name: `app-${n}`, app: { sites, hostHeaders, servers, hosts }, gateway: { proxies, targetHosts, environments },
}))) // biome-ignore format: one record

const nullable = (text: string): string => (text === '' ? 'NULL' : `'${text}'`)

test('a row belongs to the application that decoding gives its fact', () =>
  inFolder(folder =>
    withStore(`${folder}/store`, async ({ db }) => {
      await fc.assert(
        fc.asyncProperty(RULES, fc.tuple(TEXT, TEXT, TEXT, TEXT), async (rules, [site, header, server, host]) => {
          await defineApplications(db, rules)
          const found = new ApplicationOf(rules)
          const { app, gateway } = await db.row<{ app: string; gateway: string }>(
            `SELECT app_application(${[site, header, server, host].map(nullable).join(', ')}) AS app,
               gateway_application(${[site, header, server].map(nullable).join(', ')}) AS gateway`,
          )
          const row = Buffer.from(`1 ${host || '-'} ${site || '-'} 1 0 id x ${server || '-'} ${header || '-'}\n`)
          expect(found.of(APP, row, row.length)).toBe(app)
          const values = new Map([['environment', site], ['apiproxy', header], ['target_host', server]])
          const call = Buffer.from(`${FULL_LAYOUT.columns.map(name => values.get(name) ?? '').join(FULL_LAYOUT.delimiter)}\n`)
          expect(found.of(FULL_LAYOUT, call, call.length)).toBe(gateway)
        }),
        { numRuns: 150 },
      )
    }),
  )) // biome-ignore format: one pair a line
