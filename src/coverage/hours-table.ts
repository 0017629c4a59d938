import type { Database } from '../store/query.ts'
import type { CoverageRow } from './row.ts'

const COLUMNS = {
  side: 'VARCHAR', application: 'VARCHAR', host: 'VARCHAR', site: 'VARCHAR', log: 'VARCHAR', target: 'VARCHAR',
  organization: 'VARCHAR', environment: 'VARCHAR', hour: 'TIMESTAMP', state: 'VARCHAR', reason: 'VARCHAR',
} as const // biome-ignore format: a table

/**
 * Creates the temp table coverage_hours for rules that join it: one row for each application of a group and hour. A side
 * of an application is whole in an hour where all its rows are `complete`. Host and site are NULL where a log does not
 * tell them or is not known: log is then its folder and name, target that of a log that is not known.
 */
export async function createCoverageHours(db: Database, rows: readonly CoverageRow[]): Promise<void> {
  const values = rows.flatMap(({ group, hourUs, state, reason }) =>
    group.applications.map(application => ({
      side: group.side, application, host: group.host ?? null, site: group.site ?? null, log: group.log ?? null, target: group.target ?? null,
      organization: group.organization ?? null, environment: group.environment ?? null,
      hour: new Date(hourUs / 1000).toISOString().slice(0, 19).replace('T', ' '), state, reason,
    })),
  ) // biome-ignore format: one row
  const names = Object.keys(COLUMNS).map(name => `o.${name}`).join(', ') // biome-ignore format: one line
  await db.run(
    `CREATE OR REPLACE TEMP TABLE coverage_hours AS SELECT ${names}
     FROM (SELECT unnest(from_json($json, $form)) AS o)`,
    { json: JSON.stringify(values), form: JSON.stringify([COLUMNS]) },
  )
}
