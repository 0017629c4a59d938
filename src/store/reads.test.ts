import { hash } from 'node:crypto'
import {
  appendFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { absorbReads, canonicalText, ReadRecord } from './reads.ts'
import { Store } from './store.ts'

let root: string

beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'tl-reads-'))
})
afterEach(() => rmSync(root, { recursive: true }))

const AT = '2026-07-10T12:00:00.000Z'
const begin = (filter: string) =>
  ReadRecord.begin(
    root,
    { command: 'query', what: { to: 5, filter, from: undefined } },
    { at: AT, who: 'ann' },
  )

async function written<T>(act: (store: Store) => Promise<T>): Promise<T> {
  const store = await Store.write(
    { path: root, memoryMiB: 256 },
    { now: () => Date.parse(AT), newId: () => 's', by: 'test' },
  )
  try {
    return await act(store)
  } finally {
    store.close()
  }
}

const linesOf = (text: string) =>
  text
    .split('\n')
    .filter(Boolean)
    .map(line => JSON.parse(line) as Record<string, unknown>)
const absorbed = (store: Store) =>
  store.state.reads.map(f => readFileSync(store.file(f.path), 'utf8')).join('')

test('a reader says what it is asked before it answers, and what it gave after it, in a chain', async () => {
  const record = begin('status:401')
  const [open = ''] = readdirSync(join(root, 'readers/open'))
  expect(linesOf(readFileSync(join(root, 'readers/open', open), 'utf8'))).toMatchObject([
    { command: 'query', who: 'ann' },
  ])
  record.end({ rows: 3, population: 'ab' }, AT)
  expect(readdirSync(join(root, 'readers/open'))).toEqual([])
  await written(async store => {
    expect(await absorbReads(store)).toBe(1)
    const text = absorbed(store)
    const asked = '{"filter":"status:401","to":5}'
    const prev = hash('sha256', `${text.split('\n')[0]}\n`, 'hex')
    expect(linesOf(text)).toEqual([
      {
        at: AT,
        who: 'ann',
        command: 'query',
        asked,
        askedHash: hash('sha256', asked, 'hex'),
        prev: '0'.repeat(64),
      },
      { at: AT, rows: 3, population: 'ab', prev },
    ])
    expect(store.state.reads[0]?.rows).toBe(2)
    expect(readdirSync(join(root, 'readers/closed'))).toEqual([])
  })
})

describe('the writer', () => {
  test('leaves a reader that is at work alone, and takes in one that was killed with what it had written', async () => {
    begin('at work')
    mkdirSync(join(root, 'readers/open'), { recursive: true })
    appendFileSync(join(root, 'readers/open/999999-a.1-nowhere-near.0.ndjson'), '{"at":"x"}\n')
    const dead = `2147483646-${'x'}-${encodeURIComponent((await import('node:os')).hostname())}.0.ndjson`
    writeFileSync(join(root, 'readers/open', dead), '{"command":"trace"}\n{"rows":')
    await written(async store => {
      expect(await absorbReads(store)).toBe(1)
      expect(absorbed(store)).toBe('{"command":"trace"}\n{"rows":\n')
      expect(readdirSync(join(root, 'readers/open')).length).toBe(2)
      expect(await absorbReads(store)).toBe(0)
    })
  })

  test('takes nothing in twice where a crash kept it from removing what it had taken in', async () => {
    begin('once').end({}, AT)
    const [name = ''] = readdirSync(join(root, 'readers/closed'))
    const text = readFileSync(join(root, 'readers/closed', name))
    await written(absorbReads)
    writeFileSync(join(root, 'readers/closed', name), text)
    begin('later').end({}, AT)
    await written(async store => {
      expect(await absorbReads(store)).toBe(1)
      expect(
        linesOf(absorbed(store))
          .filter(line => 'asked' in line)
          .map(line => line.asked),
      ).toEqual(['{"filter":"once","to":5}', '{"filter":"later","to":5}'])
      expect(existsSync(join(root, 'readers/closed', name))).toBe(false)
    })
  })
})

test('what is asked alike has one text', () => {
  expect(canonicalText({ b: [{ d: 1, c: Number.NEGATIVE_INFINITY }], a: undefined })).toBe(
    '{"b":[{"c":"-Infinity","d":1}]}',
  )
})
