import { readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import type { NamedFile, Problem } from './check.ts'
import { fileDigest } from './damage.ts'
import { type Database, quoteTexts } from './query.ts'

/** What is made again by which repair, by first folder; all else is fact. */
const DERIVED: Readonly<Record<string, 'index' | 'links'>> = { index: 'index', links: 'links' }

/** Compares files with what entries say of them: whether they are there, size, digest, rows. */
export async function checkFiles(
  root: string,
  db: Database,
  named: readonly NamedFile[],
): Promise<Problem[]> {
  const problems: Problem[] = []
  const whole: NamedFile[] = []
  for (const file of named) {
    const found = await fault(root, file)
    if (found) problems.push(problemOf(file, found))
    else if (statSync(join(root, file.record.path), { throwIfNoEntry: false })) whole.push(file)
  }
  for (const [file, rows] of await rowsOf(root, db, whole))
    if (rows !== file.record.rows)
      problems.push(problemOf(file, `has ${rows} rows, entry ${file.seq} says ${file.record.rows}`))
  return problems
}

/** What is wrong with a file; undefined where nothing is. One that was replaced may be gone. */
async function fault(
  root: string,
  { record: { path, bytes, sha256 }, seq, isInForce }: NamedFile,
): Promise<string | undefined> {
  const size = statSync(join(root, path), { throwIfNoEntry: false })?.size
  if (size === undefined) return isInForce ? `missing; entry ${seq} names it` : undefined
  if (size !== bytes) return `has ${size} bytes, entry ${seq} says ${bytes}`
  try {
    const digest = await fileDigest(join(root, path))
    return digest === sha256 ? undefined : `its bytes are not those that entry ${seq} names (SHA-256)`
  } catch (error) {
    return `cannot be read: ${(error as Error).message}`
  }
}

function problemOf({ record: { path }, isInForce, isLast }: NamedFile, found: string): Problem {
  const derived = isLast ? undefined : DERIVED[path.slice(0, path.indexOf('/'))]
  if (!derived)
    return {
      severity: 'damaged',
      repair: 'restore',
      path,
      found,
      advice: 'restore this file from a copy, or read the logs into a new store',
    }
  return {
    severity: 'repairable',
    repair: isInForce ? derived : 'remove',
    path,
    found,
    advice: 'run: throughline store repair',
  }
}

/** Rows of files whose bytes are right. */
async function rowsOf(
  root: string,
  db: Database,
  files: readonly NamedFile[],
): Promise<[NamedFile, number][]> {
  const parquet = files.filter(f => f.record.path.endsWith('.parquet'))
  const counts = new Map<string, number>()
  if (parquet.length > 0) {
    const paths = quoteTexts(parquet.map(f => join(root, f.record.path)))
    const rows = await db.rows<{ file_name: string; num_rows: string }>(
      `SELECT file_name, num_rows::VARCHAR AS num_rows FROM parquet_file_metadata(${paths})`,
    )
    for (const row of rows) counts.set(row.file_name, Number(row.num_rows))
  }
  return files.map(file => {
    const path = join(root, file.record.path)
    return [file, counts.get(path) ?? rowsOfText(path)]
  })
}

/** Lines of NDJSON; entries of a file of aliases; anything else in JSON is one. */
function rowsOfText(path: string): number {
  const bytes = readFileSync(path)
  if (path.endsWith('.ndjson')) return bytes.reduce((n, byte) => n + (byte === 10 ? 1 : 0), 0)
  const { aliases, imported = [] } = JSON.parse(bytes.toString('utf8')) as {
    aliases?: unknown[]
    imported?: { entries: unknown[] }[]
  }
  if (!aliases) return 1
  return aliases.length + imported.reduce((sum, i) => sum + i.entries.length, 0)
}
