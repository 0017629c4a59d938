import { createHash } from 'node:crypto'
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { inFolder } from '../../test/support/folder.ts'
import { entryFile } from '../../test/support/ledger.ts'
import { runs } from '../../test/support/runs.ts'
import { Ledger } from './chain.ts'

const AT = '2026-07-10T12:00:00.000Z'

/** Writes a chain of entries the slow way, without the code under test. */
function writeChain(store: string, entries: number): void {
  let prev = '0'.repeat(64)
  for (let seq = 0; seq < entries; seq++) {
    const body =
      seq === 0
        ? { kind: 'created', storeId: 's' }
        : { kind: 'coverage', side: 'app', from: '2026-07-01', to: '2026-07-02' }
    const text = `${JSON.stringify({ version: 1, seq, prev, at: AT, by: 'test', ...body })}\n`
    mkdirSync(join(entryFile(store, seq), '..'), { recursive: true })
    writeFileSync(entryFile(store, seq), text)
    prev = createHash('sha256').update(text).digest('hex')
  }
}

const declare = (ledger: Ledger, day: string) =>
  ledger.append({ kind: 'coverage', side: 'gateway', from: day, to: '2026-12-31' }, AT, 'test')

test('what is appended is what another process reads, in a chain that anyone can follow', async () => {
  await inFolder(store => {
    const ledger = Ledger.open(store)
    ledger.append({ kind: 'created', storeId: 'one' }, AT, 'test')
    declare(ledger, '2026-07-01')
    declare(ledger, '2026-07-02')
    const read = Ledger.open(store)
    expect(read.state).toEqual(ledger.state)
    expect(read.state).toMatchObject({
      storeId: 'one',
      head: 2,
      declared: [{ from: '2026-07-01' }, { from: '2026-07-02' }],
    })
    const texts = [0, 1, 2].map(seq => readFileSync(entryFile(store, seq), 'utf8'))
    const digests = texts.map(text => createHash('sha256').update(text).digest('hex'))
    const links = texts.map(text => (JSON.parse(text) as { prev: string }).prev)
    expect([...links, read.state.headDigest]).toEqual(['0'.repeat(64), ...digests])
  })
})

test('a folder without entries is an empty ledger', async () => {
  await inFolder(store => {
    expect(Ledger.exists(store)).toBe(false)
    expect(Ledger.open(store).state.head).toBe(-1)
  })
})

test('entries go on in folders of a thousand', async () => {
  await inFolder(store => {
    writeChain(store, 1000)
    const ledger = Ledger.open(store)
    declare(ledger, '2026-07-01')
    expect(existsSync(join(store, 'ledger/001/001000.json'))).toBe(true)
    expect(Ledger.open(store).state.head).toBe(1000)
  })
})

test.each([
  { name: 'the first', seq: 0 },
  { name: 'one in the middle', seq: 500 },
  { name: 'the last of a folder', seq: 999 },
  { name: 'the first of a folder', seq: 1000 },
])('a chain that lacks $name entry is refused', async ({ seq }) => {
  await inFolder(store => {
    writeChain(store, 1002)
    rmSync(entryFile(store, seq))
    expect(() => Ledger.open(store)).toThrow(/it is missing; the ledger was altered or damaged/)
  })
})

test('entries that changed places are refused', async () => {
  await inFolder(store => {
    writeChain(store, 4)
    renameSync(entryFile(store, 1), join(store, 'aside'))
    renameSync(entryFile(store, 2), entryFile(store, 1))
    renameSync(join(store, 'aside'), entryFile(store, 2))
    expect(() => Ledger.open(store)).toThrow(/000001\.json: it says it is entry 2/)
  })
})

test('an entry of another chain is refused', async () => {
  await inFolder(store => {
    writeChain(join(store, 'one'), 3)
    writeChain(join(store, 'two'), 3)
    const text = readFileSync(entryFile(join(store, 'one'), 1), 'utf8').replace(
      AT,
      '2026-07-11T12:00:00.000Z',
    )
    writeFileSync(entryFile(join(store, 'one'), 1), text)
    expect(() => Ledger.open(join(store, 'one'))).toThrow(
      /000002\.json: it does not continue the entry before it/,
    )
  })
})

test('a change of any byte of an entry that others follow is refused', async () => {
  await fc.assert(
    fc.asyncProperty(fc.nat(2), fc.nat(), fc.integer({ min: 1, max: 255 }), (seq, place, change) =>
      inFolder(store => {
        writeChain(store, 4)
        const bytes = readFileSync(entryFile(store, seq))
        const at = place % bytes.length
        bytes[at] = (bytes[at] ?? 0) ^ change
        writeFileSync(entryFile(store, seq), bytes)
        expect(() => Ledger.open(store)).toThrow(/store ledger/)
      }),
    ),
    runs(150),
  )
})

test.each([
  { name: 'an unknown member', change: (text: string) => text.replace('{', '{"more":1,') },
  { name: 'an unknown kind', change: (text: string) => text.replace('coverage', 'else') },
  { name: 'half an entry', change: (text: string) => text.slice(0, 40) },
  { name: 'nothing', change: () => '' },
])('a last entry with $name is refused', async ({ change }) => {
  await inFolder(store => {
    writeChain(store, 3)
    writeFileSync(entryFile(store, 2), change(readFileSync(entryFile(store, 2), 'utf8')))
    expect(() => Ledger.open(store)).toThrow(/000002\.json: .*Restore the folder from a copy/s)
  })
})

test('an entry of a newer version is not read, whatever else it holds', async () => {
  await inFolder(store => {
    writeChain(store, 2)
    writeFileSync(entryFile(store, 2), JSON.stringify({ version: 2, seq: 2, prev: '', kind: 'future' }))
    expect(() => Ledger.open(store)).toThrow(/store version 2, this program reads up to 1; upgrade/)
  })
})

test('of two writers that append to the same place one goes on and the other stops without a trace', async () => {
  await inFolder(store => {
    writeChain(store, 1)
    const [one, two] = [Ledger.open(store), Ledger.open(store)]
    declare(one, '2026-07-01')
    expect(() => declare(two, '2026-07-02')).toThrow(expect.objectContaining({ code: 'STORE_BUSY' }))
    expect(() => declare(two, '2026-07-02')).toThrow(/was written by another process; this one stops/)
    declare(one, '2026-07-03')
    expect(Ledger.open(store).state.declared.map(d => d.from)).toEqual(['2026-07-01', '2026-07-03'])
    expect(readdirSync(join(store, 'ledger'))).toEqual(['000'])
    two.refresh()
    expect(two.state).toEqual(one.state)
  })
})
