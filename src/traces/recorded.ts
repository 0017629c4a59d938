import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { exportFolder, exportsFolder } from '../store/exports.ts'
import { emptyRelation } from '../store/facts.ts'
import { quoteTexts } from '../store/query.ts'

/** Columns of the lists of what was exported: a row a hop. n: place in the list; side: g or a. */
export const EXPORTED_COLUMNS = [
  { name: 'n', sql: 'BIGINT' },
  { name: 'request_id', sql: 'UUID' },
  { name: 'hop_id', sql: 'UUID' },
  { name: 'side', sql: 'VARCHAR' },
  { name: 'trace_id', sql: 'UUID' },
] as const

/**
 * What was exported of some days to any receiver, as a FROM item: a trace id that has left the store stays.
 *
 * @param roots folders of the stores
 */
export function recordedRelation(roots: readonly string[], days: ReadonlySet<string>): string {
  const files = roots.flatMap(root =>
    namesIn(exportsFolder(root)).flatMap(name => listsOf(exportFolder(root, name), days)),
  )
  if (files.length === 0) return emptyRelation(EXPORTED_COLUMNS)
  return `read_parquet(${quoteTexts(files)}, hive_partitioning = false)`
}

/** Lists of some days in the folder of one receiver. */
export function listsOf(folder: string, days: ReadonlySet<string>): string[] {
  return namesIn(folder)
    .filter(name => days.has(name.replace(/^date=/, '')))
    .flatMap(name => namesIn(join(folder, name)).map(file => join(folder, name, file)))
    .filter(path => path.endsWith('.parquet'))
    .sort()
}

function namesIn(folder: string): string[] {
  try {
    return readdirSync(folder).sort()
  } catch {
    return []
  }
}
