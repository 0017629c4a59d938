import { groupBy } from './group.ts'

/** A file that may be read. */
export interface Candidate {
  readonly path: string
  /** Bytes to be decoded, as far as its size tells. */
  readonly bytes: number
  /** The day it was last changed, for files whose name has no date. */
  readonly changed: string
}

/** Whole files up to about so many bytes, in days spread evenly, so that both sides of a day are among them. */
export function chooseSample(files: readonly Candidate[], mostBytes: number): Candidate[] {
  if (total(files) <= mostBytes) return [...files]
  const days = [...groupBy(files, file => dayOf(file.path) ?? file.changed)].sort(([a], [b]) =>
    a < b ? -1 : 1,
  )
  const chosen = new Set<Candidate>()
  let bytes = 0
  for (const place of spread(days.length)) {
    const own = days[place]?.[1] ?? []
    // The first day is taken whatever its size: without a whole day there is nothing to see.
    if (chosen.size > 0 && bytes + total(own) > mostBytes) continue
    for (const file of own) chosen.add(file)
    bytes += total(own)
  }
  return files.filter(file => chosen.has(file))
}

function total(files: readonly Candidate[]): number {
  return files.reduce((bytes, file) => bytes + file.bytes, 0)
}

/** The day in a path, `YYYY-MM-DD`: of an export's name or folder, or of IIS's `u_exYYMMDD`. */
export function dayOf(path: string): string | undefined {
  const iis = /(?:^|[\\/])u?_?(?:ex|in|nc)(\d\d)(\d\d)(\d\d)/i.exec(path)
  if (iis) return `20${iis[1]}-${iis[2]}-${iis[3]}`
  const iso = [...path.matchAll(/(?<!\d)(20\d\d)-?(\d\d)-?(\d\d)(?!\d)/g)]
  // A name such as api_2026-03-02_to_2026-03-03 holds the first of its days.
  const name = iso.filter(match => !/[\\/]/.test(path.slice(match.index)))[0] ?? iso.at(-1)
  return name && `${name[1]}-${name[2]}-${name[3]}`
}

/** Places below a count: the middle first, then the middles of what is left on both sides. */
function* spread(count: number): Generator<number> {
  const parts: [number, number][] = [[0, count]]
  for (let part = parts.shift(); part; part = parts.shift()) {
    const [from, to] = part
    if (from >= to) continue
    const middle = (from + to) >> 1
    yield middle
    parts.push([from, middle], [middle + 1, to])
  }
}
