import { join } from 'node:path'
import { expect, test } from 'vitest'
import { type Exchange, written } from '../../test/support/exchanges.ts'
import { inFolder, writeFiles } from '../../test/support/folder.ts'
import { ingestInto, withStore } from '../../test/support/store.ts'
import { createRequestsView } from '../requests/view.ts'
import type { Store } from '../store/store.ts'
import { outcomesOf } from './outcomes.ts'

const DAY = 86_400_000
const HOUR = 3_600_000
const withId = (atMs: number, id: string, rest: Partial<Exchange> = {}): Exchange => ({
  atMs,
  gateway: { dc_correlation_id: id },
  app: { 'X-Correlation-ID': id },
  ...rest,
})

/** What the rows of the views say, put together one app hop at a time. */
async function slowly(store: Store): Promise<Record<string, Record<string, number>>> {
  await createRequestsView(store)
  const hops = await store.db.rows<{ id: string; day: string }>(
    'SELECT hop_id::VARCHAR AS id, end_ts::DATE::VARCHAR AS day FROM app_facts',
  )
  const links = await store.db.rows<{ id: string; verdict: string; method: string }>(
    'SELECT app_hop_id::VARCHAR AS id, verdict, method FROM link_rows',
  )
  const found: Record<string, Record<string, number>> = {}
  for (const { id, day } of hops) {
    const own = links.filter(link => link.id === id)
    const linked = own.find(link => link.verdict === 'linked')
    const verdict = ['ambiguous', 'contradicted', 'callout'].find(v => own.some(link => link.verdict === v))
    const outcome = linked?.method ?? verdict ?? 'none'
    const counts = found[day] ?? {}
    found[day] = { ...counts, [outcome]: (counts[outcome] ?? 0) + 1 }
  }
  return found
}

test('each app hop of a day counts once, by its link or by why it has none', async () => {
  const exchanges = [
    withId(0, 'id-0123456789-0'),
    withId(HOUR, 'id-0123456789-1'),
    // The two sides disagree about the method.
    withId(2 * HOUR, 'id-0123456789-2', {
      app: { 'X-Correlation-ID': 'id-0123456789-2', 'cs-method': 'PUT' },
    }),
    { atMs: 3 * HOUR, recorded: 'app', path: '/nobody' },
    // Received before midnight, logged after it: the day before holds the link.
    withId(16 * HOUR - 1_000, 'id-0123456789-3', { tookMs: 5_000 }),
    withId(DAY, 'id-0123456789-4'),
    { atMs: DAY + 2 * HOUR, path: '/by/time' },
  ] as const satisfies readonly Exchange[]
  await inFolder(folder =>
    withStore(join(folder, 'store'), async store => {
      await ingestInto(store, writeFiles(join(folder, 'logs'), written(exchanges).files))
      const days = [...store.state.days.keys()].map(key => key.split(' ')[1] ?? '').sort()
      expect(days).toEqual(['2026-07-01', '2026-07-02'])
      const quickly: Record<string, unknown> = {}
      for (const day of days) quickly[day] = await outcomesOf(store, { application: 'default', day })
      expect(quickly).toEqual(await slowly(store))
      expect(quickly).toMatchObject({
        '2026-07-01': { id: 2, none: 1 },
        // The first is the one that crossed midnight.
        '2026-07-02': { id: 2 },
      })
    }),
  )
})
