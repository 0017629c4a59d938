import type { FindingsOfDays } from '../requests/findings-source.ts'
import { quoteText, quoteTexts } from '../store/query.ts'
import { wholeFiles } from '../store/records.ts'
import type { Store } from '../store/store.ts'
import { clearRequests } from './findings.ts'
import { readyFindings } from './index-findings.ts'
import { judgeDay } from './judge-day.ts'
import { RULES } from './registry.ts'
import type { FindingSettings } from './settings.ts'

/** Which rules found a request, and which incidents it is part of; with the same as JSON objects. */
const ROWS = `SELECT request_id, list_sort(list_distinct(list(rule))) AS rules, list(incident ORDER BY place, incident) AS incidents,
    list('{"rule":"' || rule || '","incident":"' || incident || '","severity":"' || severity || '"}' ORDER BY place, incident) AS findings
  FROM (SELECT DISTINCT request_id, rule, incident FROM found_requests) JOIN rule_places USING (rule) GROUP BY request_id`

/**
 * What rules say of the requests of some days, for searches and documents: from ready files where there are some, else by
 * running the rules.
 *
 * @param onOpen told of days of which nothing is evaluated yet
 */
export function findingsOfRequests(
  settings: FindingSettings,
  nowMs: () => number,
  onOpen: (days: readonly string[]) => void = () => undefined,
): FindingsOfDays {
  // One command asks the same more than once: for rows, and for how many there are.
  let made = ''
  return async (store, days) => {
    const asked = `${store.state.head} ${days.join()}`
    if (asked === made) return
    const ready = readyFindings(settings, store.state)
    await store.db.run('CREATE OR REPLACE TEMP TABLE found_requests (request_id VARCHAR, rule VARCHAR, incident VARCHAR)')
    const files = days.flatMap(day => ready.get(day) ?? [])
    if (files.length > 0)
      await store.db.run(`INSERT INTO found_requests SELECT hex_id(request_id), rule, incident
        FROM read_parquet(${quoteTexts(wholeFiles(store.root, files))}, hive_partitioning = false)`)
    const open: string[] = []
    for (const day of days.filter(it => !ready.has(it))) {
      await clearRequests(store)
      const { notEvaluated } = await judgeDay(store, day, settings, { openDays: false, nowMs: nowMs() })
      if (notEvaluated.some(it => it.rule === undefined)) open.push(day)
      await store.db.run('INSERT INTO found_requests SELECT request_id, rule, incident FROM finding_requests')
    }
    if (open.length > 0) onOpen(open)
    await createTable(store)
    made = asked
  }
} // biome-ignore format: one line each

async function createTable({ db }: Store): Promise<void> {
  const places = RULES.map(
    ({ id, severity }, place) => `(${quoteText(id)}, ${place}, ${quoteText(severity)})`,
  )
  await db.run(`CREATE OR REPLACE TEMP TABLE request_findings AS
    WITH rule_places AS (SELECT * FROM (VALUES ${places.join(', ')}) AS v(rule, place, severity)) ${ROWS}`)
}
