import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import type { Config } from '../../src/config/schema.ts'
import { DOCUMENT_JSON } from '../../src/elastic/document-sql.ts'
import { createDocuments } from '../../src/elastic/documents.ts'
import { allEntries } from '../../src/ledger/entry-file.ts'
import { parseSubjectText } from '../../src/model/subject-text.ts'
import { erase } from '../../src/pipeline/erase/erase.ts'
import { planErasure } from '../../src/pipeline/erase/plan.ts'
import { addHold } from '../../src/pipeline/holds.ts'
import { rederiveAndLink } from '../../src/pipeline/run.ts'
import { recordedAliases } from '../../src/requests/subjects.ts'
import { compact } from '../../src/store/compact.ts'
import type { Store } from '../../src/store/store.ts'
import {
  ANN,
  ANN_IIS,
  BOB,
  CONFIGURED,
  type Company,
  filesWith,
  WORDS,
  withCompany,
} from '../support/erasing.ts'
import { facts, requestsOf } from '../support/fingerprint.ts'
import { writeFiles } from '../support/folder.ts'
import { ingestInto } from '../support/store.ts'

const SUBJECT = parseSubjectText(ANN) ?? { kind: 'user' as const, issuer: '', name: '' }
const ASKED = { subject: SUBJECT, mentions: [] }
const DAY = '2026-03-02'

const ownOf = async (store: Store, subject: string) =>
  (await requestsOf(store)).filter(r => r.subject === subject)

describe('an erasure', () => {
  test.each<{ name: string; prepare: (company: Company) => Promise<unknown>; config?: Config; why: RegExp }>([
    {
      name: 'a hold keeps one of her requests',
      prepare: ({ store }) => addHold(store, { filter: 'status >= 100', range: undefined, untilUs: undefined, ...WORDS }),
      why: /hold \d+ keeps \d+ of its requests; .*hold release/,
    },
    {
      name: 'the text of a hold names her, though it finds nothing',
      prepare: ({ store }) => addHold(store, { filter: `subject:"${ANN}" and status:599`, range: undefined, untilUs: undefined, ...WORDS }),
      why: /the text of hold \d+ names it/,
    },
    {
      name: 'a day of hers is open',
      prepare: async ({ store, folder }) => {
        const late = '#Fields: date time s-computername cs-uri-stem\r\n2026-03-03 00:01:00 WEB-X /late\r\n'
        await ingestInto(store, writeFiles(folder, { 'late.log': late }), { config: { subjects: CONFIGURED.subjects } })
        store.append({ kind: 'day', application: 'default', day: '2026-03-03', state: 'open', reason: 'test' })
      },
      why: /are open: close them with: throughline link 2026-03-03 --close/,
    },
    {
      name: 'a day of hers is not linked',
      prepare: async ({ store }) => store.state.unlinkedDays.add(`default ${DAY}`),
      why: /day 2026-03-02 of application default is not linked yet; run: throughline link/,
    },
    {
      name: 'the configuration names her',
      prepare: async () => undefined,
      config: { ...CONFIGURED, subjects: { rules: [], aliases: [{ subject: ANN, names: ['CORP\\am'] }] } },
      why: /configuration still names it under subjects.aliases/,
    },
  ])('is refused where $name, and nothing is changed', ({ prepare, config = CONFIGURED, why }) =>
    withCompany(7, async company => {
      await prepare(company)
      const { head } = company.store.state
      const refused = expect(erase(company.store, config, ASKED, WORDS)).rejects
      await refused.toMatchObject({ code: 'ERASE_REFUSED', message: expect.stringMatching(why) })
      expect(company.store.state.head).toBe(head)
    }),
  ) // biome-ignore format: a table

  test('leaves what others say of her unless that is asked for, and says how much it is', () =>
    withCompany(7, async ({ store }) => {
      const before = new Map((await requestsOf(store)).map(r => [r.request_id, r]))
      const plan = await planErasure(store, CONFIGURED, ASKED)
      // A look at her pay; `malice.meyers` is not hers, and neither is the build of an app that has the number of her client.
      const [build, pay] = plan.mentioned
      expect([build, pay, plan.mentioned.length]).toMatchObject([{ name: '4711' }, { name: ANN, hops: 1 }, 2])
      expect(plan.segments.every(s => s.mentions === 0)).toBe(true)
      const { erasedAs = '' } = await erase(store, CONFIGURED, ASKED, WORDS)
      const of = async (path: string) => (await requestsOf(store)).filter(r => String(r.path).includes(path)).map(r => [r.path, r.subject])
      expect(await of(ANN)).toEqual([[`/people/${ANN}/pay`, BOB]])
      expect(await of('malice')).toEqual([['/malice.meyers', BOB]])
      expect((await of(erasedAs)).sort()).toEqual([[`/people/${erasedAs}/${erasedAs}`, erasedAs], [`/people/${erasedAs}/pay`, erasedAs]])
      const changed = (await requestsOf(store)).filter(r => r.subject !== erasedAs && JSON.stringify(before.get(r.request_id)) !== JSON.stringify(r))
      expect(changed).toEqual([])
    })) // biome-ignore format: one expectation a line

  test('names files before and after with their digests, and never her', () =>
    withCompany(7, async ({ store }) => {
      const old = new Map(store.state.segments.map(s => [s.path, s.sha256]))
      await expect(erase(store, CONFIGURED, ASKED, { why: `of ${ANN_IIS}`, who: 'x' })).rejects.toThrow(/reason or author names the subject/)
      await expect(planErasure(store, CONFIGURED, { ...ASKED, mentions: ['bob'] })).rejects.toThrow(/--mentions bob: that is no name of the subject/)
      await erase(store, CONFIGURED, ASKED, WORDS)
      const entries = [...allEntries(join(store.root, 'ledger'))].map(e => e.entry)
      const erased = entries.find(e => e.kind === 'erased')
      expect(erased?.rewritten.length).toBeGreaterThan(0)
      for (const pair of erased?.rewritten ?? []) expect(pair.old.sha256).toBe(old.get(pair.old.path))
      expect(erased).toMatchObject({ mentions: 0, ...WORDS, frozen: [{ day: DAY }, { day: '2026-03-03' }] })
      expect(JSON.stringify(erased)).not.toMatch(/alice|meyer/i)
      expect(recordedAliases(store).imported).toMatchObject([{ entries: [{ subject: BOB }] }])
    })) // biome-ignore format: one expectation a line

  test('stands whatever is derived, merged, linked or taken in after it', () =>
    withCompany(7, async ({ store, folder }) => {
      const { erasedAs = '' } = await erase(store, CONFIGURED, ASKED, WORDS)
      const [own, all] = [await ownOf(store, erasedAs), await requestsOf(store)]
      expect(own.length).toBeGreaterThan(5)
      await rederiveAndLink(store, { config: CONFIGURED })
      await compact(store, { everything: true })
      expect(await ownOf(store, erasedAs)).toEqual(own)
      expect(await requestsOf(store)).toEqual(all)
      // Links of these days stay as they are: what comes in late is not linked, and says so.
      const links = [...store.state.days.values()].map(d => d.link?.contentHash)
      const late = '#Fields: date time s-computername cs-uri-stem cs-username\r\n2026-03-02 23:58:00 WEB-X /late CORP\\alice.meyer\r\n'
      const { linked } = await ingestInto(store, writeFiles(folder, { 'late.log': late }), { config: { subjects: CONFIGURED.subjects } })
      expect(linked.find(d => d.day === DAY)?.warnings.join()).toMatch(/people were erased .* cannot be linked/)
      expect([...store.state.days.values()].map(d => d.link?.contentHash)).toEqual(links)
      // What she does after it is hers again, until she is erased again.
      expect(await ownOf(store, ANN)).toHaveLength(1)
      expect((await filesWith(store, ANN_IIS)).length).toBeGreaterThan(0)
      expect((await facts(store, 'app')).filter(f => f.includes(erasedAs)).length).toBeGreaterThan(5)
    })) // biome-ignore format: one expectation a line

  test('changes her documents for Elasticsearch, and no others', () =>
    withCompany(7, async ({ store }) => {
      const before = await documentsOf(store)
      const { erasedAs = '' } = await erase(store, CONFIGURED, { ...ASKED, mentions: [ANN] }, WORDS)
      const after = await documentsOf(store)
      expect([...after.keys()]).toEqual([...before.keys()])
      expect([...after.values()].join()).not.toContain(ANN)
      for (const [id, document] of after) {
        const was = before.get(id) ?? ''
        const hashOf = (text: string): unknown => (JSON.parse(text) as Record<string, unknown>)['throughline.document_hash']
        expect([id, document === was]).toEqual([id, !was.includes('alice.meyer@')])
        if (document !== was) expect(hashOf(document)).not.toBe(hashOf(was))
      }
      expect([...after.values()].filter(d => d.includes(erasedAs)).length).toBeGreaterThan(5)
    })) // biome-ignore format: one expectation a line
})

async function documentsOf(store: Store): Promise<Map<string, string>> {
  const documents = new Map<string, string>()
  for (const day of [DAY, '2026-03-03']) {
    await createDocuments(store, day, {})
    const rows = await store.db.rows<{ id: string; doc: string }>(
      `SELECT request_id AS id, ${DOCUMENT_JSON} AS doc FROM documents ORDER BY request_id`,
    )
    for (const { id, doc } of rows) documents.set(id, doc)
  }
  return documents
}
