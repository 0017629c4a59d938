import { createHash } from 'node:crypto'
import {
  appendFileSync,
  cpSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { hostname, tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import fc from 'fast-check'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { CONFIG } from '../../src/config/schema.ts'
import { closeDays } from '../../src/correlate/close-days.ts'
import { repair } from '../../src/pipeline/repair.ts'
import { checkStore, type StoreCheck } from '../../src/store/check.ts'
import { Store, withEngine } from '../../src/store/store.ts'
import { fingerprint } from '../support/fingerprint.ts'
import { inFolder, writeFiles } from '../support/folder.ts'
import { portalFiles } from '../support/portal.ts'
import { runs } from '../support/runs.ts'
import { ingestInto, NOON, withStore } from '../support/store.ts'

const OPTIONS = { memoryMiB: 256, threads: 1 }
const BROKEN = '#Fields: date time s-computername cs-uri-stem\r\n2026-07-01 22:00:00\r\n'
const ALIASES = { aliases: [{ subject: 'CORP\\ann1', names: ['ann1@corp.example'] }], rules: [] }

let folder = ''
let whole = ''

/** A store with every kind of file: facts of two runs, index, two generations of links, rejects, aliases. */
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'tl-test-'))
  whole = join(folder, 'whole')
  const { 'iis/WEB-APP-01/W3SVC3/u_ex260701_x.log': late = '', ...logs } = portalFiles({ hasSubjects: true })
  await withStore(whole, async store => {
    const subjects = CONFIG.parse({ subjects: ALIASES }).subjects
    await ingestInto(store, writeFiles(join(folder, 'a'), { ...logs, 'broken.log': BROKEN }), { config: { subjects } })
    await ingestInto(store, writeFiles(join(folder, 'b'), { 'late.log': late }), { config: { subjects } })
  })
}) // biome-ignore format: long lines
afterAll(() => rmSync(folder, { recursive: true, force: true }))

/** The check of a copy of the store after a change. */
function checked(change: (root: string) => void): Promise<StoreCheck> {
  return inFolder(cwd => {
    const root = join(cwd, 'store')
    cpSync(whole, root, { recursive: true })
    change(root)
    return withEngine({ path: root, ...OPTIONS }, db => checkStore(root, db))
  })
}

const filesBelow = (root: string, under: string): string[] =>
  readdirSync(join(root, under), { recursive: true, withFileTypes: true })
    .filter(e => e.isFile())
    .map(e => join(e.parentPath, e.name))
    .sort()

const first = (root: string, under: string): string => filesBelow(root, under)[0] ?? ''
const last = (root: string, under: string): string => filesBelow(root, under).at(-1) ?? ''

function flip(path: string, bit: number): void {
  const bytes = readFileSync(path)
  const at = (bit >> 3) % bytes.length
  bytes[at] = (bytes[at] ?? 0) ^ (1 << (bit & 7))
  writeFileSync(path, bytes)
}

const entry = (root: string, seq: number): string => join(root, `ledger/000/00000${seq}.json`)

/** Changes an entry and gives every later one the digest that then fits: a chain that is whole and tells another story. */
function forge(root: string, seq: number, change: (text: string) => string): void {
  let prev = ''
  for (const path of filesBelow(root, 'ledger/000').slice(seq)) {
    const text = readFileSync(path, 'utf8')
    const next = prev ? text.replace(/"prev":"\w{64}"/, `"prev":"${prev}"`) : change(text)
    writeFileSync(path, next)
    prev = createHash('sha256').update(next).digest('hex')
  }
}

test('a store as it is written has no problem', async () => {
  const result = await checked(() => {})
  expect(result).toMatchObject({ isBeingWritten: false, problems: [] })
  const files = ['facts', 'index', 'links', 'rejects', 'subjects'].flatMap(name => filesBelow(whole, name))
  expect([result.entries, result.files]).toEqual([filesBelow(whole, 'ledger').length, files.length])
})

test('one bit of any file that is other than it was written is found, and where', async () => {
  const named = ['facts', 'index', 'links', 'rejects', 'subjects'].flatMap(name => filesBelow(whole, name))
  const choice = fc.tuple(fc.constantFrom(...named.map(f => f.slice(whole.length + 1))), fc.nat())
  await fc.assert(
    fc.asyncProperty(choice, async ([path, bit]) => {
      const { problems } = await checked(root => flip(join(root, path), bit))
      const severity = /^(?:index|links)/.test(path) ? 'repairable' : 'damaged'
      expect(problems).toEqual([expect.objectContaining({ path, severity, found: expect.stringContaining('SHA-256') })])
    }),
    runs(25),
  )
}) // biome-ignore format: long lines

test.each<{ name: string; change: (root: string) => void; severity: string; path: RegExp; found: RegExp }>([
  { name: 'missing facts', change: r => rmSync(first(r, 'facts/app')), severity: 'damaged', path: /^facts\/app\//, found: /^missing; entry \d+ names it$/ },
  { name: 'cut facts', change: r => writeFileSync(first(r, 'facts/app'), 'PAR1'), severity: 'damaged', path: /^facts\/app\//, found: /^has 4 bytes, entry \d+ says \d+$/ },
  { name: 'missing rejects', change: r => rmSync(first(r, 'rejects')), severity: 'damaged', path: /^rejects\//, found: /^missing/ },
  { name: 'longer aliases', change: r => appendFileSync(first(r, 'subjects'), '\n'), severity: 'damaged', path: /^subjects\//, found: /^has \d+ bytes/ },
  { name: 'missing index', change: r => rmSync(first(r, 'index')), severity: 'repairable', path: /^index\/id\//, found: /^missing/ },
  { name: 'missing links in force', change: r => rmSync(last(r, 'links')), severity: 'repairable', path: /^links\//, found: /^missing/ },
  { name: 'a file that no entry names', change: r => cpSync(first(r, 'facts/app'), join(dirname(first(r, 'facts/app')), '000099-0000.parquet')), severity: 'repairable', path: /000099-0000/, found: /^no entry names it$/ },
  { name: 'temporary files of a process that is gone', change: r => void mkdirSync(join(r, `tmp/4194304--${hostname()}`), { recursive: true }), severity: 'repairable', path: /^tmp\//, found: /^no entry names it$/ },
  { name: 'an entry that is being written', change: r => writeFileSync(join(r, `ledger/.4194304--${hostname()}.tmp`), '{'), severity: 'repairable', path: /^ledger\/\./, found: /^no entry names it$/ },
  { name: 'a lock of a process that is gone', change: r => writeFileSync(join(r, 'writer.lock'), JSON.stringify({ pid: 4194304, host: hostname() })), severity: 'repairable', path: /^writer\.lock$/, found: /^its process 4194304 is gone$/ },
  { name: 'an entry cut in the middle', change: r => writeFileSync(entry(r, 3), readFileSync(entry(r, 3)).subarray(0, 100)), severity: 'damaged', path: /^ledger\/000\/000003\.json$/, found: /^it is not JSON$/ },
  { name: 'a missing entry', change: r => rmSync(entry(r, 3)), severity: 'damaged', path: /000003\.json$/, found: /^it is missing$/ },
  { name: 'an altered entry', change: r => writeFileSync(entry(r, 3), readFileSync(entry(r, 3), 'utf8').replace('"at":"20', '"at":"19')), severity: 'damaged', path: /000004\.json$/, found: /^it does not continue/ },
  { name: 'a forged digest in a chain that was made to fit', change: r => forge(r, 3, t => t.replace(/("path":"facts[^"]+","sha256":")\w/, '$1x'.replace('x', '0')).replace(/("path":"facts[^"]+","sha256":")\w\w/, '$1ff')), severity: 'damaged', path: /^facts\//, found: /SHA-256/ },
  { name: 'forged rows in a chain that was made to fit', change: r => forge(r, 3, t => t.replace(/("path":"facts[^"]+","sha256":"\w+","bytes":\d+,"rows":)\d+/, '$1999')), severity: 'damaged', path: /^facts\//, found: /^has \d+ rows, entry 3 says 999$/ },
])('$name: $severity', async ({ change, severity, path, found }) => {
  const { problems } = await checked(change)
  expect(problems.map(p => [p.severity, path.test(p.path), found.test(p.found)])).toEqual([[severity, true, true]])
  expect(problems[0]?.advice).toMatch(/restore|store repair|takes it over/)
}) // biome-ignore format: a table

test('links of an earlier generation may be gone', async () => {
  const links = filesBelow(whole, 'links')
  const old = links.filter(path => path.endsWith('/000001.parquet'))
  expect([old.length, links.length]).toEqual([1, 2])
  const { problems } = await checked(root => {
    for (const path of old) rmSync(join(root, path.slice(whole.length)))
  })
  expect(problems).toEqual([])
}) // biome-ignore format: long lines

test('behind a broken chain nothing counts as left over, and no writer removes anything', async () => {
  await inFolder(async cwd => {
    const root = join(cwd, 'store')
    cpSync(whole, root, { recursive: true })
    rmSync(entry(root, 3))
    mkdirSync(join(root, `tmp/4194304--${hostname()}`), { recursive: true })
    const before = filesBelow(root, 'facts')
    const { problems } = await withEngine({ path: root, ...OPTIONS }, db => checkStore(root, db))
    expect(problems.map(p => p.repair)).toEqual(['restore'])
    await expect(withStore(root, async () => undefined)).rejects.toThrow(/000003\.json: it is missing/)
    expect(filesBelow(root, 'facts')).toEqual(before)
  })
})

test('what a living process has finished and not yet named is never swept; of one that is gone it is', async () => {
  for (const [pid, isKept] of [[process.ppid, true], [4194304, false]] as const) {
    await inFolder(async cwd => {
      const root = join(cwd, 'store')
      cpSync(whole, root, { recursive: true })
      const [unnamed = ''] = writeFiles(root, { 'facts/app/date=2026-07-01/000099-0000.parquet': 'x', [`tmp/${pid}--${hostname()}/0.csv`]: 'x' })
      writeFileSync(join(root, 'writer.lock'), JSON.stringify({ pid: 4194304, host: hostname() }))
      await withStore(root, async () => undefined)
      expect([pid, filesBelow(root, 'facts').includes(unnamed)]).toEqual([pid, isKept])
    })
  }
}) // biome-ignore format: long lines

test('repair makes index and links again, from facts it does not touch, and the store is as it was', async () => {
  await inFolder(async cwd => {
    const root = join(cwd, 'store')
    cpSync(whole, root, { recursive: true })
    const shown = async () => {
      const store = await Store.read({ path: root, ...OPTIONS })
      try {
        return {
          ...(await fingerprint(store)),
          days: [...store.state.days.values()].map(d => [d.day, d.state]),
        }
      } finally {
        store.close()
      }
    }
    const before = await shown()
    const facts = filesBelow(root, 'facts').map(path => readFileSync(path, 'latin1'))
    rmSync(join(root, 'index'), { recursive: true })
    flip(last(root, 'links'), 12_345)
    writeFiles(root, { 'tmp/left': 'x', 'rejects/000099.ndjson': 'x' })
    await withStore(root, async store => {
      const done = await repair(store, CONFIG.parse({ subjects: ALIASES }))
      expect(done.check.problems).toEqual([])
      expect(done.indexed).toEqual(['2026-07-01'])
      expect(done.linked.map(d => d.day)).toEqual(['2026-07-01'])
    })
    expect(await shown()).toEqual(before)
    expect(filesBelow(root, 'facts').map(path => readFileSync(path, 'latin1'))).toEqual(facts)
  })
})

test('repair derives nothing from damaged facts', async () => {
  await inFolder(async cwd => {
    const root = join(cwd, 'store')
    cpSync(whole, root, { recursive: true })
    rmSync(join(root, 'index'), { recursive: true })
    flip(first(root, 'facts/app'), 5000)
    await withStore(root, async store => {
      const { indexed, linked, check } = await repair(store, CONFIG.parse({}))
      expect([indexed, linked]).toEqual([[], []])
      expect(check.problems.map(p => p.severity).sort()).toEqual(['damaged', ...Array(4).fill('repairable')])
    })
  })
})

test('a clock that is set back breaks nothing: entries stand in the order they were made', async () => {
  await inFolder(async cwd => {
    const root = join(cwd, 'store')
    const files = portalFiles()
    const paths = writeFiles(join(cwd, 'logs'), files)
    await withStore(root, store => ingestInto(store, paths.slice(0, 1)), { nowMs: NOON })
    await withStore(root, store => ingestInto(store, paths), { nowMs: NOON - 400 * 86_400_000 })
    const back = await withStore(
      root,
      async store => {
        await closeDays(store)
        return {
          shown: await fingerprint(store),
          problems: (await checkStore(root, store.db, { isOwner: true })).problems,
        }
      },
      { nowMs: 0 },
    )
    const forward = await withStore(join(cwd, 'other'), async store => {
      await ingestInto(store, paths)
      return fingerprint(store)
    })
    expect(back).toEqual({ shown: forward, problems: [] })
  })
})
