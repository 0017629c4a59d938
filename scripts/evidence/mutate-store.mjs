// Random changes of a store: any byte, truncation, whole files, of every kind of file. Each can be taken back.
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { changed } from './mutate.mjs'

/** Kinds of files by their paths; what no kind knows is an error, so that none is forgotten. */
const KINDS = [
  [/^facts\/gateway\//, 'facts of the gateway'],
  [/^facts\/app\//, 'facts of IIS'],
  [/^facts\/kernel\//, 'facts of HTTP.sys'],
  [/^links\//, 'links'],
  [/^index\//, 'index'],
  [/^rejects\//, 'rejects'],
  [/^reads\//, 'records of reads'],
  [/^holds\//, 'holds'],
  [/^subjects\//, 'aliases'],
  [/^ledger\/\d+\//, 'entries'],
  [/^ledger\/log\/checkpoint$/, 'checkpoint'],
  [/^ledger\/log\/tile\/entries\//, 'tiles of entries'],
  [/^ledger\/log\/tile\//, 'tiles of hashes'],
]

/** What holds nothing that anybody vouches for, and why a change of it harms nobody. */
export const HARMLESS = [
  [/^readers\//, 'records of readers that no writer has taken into the ledger yet: nothing vouches for them'],
  [/^writer\.lock$/, 'who writes at the moment; a lock of a process that is gone is taken over'],
]

/** What may go without harm, as what is left has all of it. */
export const SUPERSEDED =
  'partial tiles that a longer one has replaced may be removed, as tlog-tiles allows: the longer one has all of it'

function isSuperseded(root, path) {
  const [, folder, width] = /^(ledger\/log\/tile\/.+\.p)\/(\d+)$/.exec(path) ?? []
  return folder !== undefined && readdirSync(join(root, folder)).some(name => Number(name) > Number(width))
}

/** Files of a store by kind. */
export function storeFiles(root) {
  const kinds = new Map()
  for (const path of readdirSync(root, { recursive: true }).sort()) {
    if (!statSync(join(root, path)).isFile() || HARMLESS.some(([pattern]) => pattern.test(path))) continue
    const kind = KINDS.find(([pattern]) => pattern.test(path))?.[1]
    if (kind === undefined) throw new Error(`a file of no known kind: ${path}`)
    kinds.set(kind, [...(kinds.get(kind) ?? []), path])
  }
  return kinds
}

/** Changes of the folder; what they return are the new bytes by path, undefined: no file. */
const MOVES = {
  'a file removed': path => new Map([[path, undefined]]),
  'a file added': (path, { pick, read }) => new Map([[`${path}${['~', '.bak', '2'][pick(3)]}`, read(path)]]),
  'a file renamed': (path, { read }) => new Map([[path, undefined], [`${path}.old`, read(path)]]),
  'two files of a kind swapped': (path, { pick, read, files }) => {
    const other = files[pick(files.length)]
    return new Map([[path, read(other)], [other, read(path)]])
  },
} // biome-ignore format: one line each

/**
 * Makes one random change; every kind of file is hit equally often.
 *
 * @param kinds what `storeFiles` found
 * @returns what was done, and how to take it back
 */
export function mutateStore(root, kinds, random, n) {
  const pick = below => Math.floor(random() * below)
  const read = path => (existsSync(join(root, path)) ? readFileSync(join(root, path)) : undefined)
  const names = [...kinds.keys()]
  const of = names[n % names.length]
  for (;;) {
    const files = kinds.get(of)
    const path = files[pick(files.length)]
    const isMove = pick(4) === 0
    const moves = Object.keys(MOVES)
    const { kind, after } = isMove
      ? moved(moves[pick(moves.length)], path, { pick, read, files })
      : one(path, changed(read(path), pick))
    const before = new Map([...after.keys()].map(name => [name, read(name)]))
    if ([...after].every(([name, bytes]) => equal(bytes, before.get(name)))) continue
    const isHarmless = kind === 'a file removed' && isSuperseded(root, path)
    put(root, after)
    return { of, kind, what: `${path}: ${kind}`, isHarmless, undo: () => put(root, before) }
  }
}

const moved = (kind, path, tools) => ({ kind, after: MOVES[kind](path, tools) })
const one = (path, { kind, bytes }) => ({ kind, after: new Map([[path, bytes]]) })
const equal = (a, b) => (a === undefined || b === undefined ? a === b : a.equals(b))

function put(root, files) {
  for (const [name, bytes] of files) {
    const path = join(root, name)
    if (bytes === undefined) rmSync(path, { force: true })
    else {
      mkdirSync(dirname(path), { recursive: true })
      writeFileSync(path, bytes)
    }
  }
}
