import { basename, dirname } from 'node:path/posix'
import type { SourceRecord } from '../ledger/entry.ts'
import { DAY_US, HOUR_US } from '../model/time.ts'

/** BigQuery numbers the files of an extract with twelve digits from 0 on. */
const SHARD = /^(.*?)(\d{12})(\.[a-z.]+)?$/i

/**
 * Hours (numbers from 1970) of the days whose export lacks a file that its numbers ask for. Rows stand in any file of an
 * export, so that any hour of the day may miss some. That the last file is missing, numbers do not tell.
 */
export function hoursWithMissingShards(sources: readonly SourceRecord[]): ReadonlySet<number> {
  const exports = new Map<string, { numbers: Set<number>; sources: SourceRecord[] }>()
  for (const source of sources) {
    const match = SHARD.exec(basename(source.path))
    if (!match) continue
    const key = `${dirname(source.path)}/${match[1]}`
    const found = exports.get(key) ?? { numbers: new Set(), sources: [] }
    exports.set(key, found)
    found.numbers.add(Number(match[2]))
    found.sources.push(source)
  }
  const hours = new Set<number>()
  for (const { numbers, sources: own } of exports.values()) {
    if (Math.max(...numbers) + 1 === numbers.size) continue
    for (const { accounting: a } of own) {
      if (a.firstUs === undefined || a.lastUs === undefined) continue
      const from = Math.floor(a.firstUs / DAY_US) * DAY_US
      for (let at = from; at <= a.lastUs || at % DAY_US !== 0; at += HOUR_US) hours.add(at / HOUR_US)
    }
  }
  return hours
}
