import type { Config } from '../config/schema.ts'
import { DEFAULT_APPLICATION } from '../ledger/state.ts'
import { type Database, quoteText } from '../store/query.ts'

/**
 * Puts the configured applications into the macros that decoding calls. The first application of which all given lists
 * have a match takes a hop. A gateway hop that names no target host belongs to the first application of its proxy.
 */
export async function defineApplications(db: Database, applications: Config['applications']): Promise<void> {
  const gateway = applications.map(({ name, gateway: rule }) => {
    const target = oneOf('target_host', rule?.targetHosts)
    const conditions = [
      oneOf('environment', rule?.environments),
      oneOf('proxy', rule?.proxies),
      target && `(target_host IS NULL OR ${target})`,
    ]
    return branch(name, conditions)
  })
  const app = applications.map(({ name, app: rule }) =>
    branch(name, [
      oneOf('site', rule?.sites),
      oneOf('host_header', rule?.hostHeaders),
      oneOf('server_ip', rule?.servers),
      oneOf('host', rule?.hosts),
    ]),
  )
  await db.run(
    `CREATE OR REPLACE MACRO gateway_application(environment, proxy, target_host) AS ${firstOf(gateway)};
     CREATE OR REPLACE MACRO app_application(site, host_header, server_ip, host) AS ${firstOf(app)}`,
  )
}

function firstOf(branches: readonly string[]): string {
  const cases = branches.filter(text => text !== '')
  const other = quoteText(DEFAULT_APPLICATION)
  return cases.length ? `CASE ${cases.join(' ')} ELSE ${other} END` : other
}

function branch(name: string, conditions: readonly (string | undefined)[]): string {
  const given = conditions.filter(text => text !== undefined && text !== '')
  return given.length ? `WHEN ${given.join(' AND ')} THEN ${quoteText(name)}` : ''
}

/** A test whether a column matches one of these globs (`*` is any run of characters; case does not count). */
function oneOf(column: string, globs: readonly string[] | undefined): string | undefined {
  if (!globs || globs.length === 0) return undefined
  const pattern = globs.map(glob => glob.toLowerCase().split('*').map(escapePattern).join('.*')).join('|')
  return `coalesce(regexp_full_match(lower(${column}), ${quoteText(pattern)}), FALSE)`
}

function escapePattern(text: string): string {
  return text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&')
}
