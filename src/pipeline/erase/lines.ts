import { join } from 'node:path'
import type { FileRecord } from '../../ledger/entry.ts'
import { ERASED_TEXT } from '../../model/erased.ts'
import { nameExpression, standingName } from '../../model/name-pattern.ts'
import { publishFile } from '../../store/commit.ts'
import { linesOf, rewriteLines } from '../../store/json-lines.ts'
import { layout } from '../../store/layout.ts'
import type { Store } from '../../store/store.ts'

/** In what a line of unknown layout quotes, a name need not stand for itself; a short one must, or half of all would go. */
const SHORT = 4

/** Tells whether a text mentions a person. */
export type Mentions = (text: string) => boolean

export function mentioning(names: readonly string[]): Mentions {
  const [short, long] = [names.filter(n => n.length < SHORT), names.filter(n => n.length >= SHORT)]
  const parts = [...long.map(nameExpression), ...(short.length > 0 ? [standingName(short)] : [])]
  const expression = new RegExp(parts.join('|'), 'iu')
  return text => parts.length > 0 && expression.test(text)
}

/** Files of JSON lines that a person may be quoted in. */
export type LineKind = 'rejects' | 'reads'

/** A line without the person; undefined where it does not mention him. */
const WITHOUT: Readonly<Record<LineKind, (line: string, mentions: Mentions) => string | undefined>> = {
  /** Keeps its place, length and digest. */
  rejects(line, mentions) {
    const reject = JSON.parse(line) as { detail: string; excerpt: string }
    const { detail, excerpt } = reject
    if (!mentions(detail) && !mentions(excerpt)) return undefined
    return JSON.stringify({
      ...reject,
      detail: mentions(detail) ? ERASED_TEXT : detail,
      excerpt: ERASED_TEXT,
    })
  },
  /** Keeps who asked, when, and how many rows he got. The digest goes, as it would confirm a guess of the name. */
  reads(line, mentions) {
    if (!mentions(line)) return undefined
    const { asked: _, askedHash: __, problem: ___, ...rest } = readRecord(line)
    const kept = JSON.stringify({ ...rest, asked: ERASED_TEXT })
    return mentions(kept) ? JSON.stringify({ asked: ERASED_TEXT }) : kept
  },
}

/** A line that was cut when its process was killed is no JSON. */
function readRecord(line: string): Record<string, unknown> {
  try {
    return JSON.parse(line) as Record<string, unknown>
  } catch {
    return {}
  }
}

/** Lines of files in force that mention a person, by file. */
export async function linesMentioning(
  store: Store,
  kind: LineKind,
  mentions: Mentions,
): Promise<{ readonly file: FileRecord; readonly rows: number }[]> {
  const found: { file: FileRecord; rows: number }[] = []
  for (const { path, sha256, bytes, rows } of store.state[kind]) {
    let hits = 0
    for await (const line of linesOf(store.file(path)))
      if (WITHOUT[kind](line, mentions) !== undefined) hits++
    if (hits > 0) found.push({ file: { path, sha256, bytes, rows }, rows: hits })
  }
  return found
}

/** Writes a file anew, with every line, those that mention the person without their words. */
export async function linesAnew(
  store: Store,
  kind: LineKind,
  file: FileRecord,
  name: string,
  mentions: Mentions,
): Promise<FileRecord> {
  const target = join(layout.temporary(store.root), `${kind}-${name}.ndjson`)
  await rewriteLines(store.file(file.path), target, line => WITHOUT[kind](line, mentions) ?? line)
  return publishFile(store, target, layout[kind](name), file.rows)
}
