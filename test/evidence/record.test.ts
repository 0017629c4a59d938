import { join } from 'node:path'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { type AliasRow, AliasTable } from '../../src/evidence/verify/alias-table.ts'
import { evaluate } from '../../src/evidence/verify/evaluate.ts'
import type { Facts, FactValue } from '../../src/evidence/verify/facts.ts'
import { serverHop } from '../../src/evidence/verify/kernel.ts'
import { type Days, type LinkFacts, type RequestRecord, recordOf } from '../../src/evidence/verify/record.ts'
import { RECORD_COLUMNS, stampText } from '../../src/evidence/verify/record-columns.ts'
import { FACT_COLUMNS, HOP_KINDS, type HopKind } from '../../src/model/hop.ts'
import { micros } from '../../src/model/time.ts'
import { REQUEST_FIELDS } from '../../src/requests/fields.ts'
import { filtersOf, type Sample } from '../../src/requests/filter/filters.fixture.ts'
import { bindFilter, canonicalFilter, parseFilter, toSql } from '../../src/requests/filter/index.ts'
import { createRequestsView, LINK_COLUMNS } from '../../src/requests/view.ts'
import { type SimulationOptions, writeSimulation } from '../../src/simulate/index.ts'
import { factsRelation } from '../../src/store/facts.ts'
import { quoteIdentifier, sqlFile } from '../../src/store/query.ts'
import type { Store } from '../../src/store/store.ts'
import { closeAll, evenings } from '../support/days.ts'
import { inFolder, writeFiles } from '../support/folder.ts'
import { httperrOf } from '../support/httperr.ts'
import { runs } from '../support/runs.ts'
import { type IngestSetting, ingestInto, withStore } from '../support/store.ts'

type Row = Readonly<Record<string, unknown>>

const plain = (row: Row, columns: readonly { name: string; sql: string }[]): Facts =>
  Object.fromEntries(columns.flatMap(({ name, sql }) => {
    const value = row[name]
    if (value === null || value === undefined) return []
    const whole = (text: unknown): number | bigint => Number.isSafeInteger(Number(text)) ? Number(text) : BigInt(String(text))
    if (sql === 'TIMESTAMP') return [[name, micros(value) as FactValue]]
    if (sql === 'UUID') return [[name, String(value).replaceAll('-', '')]]
    return [[name, (sql === 'BIGINT' ? whole(value) : value) as FactValue]]
  })) // biome-ignore format: few words

/** Records of every request of a store: by this module from its hops and links, and by the view. */
async function bothWays(store: Store): Promise<{ own: RequestRecord[]; view: Row[] }> {
  const { db, state, root } = store
  await createRequestsView(store)
  await db.run(
    'CREATE OR REPLACE TEMP TABLE population AS SELECT *, row_number() OVER (ORDER BY start_ts, request_id) - 1 AS n FROM requests',
  )
  const view = await db.rows('SELECT * FROM population ORDER BY n')
  const facts = new Map<string, Facts>()
  for (const kind of HOP_KINDS)
    for (const row of await db.rows(`SELECT * FROM ${factsRelation(state, root, kind)}`)) {
      const hop = plain(row, FACT_COLUMNS[kind])
      facts.set(String(hop.hop_id), hop)
    }
  const hops = await db.rows<{ n: string; kind: HopKind; hop_id: string }>(
    `SELECT n, kind, hex_id(hop_id) AS hop_id FROM (${sqlFile('../../src/evidence/population_hops.sql', import.meta.url)}) ORDER BY n, k`,
  )
  const links = await db.rows<Row & { n: string; is_border: boolean }>(
    `SELECT p.n, p.is_border, l.* FROM (${sqlFile('../../src/evidence/population_links.sql', import.meta.url)}) AS p
     JOIN (SELECT FALSE AS is_border, * FROM link_rows UNION ALL SELECT TRUE, * FROM border_rows) AS l USING (is_border, gateway_hop_id, app_hop_id)`,
  )
  const hopsOf = byNumber(hops)
  const linksOf = byNumber(links)
  const aliases = await aliasesOf(store)
  const days: Days = {
    isClosed: (application, day) => state.days.get(`${application} ${day}`)?.state === 'closed',
    prunedBefore: state.pruning?.before,
  }
  const own = view.map((_, n) => {
    const of = (kind: HopKind): Facts[] =>
      (hopsOf.get(n) ?? []).flatMap(h => {
        const hop = h.kind === kind ? facts.get(h.hop_id) : undefined
        return hop ? [serverHop(aliases.apply(hop, kind), kind)] : []
      })
    const own: LinkFacts[] = (linksOf.get(n) ?? []).map(row => ({
      facts: plain(row, LINK_COLUMNS),
      isBorder: row.is_border,
    }))
    return recordOf({ gateway: of('gateway')[0], apps: [...of('app'), ...of('kernel')], links: own }, days)
  })
  return { own, view }
}

function byNumber<T extends { readonly n: string }>(rows: readonly T[]): Map<number, T[]> {
  const groups = new Map<number, T[]>()
  for (const row of rows) groups.set(Number(row.n), [...(groups.get(Number(row.n)) ?? []), row])
  return groups
}

async function aliasesOf({ db, state }: Store): Promise<AliasTable> {
  if (!state.subjects) return new AliasTable([])
  const rows = await db.rows<Record<string, string | null>>('SELECT * FROM subject_aliases')
  return new AliasTable(
    rows.map(({ from_day, to_day, ...row }) => ({
      ...(row as unknown as AliasRow),
      from: from_day ?? undefined,
      to: to_day ?? undefined,
    })),
  )
}

/** A record as the view shows it. */
const shown = (record: RequestRecord): Row =>
  Object.fromEntries(RECORD_COLUMNS.map(([name, shape]) => {
    const value = record[name]
    if (value === undefined) return [name, null]
    return [name, shape === 'stamp' ? stampText(Number(value)) : value]
  })) // biome-ignore format: few words

const viewed = (row: Row): Row =>
  Object.fromEntries(RECORD_COLUMNS.map(([name, shape]) => {
    const value = row[name] ?? null
    if (shape === 'stamp' && value !== null) return [name, stampText(micros(value) ?? 0)]
    return [name, shape === 'whole' && value !== null ? Number(value) : value]
  })) // biome-ignore format: few words

async function agree(store: Store): Promise<Map<unknown, number>> {
  const { own, view } = await bothWays(store)
  for (const [n, row] of view.entries()) expect(shown(own[n] ?? {})).toEqual(viewed(row))
  const states = new Map<unknown, number>()
  for (const { state } of view) states.set(state, (states.get(state) ?? 0) + 1)
  return states
}

const simulated = <T>(options: SimulationOptions, action: (store: Store) => Promise<T>, setting?: IngestSetting): Promise<T> =>
  inFolder(async folder => {
    await writeSimulation(options, join(folder, 'traffic'))
    return withStore(join(folder, 'store'), async store => {
      await ingestInto(store, [join(folder, 'traffic/apigee'), join(folder, 'traffic/iis'), ...httperrOf(join(folder, 'traffic'))], setting)
      return action(store)
    })
  }) // biome-ignore format: few words

/** Refusals of HTTP.sys, stopped pools, and connections on which nothing was asked. */
const REFUSED = {
  refusedShare: 0.15,
  poolStops: 1,
  poolStopMinutes: 3,
  kernelNoisePerHour: 200,
  retriesShare: 0.3,
  lostGatewayShare: 0.2,
}

const SMALL: SimulationOptions = { hours: 0.15, ratePerSecond: 1 }

describe('a record from its hops and links is what the view of requests says', () => {
  test.each<{ name: string; options: SimulationOptions; setting?: IngestSetting; has: readonly string[] }>([
    { name: 'retries, handshakes and losses', options: { ...SMALL, seed: 3, retriesShare: 0.2, handshakeShare: 0.4, ntlmShare: 0.5, lostAppShare: 0.1, lostGatewayShare: 0.1 }, has: ['joined', 'awaiting-app', 'awaiting-gateway', 'gateway-only'] },
    { name: 'ids that clients use again, and hosts without ids', options: { ...SMALL, ratePerSecond: 3, seed: 4, reusedIdShare: 0.4, idShare: 0.3, lostGatewayShare: 0.3 }, has: ['ambiguous'] },
    { name: 'refusals of HTTP.sys', options: { ...SMALL, ...REFUSED, ratePerSecond: 2, seed: 6 }, has: ['joined', 'awaiting-gateway', 'gateway-only'] },
    { name: 'aliases', options: { ...SMALL, seed: 5, timeoutShare: 0.1, unreachableShare: 0.1, appErrorShare: 0.2 }, setting: { config: { subjects: { aliases: [], rules: [{ match: 'CORP\\*', as: '*@corp.example' }] } } }, has: ['joined'] },
  ])('$name', async ({ options, setting, has }) => {
    const states = await simulated(options, agree, setting)
    for (const state of has) expect(states.get(state)).toBeGreaterThan(0)
  }) // biome-ignore format: a table

  test('refusals of HTTP.sys on a day that is closed', async () => {
    await simulated({ ...SMALL, ...REFUSED, ratePerSecond: 2, seed: 7 }, async store => {
      closeAll(store)
      expect((await agree(store)).get('kernel-only')).toBeGreaterThan(0)
      const refused = await store.db.rows<{ decided_by: string | null; joined: boolean }>(
        "SELECT DISTINCT decided_by, state = 'joined' AS joined FROM population WHERE kernel_reason IS NOT NULL ORDER BY ALL",
      )
      expect(refused).toContainEqual({ decided_by: 'kernel', joined: true })
      expect(refused).toContainEqual({ decided_by: 'kernel', joined: false })
    })
  })

  test('evenings that are open, then closed', async () => {
    await fc.assert(
      fc.asyncProperty(fc.nat(), async seed => {
        await inFolder(folder =>
          withStore(join(folder, 'store'), async store => {
            await ingestInto(store, writeFiles(folder, evenings(2, seed)))
            await agree(store)
            closeAll(store)
            expect((await agree(store)).get('awaiting-app')).toBeUndefined()
          }),
        )
      }),
      runs(2),
    )
  })
})

test('the columns are those of the view', async () => {
  await simulated({ ...SMALL, hours: 0.02 }, async store => {
    await createRequestsView(store)
    const columns = await store.db.rows<{ column_name: string }>('DESCRIBE requests')
    // What rules say of a request does not follow from its hops.
    const names = columns.map(c => c.column_name).filter(name => name !== 'rules' && name !== 'incidents')
    expect(RECORD_COLUMNS.map(([name]) => name)).toEqual(names)
  })
})

test('a filter finds the same requests here and in the database', async () => {
  await simulated(
    { ...SMALL, ratePerSecond: 1.5, seed: 8, appErrorShare: 0.2, idShare: 0.5 },
    async store => {
      const { own, view } = await bothWays(store)
      const samples = view.slice(0, 200).map(sampleOf)
      await fc.assert(
      fc.asyncProperty(filtersOf(REQUEST_FIELDS, samples), async tree => {
        const bound = bindFilter(parseFilter(canonicalFilter(tree)), REQUEST_FIELDS, new Date(0))
        const { where, params } = toSql(bound, { quoteIdentifier })
        const found = await store.db.rows<{ n: string }>(`SELECT n FROM population WHERE ${where || 'TRUE'} ORDER BY n`, params)
        const ours = own.flatMap((record, n) => (evaluate(bound, record) === true ? [n] : []))
        expect(ours).toEqual(found.map(r => Number(r.n)))
      }),
      runs(80),
    ) // biome-ignore format: few words
    },
  )
})

const sampleOf = (row: Row): Sample =>
  Object.fromEntries(REQUEST_FIELDS.flatMap(({ name, column, type }) => {
    const value = row[column]
    if (value === null || value === undefined) return []
    if (type === 'timestamp') return [[name, stampText(micros(value) ?? 0)]]
    return [[name, String(value)]]
  })) // biome-ignore format: few words
