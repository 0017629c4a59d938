import { createHmac } from 'node:crypto'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { concatBytes, fromHex, toHex, utf8 } from '../ledger/bytes.ts'
import { sha256 } from '../ledger/ed25519.ts'
import { hashAt, leafHash, rootOf } from '../ledger/merkle.ts'
import { FACT_COLUMNS, type HopKind } from '../model/hop.ts'
import { personalColumns, restColumns } from '../model/leaf-columns.ts'
import { type LeafRow, type LeafValue, leafText, parseLeafText } from '../model/leaf-text.ts'
import { saltsId } from './keys.ts'
import { allLeaves, type Disclosure, disclosuresOf, factsRoot } from './leaves.ts'
import { allLinkLeaves, type LinkDisclosure, linkDisclosuresOf, linksRoot } from './link-leaves.ts'
import { Database, quoteText, sqlFile } from './query.ts'

const DAY = '2026-03-02'
const SECRET = new Uint8Array(32).fill(7)
const SALTS = { id: saltsId(SECRET), secret: SECRET }

let folder: string
let db: Database

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'tl-leaves-'))
  db = await Database.open({ memoryMiB: 512, spillFolder: join(folder, 'tmp') })
  await db.run(sqlFile('./macros.sql', import.meta.url))
})

afterAll(() => {
  db.close()
  rmSync(folder, { recursive: true })
})

const odd = fc.oneof(
  fc.string({
    unit: fc.constantFrom('a', '\t', '\x1b', '0', 'n', '\n', "'", '"', '\\', 'ä', '💡'),
    maxLength: 6,
  }),
  fc.string({ unit: 'binary', maxLength: 6 }).filter(text => !/\p{Cs}/u.test(text) && !text.includes('\0')),
)

const VALUES: Readonly<Record<string, fc.Arbitrary<LeafValue>>> = {
  VARCHAR: odd,
  'VARCHAR[]': fc.array(odd, { maxLength: 3 }),
  BOOLEAN: fc.boolean(),
  INTEGER: fc.integer({ min: -(2 ** 31), max: 2 ** 31 - 1 }),
  BIGINT: fc.maxSafeInteger(),
  TIMESTAMP: fc.integer({ min: -1e15, max: 4e15 }),
  UUID: fc.stringMatching(/^[0-9a-f]{32}$/),
}

/** Rows of a kind, each with an id of its own. */
function rowsOf(kind: HopKind): fc.Arbitrary<LeafRow[]> {
  const columns = FACT_COLUMNS[kind].map(
    c => [c.name, fc.option(VALUES[c.sql] ?? fc.constant(null))] as const,
  )
  const row = fc.record(Object.fromEntries(columns))
  const placed = fc
    .tuple(row, VALUES.UUID ?? row, fc.nat(9))
    .map(([values, hop_id, source_id]) => ({ ...values, hop_id, source_id, line_no: 1 }))
  return fc.uniqueArray(placed, { minLength: 1, maxLength: 12, selector: r => r.hop_id }) as fc.Arbitrary<
    LeafRow[]
  >
}

function literal(value: LeafValue | undefined, sql: string): string {
  if (value === null || value === undefined) return `NULL::${sql}`
  if (Array.isArray(value)) return `[${value.map(v => quoteText(v)).join(', ')}]::${sql}`
  return sql === 'TIMESTAMP' ? `make_timestamp(${value}::BIGINT)` : `${quoteText(String(value))}::${sql}`
}

async function fileOf(kind: HopKind, rows: readonly LeafRow[]) {
  const file = join(folder, `${kind}.parquet`)
  const select = (row: LeafRow) =>
    `SELECT ${FACT_COLUMNS[kind].map(c => `${literal(row[c.name], c.sql)} AS ${c.name}`).join(', ')}`
  await db.run(`COPY (${rows.map(select).join(' UNION ALL ')}) TO ${quoteText(file)} (FORMAT parquet)`)
  return { file, kind, day: DAY }
}

/** The leaf as the format describes it, without the program that makes it. */
function slowLeaf(kind: HopKind, row: LeafRow): Uint8Array {
  const key = createHmac('sha256', SECRET).update(`throughline leaf 1 ${DAY}`).digest()
  const salts = sha256(concatBytes(key, utf8(`leaf${row.hop_id}:${row.source_id}:${row.line_no}`)))
  const part = (salt: Uint8Array, text: string) => sha256(concatBytes(salt, utf8(text)))
  const personal = part(salts.subarray(0, 16), leafText(personalColumns(kind), row))
  const rest = part(salts.subarray(16), leafText(restColumns(kind), row))
  return leafHash(sha256, concatBytes(personal, rest))
}

const inOrder = (rows: readonly LeafRow[]) =>
  [...rows].sort((a, b) => (String(a.hop_id) < String(b.hop_id) ? -1 : 1))

describe.each(['gateway', 'app'] as const)('leaves of %s hops', kind => {
  test('are those that the format describes, in its order', async () => {
    await fc.assert(
      fc.asyncProperty(rowsOf(kind), async rows => {
        const file = await fileOf(kind, rows)
        const expected = inOrder(rows).map(row => slowLeaf(kind, row))
        const leaves = await allLeaves(db, file, SALTS)
        expect(expected.map(toHex)).toEqual(expected.map((_, at) => toHex(hashAt(leaves, at))))
        expect(await factsRoot(db, file, SALTS)).toBe(toHex(rootOf(sha256, concatBytes(...expected))))
      }),
      { numRuns: 20 },
    )
  })

  test('disclosed, say what the row said and prove it', async () => {
    await fc.assert(
      fc.asyncProperty(rowsOf(kind), fc.nat(), async (rows, number) => {
        const file = await fileOf(kind, rows)
        const wanted = inOrder(rows).filter((_, at) => (number >> at) % 2 === 0)
        const ids = wanted.map(row => `(${quoteText(String(row.hop_id))}::UUID)`).join(', ')
        const from = ids ? `(VALUES ${ids}) AS w(hop_id)` : '(SELECT NULL::UUID AS hop_id WHERE FALSE)'
        const found: Disclosure[] = []
        for await (const batch of disclosuresOf(db, file, SALTS, from)) found.push(...batch)
        expect(found.map(d => parseLeafText(restColumns(kind), d.rest)?.hop_id)).toEqual(
          wanted.map(r => r.hop_id),
        )
        const leaves = await allLeaves(db, file, SALTS)
        for (const { index, hopId, personal, rest, saltPersonal, saltRest } of found) {
          const row = rows.find(r => r.hop_id === hopId)
          expect({
            ...parseLeafText(personalColumns(kind), personal),
            ...parseLeafText(restColumns(kind), rest),
          }).toEqual(row)
          const part = (salt: string, text: string) =>
            sha256(concatBytes(fromHex(salt) ?? new Uint8Array(), utf8(text)))
          const leaf = leafHash(sha256, concatBytes(part(saltPersonal, personal), part(saltRest, rest)))
          expect(toHex(leaf)).toBe(toHex(hashAt(leaves, index)))
        }
      }),
      { numRuns: 20 },
    )
  })
})

test('a file from before a column came has the leaves it had', async () => {
  const { file, ...rest } = await fileOf('app', [
    { hop_id: 'ab'.repeat(16), source_id: 1, line_no: 2, host: 'web01' },
  ])
  const narrow = join(folder, 'narrow.parquet')
  await db.run(
    `COPY (SELECT hop_id, source_id, line_no, host FROM read_parquet(${quoteText(file)})) TO ${quoteText(narrow)} (FORMAT parquet)`,
  )
  expect(await factsRoot(db, { ...rest, file: narrow }, SALTS)).toBe(
    await factsRoot(db, { ...rest, file }, SALTS),
  )
})

test('doubles are written by both alike', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(fc.double(), { minLength: 1, maxLength: 50 }), async values => {
      const columns = [{ name: 'd', sql: 'DOUBLE' }]
      await db.createNumbers('doubles', ['d', 'n'], [values, values.map((_, n) => n)])
      const rows = await db.rows<{ t: string }>(
        'SELECT concat(leaf_double(d), chr(9)) AS t FROM doubles ORDER BY n',
      )
      expect(rows.map(r => r.t)).toEqual(values.map(d => leafText(columns, { d })))
    }),
  )
})

const LINK_COLUMNS = [
  { name: 'app_hop_id', sql: 'UUID' },
  { name: 'gateway_hop_id', sql: 'UUID' },
  { name: 'app_day', sql: 'DATE' },
  { name: 'verdict', sql: 'VARCHAR' },
  { name: 'posterior', sql: 'DOUBLE' },
]

test('leaves of links are those that the format describes, in its order, and prove what is disclosed', async () => {
  const id = (byte: number) => byte.toString(16).padStart(2, '0').repeat(16)
  const links = [
    { app_hop_id: id(9), gateway_hop_id: id(1), app_day: DAY, verdict: 'linked', posterior: 1 },
    { app_hop_id: id(2), gateway_hop_id: id(3), app_day: DAY, verdict: 'ambiguous', posterior: 0.3 },
    { app_hop_id: id(4), gateway_hop_id: id(3), app_day: null, verdict: 'a\tb', posterior: null },
  ]
  const file = join(folder, 'links.parquet')
  const select = (row: LeafRow) =>
    `SELECT ${LINK_COLUMNS.map(c => `${literal(row[c.name], c.sql)} AS ${c.name}`).join(', ')}`
  // Not in order, as a file need not be.
  await db.run(
    `COPY (${links.toReversed().map(select).join(' UNION ALL ')}) TO ${quoteText(file)} (FORMAT parquet)`,
  )
  const key = createHmac('sha256', SECRET).update(`throughline link 1 ${DAY}`).digest()
  const leaves = links.map(link => {
    const salt = sha256(concatBytes(key, utf8(`link${link.gateway_hop_id}:${link.app_hop_id}`))).subarray(
      0,
      16,
    )
    return leafHash(sha256, concatBytes(salt, utf8(leafText(LINK_COLUMNS, link))))
  })
  const linkFile = { file, day: DAY, columns: LINK_COLUMNS }
  expect(toHex(await allLinkLeaves(db, linkFile, SALTS))).toBe(leaves.map(toHex).join(''))
  expect(await linksRoot(db, linkFile, SALTS)).toBe(toHex(rootOf(sha256, concatBytes(...leaves))))
  const wanted = `(VALUES (${quoteText(id(3))}::UUID, ${quoteText(id(4))}::UUID)) AS w(gateway_hop_id, app_hop_id)`
  const found: LinkDisclosure[] = []
  for await (const batch of linkDisclosuresOf(db, linkFile, SALTS, wanted)) found.push(...batch)
  const [{ index, text, salt } = { index: -1, text: '', salt: '' }] = found
  expect(found.length).toBe(1)
  expect(index).toBe(2)
  expect(parseLeafText(LINK_COLUMNS, text)).toEqual(links[2])
  const leaf = leafHash(sha256, concatBytes(fromHex(salt) ?? new Uint8Array(), utf8(text)))
  expect(toHex(leaf)).toBe(toHex(hashAt(await allLinkLeaves(db, linkFile, SALTS), index)))
})

// docs/evidence-format.md, "Test vectors"; computed with Python's hashlib and hmac.
test('the published row has the published leaf', async () => {
  const row = {
    hop_id: '0123456789abcdef0123456789abcdef', source_id: 3, line_no: 41, byte_offset: 12345, end_ts: 1772438400000000,
    path: '/a\tb', query: '', username: 'CORP\\ann', status: 200, handshake: false, other_ids: ['x=1', ''],
  } // biome-ignore format: one row
  const leaves = await allLeaves(db, await fileOf('app', [row]), SALTS)
  expect(toHex(leaves)).toBe('91f766ee0e456847ca890cb0e4ac5869012a89f5e0a02552960787f5d562aa13')
  expect(SALTS.id).toBe('f9f0fbc4d13051ae')
})
