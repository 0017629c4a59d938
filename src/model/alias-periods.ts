/** A time in which a name stands for a target; days as `YYYY-MM-DD`, half-open. */
export interface Mapping {
  readonly name: string
  readonly target: string
  readonly from: string
  readonly to: string
}

/** What a name stands for in a time: itself, or the end of the chain of names. */
export interface Piece {
  readonly from: string
  readonly to: string
  readonly end: string
  /** Whether an entry says so; else nothing is said about the name in this time. */
  readonly isNamed: boolean
}

/** Names that lead back to themselves, or a name of several subjects, from a day on. */
export interface Clash {
  readonly names: readonly string[]
  readonly from: string
  readonly to: string
}

interface Segment {
  readonly from: string
  readonly to: string
  readonly targets: readonly string[]
}

/** Before and after every day. */
export const BEGIN = ''
export const END = '~'

/** Names in a row after which a chain is taken for a mistake. */
export const LONGEST = 100

/**
 * Follows names to the ends of their chains. What cannot be decided stays itself: names that lead back to themselves,
 * and on its days a name whose targets end at different subjects. Both are kept for a report, in an order that does not
 * depend on the input's.
 */
export class AliasPeriods {
  readonly #segments: ReadonlyMap<string, readonly Segment[]>
  readonly #known = new Map<string, readonly Piece[]>()
  readonly #circular = new Set<string>()
  readonly #conflicts = new Map<string, Clash>()

  /** Names of each cycle in its order, from the smallest around to it again; or of a chain that is too long. */
  readonly cycles: Clash[] = []
  /** All names, sorted. */
  readonly names: readonly string[]

  constructor(mappings: readonly Mapping[]) {
    const byName = new Map<string, Mapping[]>()
    for (const mapping of mappings) {
      const of = byName.get(mapping.name)
      if (of) of.push(mapping)
      else byName.set(mapping.name, [mapping])
    }
    this.#segments = new Map([...byName].map(([name, of]) => [name, segmentsOf(of)]))
    this.names = [...byName.keys()].sort()
    for (const name of this.names) this.piecesOf(name)
  }

  /** A name, then the subjects it is a name of. */
  get conflicts(): Clash[] {
    return [...this.#conflicts.values()]
  }

  /** What a name means, without gaps from `from` to `to`. */
  piecesOf(name: string, from = BEGIN, to = END): readonly Piece[] {
    if (!this.#segments.has(name)) return [{ from, to, end: name, isNamed: false }]
    const pieces = this.#walk(name, BEGIN, END, [])
    if (from === BEGIN && to === END) return pieces
    return pieces
      .filter(piece => piece.from < to && from < piece.to)
      .map(piece => ({ ...piece, from: later(piece.from, from), to: earlier(piece.to, to) }))
  }

  #walk(name: string, from: string, to: string, path: readonly string[]): readonly Piece[] {
    const key = from === BEGIN && to === END ? name : `${from} ${to} ${name}`
    const known = this.#known.get(key)
    if (known) return known
    const pieces: Piece[] = []
    let at = from
    for (const segment of this.#circular.has(name) ? [] : (this.#segments.get(name) ?? [])) {
      const [start, stop] = [later(segment.from, from), earlier(segment.to, to)]
      if (start >= stop) continue
      if (at < start) pieces.push({ from: at, to: start, end: name, isNamed: false })
      pieces.push(...this.#walkSegment(name, { ...segment, from: start, to: stop }, path))
      at = stop
    }
    if (at < to) pieces.push({ from: at, to, end: name, isNamed: false })
    const found = this.#circular.has(name) ? [{ from, to, end: name, isNamed: true }] : merge(pieces)
    this.#known.set(key, found)
    return found
  }

  #walkSegment(name: string, { from, to, targets }: Segment, path: readonly string[]): Piece[] {
    const [only = name, second] = targets
    if (second === undefined && !this.#segments.has(only)) return [{ from, to, end: only, isNamed: true }]
    const here = [...path, name]
    const ways = targets.map(target => {
      if (here.length < LONGEST && !here.includes(target)) return this.#walk(target, from, to, here)
      this.#meet(here, target, from, to)
      return []
    })
    const days = [...new Set(ways.flatMap(way => way.flatMap(piece => [piece.from, piece.to])))].sort()
    return days.slice(0, -1).map((day, index) => {
      const until = days[index + 1] ?? to
      const found = ways.flatMap(way => way.filter(piece => piece.from <= day && day < piece.to))
      const [end = name, ...others] = [...new Set(found.map(piece => piece.end))].sort()
      if (others.length > 0) this.#disagree([name, end, ...others], day, until)
      return { from: day, to: until, end: others.length > 0 ? name : end, isNamed: true }
    })
  }

  /** The target is on the path already, or the path is too long. */
  #meet(path: readonly string[], target: string, from: string, to: string): void {
    const cycle = path.slice(Math.max(0, path.indexOf(target)))
    const start = path.includes(target) ? cycle.indexOf([...cycle].sort()[0] ?? '') : 0
    const last = path.includes(target) ? (cycle[start] ?? target) : target
    this.cycles.push({ names: [...cycle.slice(start), ...cycle.slice(0, start), last], from, to })
    for (const name of cycle) this.#circular.add(name)
  }

  #disagree(names: readonly string[], from: string, to: string): void {
    const key = JSON.stringify(names)
    const known = this.#conflicts.get(key)
    this.#conflicts.set(key, {
      names,
      from: earlier(known?.from ?? from, from),
      to: later(known?.to ?? to, to),
    })
  }
}

/** The times of one name, cut where its targets change. */
function segmentsOf(mappings: readonly Mapping[]): Segment[] {
  const [first, second] = mappings
  if (first && !second) return [{ from: first.from, to: first.to, targets: [first.target] }]
  const days = [...new Set(mappings.flatMap(({ from, to }) => [from, to]))].sort()
  return days.slice(0, -1).flatMap((from, index) => {
    const to = days[index + 1] ?? END
    const inForce = mappings.filter(mapping => mapping.from <= from && from < mapping.to)
    const targets = [...new Set(inForce.map(mapping => mapping.target))].sort()
    return targets.length > 0 ? [{ from, to, targets }] : []
  })
}

function merge(pieces: readonly Piece[]): Piece[] {
  const merged: Piece[] = []
  for (const piece of pieces) {
    const last = merged.at(-1)
    const isOne = last && last.to === piece.from && last.end === piece.end && last.isNamed === piece.isNamed
    if (isOne) merged[merged.length - 1] = { ...last, to: piece.to }
    else merged.push(piece)
  }
  return merged
}

function later(a: string, b: string): string {
  return a > b ? a : b
}

function earlier(a: string, b: string): string {
  return a < b ? a : b
}
