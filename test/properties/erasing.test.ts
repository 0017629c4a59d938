import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { parseSubjectText } from '../../src/model/subject-text.ts'
import { erase } from '../../src/pipeline/erase/erase.ts'
import { addHold, releaseHold } from '../../src/pipeline/holds.ts'
import { indexRequests } from '../../src/requests/index-requests.ts'
import { RECORD_HASH } from '../../src/requests/population.ts'
import { prepareSearch } from '../../src/requests/search.ts'
import { checkStore } from '../../src/store/check.ts'
import type { Store } from '../../src/store/store.ts'
import { sweepReplaced } from '../../src/store/sweep.ts'
import { ANN, ANN_IIS, askFor, BOB, CONFIGURED, filesWith, WORDS, withCompany } from '../support/erasing.ts'
import { facts } from '../support/fingerprint.ts'
import { runs } from '../support/runs.ts'
import { ingestInto, NOON } from '../support/store.ts'

interface Row {
  readonly request_id: string
  readonly hash: string
  readonly state: string
  readonly status: number | null
  readonly subject: string | null
}

async function requestsOf(store: Store): Promise<Row[]> {
  const { from, params } = await prepareSearch(store, { filter: '', nowMs: NOON })
  return store.db.rows<Row>(
    `SELECT request_id, ${RECORD_HASH} AS hash, state, status, subject FROM ${from} ORDER BY request_id`,
    params,
  )
}

/** Requests of whom any hop says a name, whatever column it stands in; read without the code under test. */
async function requestsNaming(store: Store, text: string): Promise<Set<string>> {
  const hops = new Set<string>()
  for (const s of store.state.segments) {
    const rows = await store.db.rows<{ id: string }>(
      `SELECT hex_id(hop_id) AS id FROM read_parquet('${store.file(s.path)}') AS t WHERE contains(lower(replace(t::VARCHAR, '%40', '@')), $text)`,
      { text },
    )
    for (const { id } of rows) hops.add(id)
  }
  const { from, params } = await prepareSearch(store, { filter: '', nowMs: NOON })
  const rows = await store.db.rows<{ request_id: string; gateway_hop_id: string | null; app_hop_ids: string[] }>(
    `SELECT request_id, gateway_hop_id, app_hop_ids FROM ${from}`,
    params,
  )
  const names = (r: (typeof rows)[number]): boolean => [r.gateway_hop_id ?? '', ...r.app_hop_ids].some(id => hops.has(id))
  return new Set(rows.filter(names).map(r => r.request_id))
} // biome-ignore format: long lines

const tally = (rows: readonly Row[]): Record<string, number> => {
  const counts: Record<string, number> = {}
  for (const { state, status } of rows) counts[`${state} ${status}`] = (counts[`${state} ${status}`] ?? 0) + 1
  return counts
}

const subjectOf = (text: string) => parseSubjectText(text) ?? { kind: 'user' as const, issuer: '', name: '' }

const linksOf = (store: Store) => [...store.state.days].map(([key, d]) => [key, d.state, d.link?.contentHash])

/** Logs as they may be handed over once more: other bytes, the same records, and one that came out otherwise. */
function handOver(folder: string): string[] {
  const root = join(folder, 'logs')
  const extra = join(folder, 'again.log')
  const [header = '', ...lines] = readFileSync(join(folder, 'extra.log'), 'utf8').split('\r\n')
  writeFileSync(extra, [header, '2026-03-02 23:49:00 WEB-X GET /new - - 10.1.2.5 200', ...lines].join('\r\n'))
  const records = readExports(root).map(line => JSON.parse(line) as Record<string, unknown>)
  const changed = records.map((r, i) => (i % 2 ? r : { ...r, ax_ua_os_family: 'another version' }))
  writeFileSync(join(folder, 'again.json'), changed.map(r => `${JSON.stringify(r)}\n`).join(''))
  return [extra, join(folder, 'again.json')]
} // biome-ignore format: long lines

function readExports(root: string): string[] {
  const files = readdirSync(join(root, 'apigee'), { recursive: true, withFileTypes: true }).filter(e => e.isFile())
  return files.flatMap(e => readFileSync(join(e.parentPath, e.name), 'utf8').split('\n').filter(Boolean))
} // biome-ignore format: long lines

test('an erased person is in no file; counts, links and all others are as before, and no log brings her back', () =>
  fc.assert(
    fc.asyncProperty(fc.integer({ min: 1, max: 99 }), fc.constantFrom(ANN, ANN_IIS), (seed, name) =>
      withCompany(seed, async ({ store, folder }) => {
        expect((await indexRequests(store)).length).toBe(2)
        askFor(store, `subject:"${ANN}"`)
        const hold = await addHold(store, { filter: `subject:"${ANN}"`, range: undefined, untilUs: undefined, why: `case ${ANN}`, who: 'legal' })
        releaseHold(store, hold, WORDS)
        const before = await requestsOf(store)
        const links = linksOf(store)
        const named = await requestsNaming(store, 'alice.meyer')
        const own = before.filter(r => r.subject === ANN)
        expect(own.length).toBeGreaterThan(5)
        const done = await erase(store, CONFIGURED, { subject: subjectOf(name), mentions: [ANN, 'alice.meyer'] }, WORDS)
        expect(done.requests).toBeGreaterThanOrEqual(own.length)
        sweepReplaced(store, 0)

        // `malice.meyers` is another word, which holds hers.
        const left = await filesWith(store, 'alice.meyer')
        expect(left.map(path => path.replace(/\/[^/]*$/, ''))).toEqual(['facts/app/date=2026-03-02'])
        expect(await filesWith(store, ANN)).toEqual([])
        const after = await requestsOf(store)
        expect(tally(after)).toEqual(tally(before))
        expect(after.map(r => r.request_id)).toEqual(before.map(r => r.request_id))
        expect(after.filter(r => r.subject === done.erasedAs).map(r => r.request_id)).toEqual(own.map(r => r.request_id))
        const other = (rows: readonly Row[]) => rows.filter(r => !named.has(r.request_id)).map(r => r.hash)
        expect(other(after)).toEqual(other(before))
        expect(other(after).length).toBeGreaterThan(own.length)
        expect(linksOf(store)).toEqual(links)
        expect((await checkStore(store.root, store.db, { isOwner: true })).problems).toEqual([])

        const { head } = store.state
        const again = await erase(store, CONFIGURED, { subject: subjectOf(name), mentions: [] }, WORDS)
        expect([again.erasedAs, again.segments, store.state.head]).toEqual([undefined, [], head])

        const kept = [(await facts(store, 'gateway')).length, (await facts(store, 'app')).length]
        const { sources } = await ingestInto(store, handOver(folder), { config: { subjects: CONFIGURED.subjects } })
        expect(await filesWith(store, ANN)).toEqual([])
        const dropped = sources.reduce((sum, s) => sum + s.accounting.duplicates, 0)
        const decoded = sources.reduce((sum, s) => sum + s.accounting.decoded, 0)
        const now = [(await facts(store, 'gateway')).length, (await facts(store, 'app')).length]
        expect(decoded - dropped).toBe((now[0] ?? 0) - (kept[0] ?? 0) + (now[1] ?? 0) - (kept[1] ?? 0))
        expect(now[1]).toBe((kept[1] ?? 0) + 1)
        expect(before.some(r => r.subject === BOB)).toBe(true)
      }),
    ),
    { ...runs(2), endOnFailure: true },
  )) // biome-ignore format: long lines
