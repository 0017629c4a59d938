import type { AliasEntry } from '../model/aliases.ts'
import { parseSubjectText } from '../model/subject-text.ts'
import { dayNumber } from '../model/time.ts'
import { Collector } from './collect.ts'
import type { CsvTable } from './csv.ts'
import type { DirectoryImport } from './result.ts'

export function isPlain(header: readonly string[]): boolean {
  const keys = header.map(name => name.toLowerCase())
  return keys.includes('subject') && keys.includes('name')
}

/** Reads `subject,name[,from,to]`: a row says that a name means a subject. Rows of one subject and period are an entry. */
export function readPlain(table: CsvTable): DirectoryImport {
  const collector = new Collector('plain-csv')
  const places = new Map(table.header.map((name, place) => [name.toLowerCase(), place]))
  const entries = new Map<string, AliasEntry & { readonly names: string[] }>()
  for (const { line, reason } of table.broken) collector.refuse(line, reason)
  for (const { line, fields } of table.rows) {
    const cell = (name: string) => fields[places.get(name) ?? -1] ?? ''
    const [subject, name, from, to] = [cell('subject'), cell('name'), cell('from'), cell('to')]
    const problem = problemOf(subject, name, from, to)
    if (problem !== undefined) {
      collector.refuse(line, problem)
      continue
    }
    collector.record()
    const key = JSON.stringify([subject, from, to])
    const known = entries.get(key)
    if (known) known.names.push(name)
    else entries.set(key, { subject, names: [name], ...(from && { from }), ...(to && { to }) })
  }
  for (const entry of entries.values()) collector.entry(entry)
  return collector.result()
}

function problemOf(subject: string, name: string, from: string, to: string): string | undefined {
  for (const [column, text] of [['subject', subject], ['name', name]] as const) {
    if (!parseSubjectText(text)) return `${column} ${JSON.stringify(text)} is nobody`
  } // biome-ignore format: two columns
  for (const [column, text] of [['from', from], ['to', to]] as const) {
    if (text && Number.isNaN(dayNumber(text))) return `${column} ${JSON.stringify(text)} is no day as YYYY-MM-DD`
  } // biome-ignore format: two columns
  return from && to && from >= to ? `to ${to} is not after from ${from}` : undefined
}
