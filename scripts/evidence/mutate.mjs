// Random changes of a bundle of evidence: any byte, lines, whole files. What they make must never pass a check.

/** Numbers from 0 to below 1 (mulberry32). */
export function randomFrom(seed) {
  let state = seed >>> 0
  return () => {
    state = (state + 0x6d2b79f5) >>> 0
    let t = state
    t = Math.imul(t ^ (t >>> 15), t | 1)
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61)
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296
  }
}

const linesOf = bytes => bytes.toString('latin1').split('\n').slice(0, -1)
const joined = lines => Buffer.from(lines.map(line => `${line}\n`).join(''), 'latin1')

/** Changes of one file, by name: bytes to other bytes, or undefined where they do not apply. */
const CHANGES = {
  'a bit flipped': (bytes, pick) => {
    if (bytes.length === 0) return undefined
    const copy = Buffer.from(bytes)
    copy[pick(bytes.length)] ^= 1 << pick(8)
    return copy
  },
  'a byte replaced': (bytes, pick) => {
    if (bytes.length === 0) return undefined
    const copy = Buffer.from(bytes)
    copy[pick(bytes.length)] = pick(256)
    return copy
  },
  'a byte put in': (bytes, pick) => {
    const at = pick(bytes.length + 1)
    return Buffer.concat([bytes.subarray(0, at), Buffer.of(pick(256)), bytes.subarray(at)])
  },
  'bytes taken out': (bytes, pick) => {
    const at = pick(bytes.length)
    return Buffer.concat([bytes.subarray(0, at), bytes.subarray(at + 1 + pick(8))])
  },
  'cut short': (bytes, pick) => (bytes.length === 0 ? undefined : bytes.subarray(0, pick(bytes.length))),
  'a line removed': (bytes, pick) => {
    const lines = linesOf(bytes)
    lines.splice(pick(lines.length), 1)
    return joined(lines)
  },
  'a line doubled': (bytes, pick) => {
    const lines = linesOf(bytes)
    if (lines.length === 0) return undefined
    const at = pick(lines.length)
    lines.splice(pick(lines.length + 1), 0, lines[at])
    return joined(lines)
  },
  'two lines swapped': (bytes, pick) => {
    const lines = linesOf(bytes)
    if (lines.length < 2) return undefined
    const [a, b] = [pick(lines.length), pick(lines.length)]
    ;[lines[a], lines[b]] = [lines[b], lines[a]]
    return joined(lines)
  },
  'a digit changed': (bytes, pick) => {
    const places = [...bytes.toString('latin1').matchAll(/\d/g)].map(m => m.index)
    if (places.length === 0) return undefined
    const copy = Buffer.from(bytes)
    const at = places[pick(places.length)]
    copy[at] = 48 + ((copy[at] - 48 + 1 + pick(9)) % 10)
    return copy
  },
  'a line end changed': bytes => Buffer.from(bytes.toString('latin1').replace('\n', '\r\n'), 'latin1'),
  emptied: bytes => (bytes.length === 0 ? undefined : Buffer.alloc(0)),
}

/** Changes of the folder. */
const MOVES = {
  'a file removed': (files, name) => files.delete(name),
  'a file added': (files, name, pick) => files.set(`${name}${'~.x_'[pick(4)]}`, Buffer.from(files.get(name))),
  'a file renamed': (files, name) => {
    files.set(`${name}.old`, files.get(name))
    files.delete(name)
  },
  'two files swapped': (files, name, pick) => {
    const other = [...files.keys()][pick(files.size)]
    const own = files.get(name)
    files.set(name, files.get(other))
    files.set(other, own)
  },
}

/** A random change of one file. */
export function changed(bytes, pick) {
  const kinds = Object.keys(CHANGES)
  for (;;) {
    const kind = kinds[pick(kinds.length)]
    const after = CHANGES[kind](bytes, pick)
    if (after !== undefined && !after.equals(bytes)) return { kind, bytes: after }
  }
}

/**
 * One random change; every kind of file is hit equally often.
 *
 * @param files bytes by name; stays as it is
 * @param n number of the change: which file it is about
 */
export function mutated(files, random, n) {
  const pick = below => Math.floor(random() * below)
  const names = [...files.keys()].sort()
  const name = names[n % names.length]
  for (;;) {
    const copy = new Map(files)
    const kinds = [...Object.keys(CHANGES), ...(pick(3) === 0 ? Object.keys(MOVES) : [])]
    const kind = kinds[pick(kinds.length)]
    if (kind in MOVES) MOVES[kind](copy, name, pick)
    else {
      const changed = CHANGES[kind](files.get(name), pick)
      if (changed === undefined) continue
      copy.set(name, changed)
    }
    if (isSame(files, copy)) continue
    return { what: `${name}: ${kind}`, name, kind, files: copy }
  }
}

function isSame(a, b) {
  return a.size === b.size && [...a].every(([name, bytes]) => b.get(name)?.equals(bytes) === true)
}
