interface Entry<T> {
  readonly atUs: number
  readonly order: number
  readonly event: T
}

/** Events by time, those of equal time in the order they were added: a binary heap. */
export class EventQueue<T> {
  private readonly heap: Entry<T>[] = []
  private added = 0

  push(atUs: number, event: T): void {
    const entry = { atUs, order: this.added++, event }
    let hole = this.heap.length
    this.heap.push(entry)
    while (hole > 0) {
      const parent = (hole - 1) >> 1
      const above = this.heap[parent]
      if (above === undefined || isBefore(above, entry)) break
      this.heap[hole] = above
      hole = parent
    }
    this.heap[hole] = entry
  }

  pop(): { readonly atUs: number; readonly event: T } | undefined {
    const first = this.heap[0]
    const last = this.heap.pop()
    if (first !== undefined && last !== undefined && this.heap.length > 0) this.sink(last)
    return first
  }

  /** Puts the entry at the root and moves it down to its place. */
  private sink(entry: Entry<T>): void {
    let hole = 0
    for (;;) {
      const left = this.heap[2 * hole + 1]
      const right = this.heap[2 * hole + 2]
      if (left === undefined) break
      const isRight = right !== undefined && isBefore(right, left)
      const child = isRight ? right : left
      if (isBefore(entry, child)) break
      this.heap[hole] = child
      hole = 2 * hole + (isRight ? 2 : 1)
    }
    this.heap[hole] = entry
  }
}

function isBefore<T>(one: Entry<T>, other: Entry<T>): boolean {
  return one.atUs < other.atUs || (one.atUs === other.atUs && one.order < other.order)
}
