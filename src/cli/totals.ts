import { addCounts, noCounts } from '../pipeline/counts.ts'
import type { Committed } from '../pipeline/intake.ts'
import { bytes, count, type Output } from './output.ts'

/** What a run has committed so far. */
export class Totals {
  readonly counts = noCounts()
  readonly #sources = new Set<number>()
  #entries = 0

  /** Sources that were read. */
  get sources(): number {
    return this.#sources.size
  }

  get entries(): number {
    return this.#entries
  }

  add({ sources, added }: Committed): void {
    this.#entries++
    for (const { id } of sources) this.#sources.add(id)
    addCounts(this.counts, added)
  }

  /** @param head what the first line begins with */
  print(out: Output, head: string): void {
    const { lines, decoded, directives, rejected, duplicates, bytes: read } = this.counts
    const from = `${count(this.sources)} ${this.sources === 1 ? 'source' : 'sources'}`
    out.line(
      `${head.padEnd(11)}${count(lines)} lines from ${from}, ${bytes(read)}: ${count(decoded)} decoded, ${count(directives)} directives, ${count(rejected)} rejected; ${count(duplicates)} duplicates`,
    )
  }
}
