import { createReadStream } from 'node:fs'
import { join } from 'node:path'
import { appendTo } from '../../ledger/durable.ts'
import type { FileRecord } from '../../ledger/entry.ts'
import { nameExpression, standingName } from '../../model/name-pattern.ts'
import { publishFile } from '../../store/commit.ts'
import { layout } from '../../store/layout.ts'
import type { Store } from '../../store/store.ts'

/** In what a line of unknown layout quotes, a name need not stand for itself; a short one must, or half of all would go. */
const SHORT = 4

const ERASED_TEXT = '(erased)'
const LINES_AT_ONCE = 10_000

/** Tells whether a text mentions any of these names. */
export function mentioning(names: readonly string[]): (text: string) => boolean {
  const [short, long] = [names.filter(n => n.length < SHORT), names.filter(n => n.length >= SHORT)]
  const parts = [...long.map(nameExpression), ...(short.length > 0 ? [standingName(short)] : [])]
  const expression = new RegExp(parts.join('|'), 'iu')
  return text => parts.length > 0 && expression.test(text)
}

/** Rejected lines that mention a person, by file. */
export async function rejectsMentioning(
  store: Store,
  mentions: (text: string) => boolean,
): Promise<{ readonly file: FileRecord; readonly rows: number }[]> {
  const found: { file: FileRecord; rows: number }[] = []
  for (const { path, sha256, bytes, rows } of store.state.rejects) {
    let hits = 0
    for await (const line of linesOf(store.file(path))) if (withoutPerson(line, mentions) !== line) hits++
    if (hits > 0) found.push({ file: { path, sha256, bytes, rows }, rows: hits })
  }
  return found
}

/** Writes a file of rejects anew: lines that mention the person keep their place, length and digest, and lose their words. */
export async function rewriteRejects(
  store: Store,
  file: FileRecord,
  name: string,
  mentions: (text: string) => boolean,
): Promise<FileRecord> {
  const target = join(layout.temporary(store.root), `rejects-${name}.ndjson`)
  let lines: string[] = []
  const flush = (): void => {
    if (lines.length > 0) appendTo(target, `${lines.join('\n')}\n`)
    lines = []
  }
  for await (const line of linesOf(store.file(file.path))) {
    lines.push(withoutPerson(line, mentions))
    if (lines.length >= LINES_AT_ONCE) flush()
  }
  flush()
  return publishFile(store, target, layout.rejects(name), file.rows)
}

function withoutPerson(line: string, mentions: (text: string) => boolean): string {
  const reject = JSON.parse(line) as { detail: string; excerpt: string }
  const { detail, excerpt } = reject
  if (!mentions(detail) && !mentions(excerpt)) return line
  return JSON.stringify({ ...reject, detail: mentions(detail) ? ERASED_TEXT : detail, excerpt: ERASED_TEXT })
}

/** Only line feeds end a line: JSON texts may hold what else ends one elsewhere. */
async function* linesOf(path: string): AsyncGenerator<string> {
  let rest = ''
  for await (const text of createReadStream(path, 'utf8')) {
    const lines = `${rest}${text}`.split('\n')
    rest = lines.pop() ?? ''
    yield* lines
  }
  if (rest !== '') yield rest
}
