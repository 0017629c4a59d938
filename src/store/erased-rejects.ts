import { join } from 'node:path'
import { moveOver } from '../ledger/durable.ts'
import { ERASED_TEXT } from '../model/erased.ts'
import { rewriteLines } from './json-lines.ts'
import { quoteTexts } from './query.ts'
import type { Store } from './store.ts'

/**
 * Takes the words out of rejected lines that are about to be taken in where those of the same line were erased before: a
 * line that is handed over again brings nobody back.
 *
 * @param file NDJSON of rejects
 */
export async function leaveOutErased({ db, state, root }: Store, file: string): Promise<void> {
  if (state.erasures.names.size === 0 || state.rejects.length === 0) return
  const files = quoteTexts(state.rejects.map(r => join(root, r.path)))
  const rows = await db.rows<{ sha256: string }>(
    `SELECT DISTINCT sha256 FROM read_json(${files}, format = 'newline_delimited', columns = {sha256: 'VARCHAR', excerpt: 'VARCHAR'})
     WHERE excerpt = $text`,
    { text: ERASED_TEXT },
  )
  if (rows.length === 0) return
  const erased = new Set(rows.map(row => row.sha256))
  await rewriteLines(file, `${file}.kept`, line => {
    const reject = JSON.parse(line) as { sha256: string }
    return erased.has(reject.sha256)
      ? JSON.stringify({ ...reject, detail: ERASED_TEXT, excerpt: ERASED_TEXT })
      : line
  })
  moveOver(`${file}.kept`, file)
}
