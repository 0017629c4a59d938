// Takes a row out of a store and makes everything in it right again, as far as the forger can: whoever has no secret cannot
// make the root of the file, whoever has no key cannot sign as the owner does.
import { createHash, generateKeyPairSync } from 'node:crypto'
import { existsSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

export const LEVELS = {
  hashed: 'digests, accounts and the chain of entries made again',
  signed: 'the log signed anew as well, with a key of the forger in place of the owner',
  sealed: 'the root of the file made again as well, with the stolen secret',
}

/**
 * @param level of LEVELS
 * @param code ledger/log.js, ledger/ed25519.js, ledger/public-key.js, ledger/state.js, ledger/entry-file.js, store/leaves.js
 * @param saltsOf the secret of a name
 */
export async function dropRow(root, db, { level, pick, code, saltsOf }) {
  const entries = entriesOf(root)
  const replaced = new Set(entries.flatMap(e => [...(e.replaced ?? []), ...(e.files ?? []).map(f => f.path)]))
  const segments = entries.flatMap(e => (e.kind === 'ingest' ? e.segments : [])).filter(s => !replaced.has(s.path) && s.rows > 1)
  const segment = segments[pick(segments.length)]
  const entry = entries.find(e => e.segments?.includes(segment))
  const source = await withoutRow(db, join(root, segment.path), pick(segment.rows))
  const bytes = readFileSync(join(root, segment.path))
  Object.assign(segment, { sha256: sha256(bytes), bytes: bytes.length, rows: segment.rows - 1 })
  const account = entry.sources.find(s => s.id === source)?.accounting
  if (account) Object.assign(account, { lines: account.lines - 1, decoded: account.decoded - 1 })
  if (level === 'sealed' && segment.root)
    segment.root = await code.factsRoot(db, { file: join(root, segment.path), kind: segment.kind, day: segment.day, rows: segment.rows }, saltsOf(segment.salts))
  const key = level === 'hashed' ? undefined : stranger(code)
  if (key) for (const e of entries) if (e.kind === 'key') Object.assign(e, { publicKey: key.spki, fingerprint: key.fingerprint })
  writeChain(root, entries)
  if (!key) return segment.path
  rmSync(join(root, 'ledger/log'), { recursive: true })
  await code.signLog(root, stateOf(root, code), key)
  return segment.path
} // biome-ignore format: one step a line

const sha256 = bytes => createHash('sha256').update(bytes).digest('hex')
const pathOf = (root, seq) => join(root, 'ledger', String(Math.floor(seq / 1000)).padStart(3, '0'), `${String(seq).padStart(6, '0')}.json`) // biome-ignore format: one line

function entriesOf(root) {
  const entries = []
  for (let seq = 0; existsSync(pathOf(root, seq)); seq++) entries.push(JSON.parse(readFileSync(pathOf(root, seq), 'utf8')))
  return entries
} // biome-ignore format: one line

function writeChain(root, entries) {
  let prev = '0'.repeat(64)
  for (const entry of entries) {
    const text = `${JSON.stringify({ ...entry, prev })}\n`
    writeFileSync(pathOf(root, entry.seq), text)
    prev = sha256(text)
  }
}

/** @returns the source of the row that is gone */
async function withoutRow(db, file, row) {
  const from = `read_parquet('${file}', hive_partitioning = false, file_row_number = true)`
  const { source_id } = await db.row(`SELECT source_id FROM ${from} WHERE file_row_number = ${row}`)
  await db.run(`COPY (SELECT * EXCLUDE (file_row_number) FROM ${from} WHERE file_row_number <> ${row}) TO '${file}.new' (FORMAT parquet)`)
  renameSync(`${file}.new`, file)
  return source_id
} // biome-ignore format: one statement a line

function stranger({ publicKeyOf, fingerprintOf, spkiOf, ed25519Signer, sha256: digest }) {
  const { privateKey } = generateKeyPairSync('ed25519')
  const publicKey = publicKeyOf(privateKey)
  return {
    publicKey,
    fingerprint: fingerprintOf(digest, publicKey),
    spki: Buffer.from(spkiOf(publicKey)).toString('base64'),
    sign: ed25519Signer(privateKey),
  }
}

function stateOf(root, { allEntries, applyEntry, emptyState }) {
  const state = emptyState()
  for (const { entry, digest } of allEntries(join(root, 'ledger'))) applyEntry(state, entry, digest)
  return state
}
