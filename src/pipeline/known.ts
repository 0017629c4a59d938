import { hash as digest } from 'node:crypto'
import { open } from 'node:fs/promises'
import type { SourceRecord } from '../ledger/entry.ts'
import type { LedgerState } from '../ledger/state.ts'
import { DAY_US, dayNumber } from '../model/time.ts'
import { digestsAt, type Stop } from '../sources/digests.ts'
import { readExactly, sizeWithoutPadding } from '../sources/padding.ts'
import { isGzip, openSource, readHead, unreadable } from '../sources/read.ts'
import { HEAD_DIGEST_BYTES, SourceIndex } from './source-index.ts'

export type Known =
  | { readonly is: 'new' }
  /** The store has read exactly these bytes, of the file or of what it inflates to. */
  | { readonly is: 'known'; readonly source: SourceRecord }
  /** The store has read the first part of it; the stop is where reading goes on. */
  | { readonly is: 'grown'; readonly source: SourceRecord; readonly stop: Stop }

/** What the store has read, and how a file compares with it: by content, never by name or identity alone. */
export class KnownSources {
  readonly #index: SourceIndex

  constructor(sources: Iterable<SourceRecord>) {
    this.#index = new SourceIndex()
    for (const source of sources) this.#index.put(source)
  }

  /** Takes a source as the last entry has it. */
  put(source: SourceRecord): void {
    this.#index.put(source)
  }

  /** The number of a source that an earlier run began and did not finish: this read takes its place. */
  unfinished(path: string, head: string): number | undefined {
    return this.#index.unfinished(path, head)
  }

  /**
   * Compares a file with what the store has read. It is read once at most, and only as far as a source reaches that it
   * may be: one of the same size; a shorter one of the same name, identity or first KiB; or any below a KiB.
   *
   * @throws SOURCE_UNREADABLE
   */
  async lookUp(path: string, identity?: string): Promise<Known> {
    try {
      const file = await open(path, 'r')
      try {
        const { size } = await file.stat()
        const head = await readExactly(file, 0, HEAD_DIGEST_BYTES)
        if (isGzip(head)) return (await this.#same(path, size)) ?? (await this.#inflated(path))
        const content = await sizeWithoutPadding(file, size)
        // A source that was read before padding was left out has it in its digest.
        const whole = content < size ? await this.#same(path, size) : undefined
        return whole ?? (await this.#grown(path, content, head.subarray(0, content), identity))
      } finally {
        await file.close()
      }
    } catch (cause) {
      throw (cause as NodeJS.ErrnoException).code === undefined ? cause : unreadable(path, cause)
    }
  }

  async #same(path: string, size: number): Promise<Known | undefined> {
    if (size === 0 || !this.#index.hasSize(size)) return undefined
    const source = this.#index.byContent((await digestsAt(path, [size]))[0])
    return source && { is: 'known', source }
  }

  async #grown(path: string, size: number, head: Buffer, identity: string | undefined): Promise<Known> {
    const lengths = this.#index.lengths(size, { path, identity, heads: headDigests(head, this.#index) })
    const stops = await digestsAt(path, lengths)
    for (const stop of stops.reverse()) {
      const source = this.#index.byContent(stop)
      if (source) return stop.bytes === size ? { is: 'known', source } : this.#from(source, stop, path)
    }
    return { is: 'new' }
  }

  /** Reading goes on behind the last whole line, which may lie before the end of what was read. */
  async #from(source: SourceRecord, stop: Stop, path: string): Promise<Known> {
    const { byteOffset } = source.state
    const [at = stop] = byteOffset === stop.bytes ? [stop] : await digestsAt(path, [byteOffset])
    return { is: 'grown', source, stop: at }
  }

  /** A log that was packed away: what it inflates to begins with a source that is no longer where it was. */
  async #inflated(path: string): Promise<Known> {
    const head = await inflatedHead(path)
    const heads = headDigests(head, this.#index)
    const lengths = this.#index.lengths(Number.POSITIVE_INFINITY, { heads, isInflated: true })
    const stops = await digestsAt(path, lengths, true).catch(() => [])
    for (const stop of stops.reverse()) {
      const source = this.#index.byContent(stop)
      if (source && !(await isStillThere(source)))
        return { is: 'grown', source, stop: { ...stop, bytes: source.state.byteOffset } }
    }
    return { is: 'new' }
  }
}

/** The first KiB of what a file inflates to; less where it is damaged. */
async function inflatedHead(path: string): Promise<Buffer> {
  const { blocks } = await openSource(path)
  const { head } = await readHead(blocks, HEAD_DIGEST_BYTES).catch(() => ({ head: Buffer.alloc(0) }))
  await blocks.return(undefined)
  return head
}

/** Digests by which a source can be found: of the first KiB, or of all bytes where a source is shorter. */
function headDigests(head: Buffer, index: SourceIndex): string[] {
  const short = index
    .shortLengths(head.length)
    .map(length => digest('sha256', head.subarray(0, length), 'hex'))
  return head.length < HEAD_DIGEST_BYTES ? short : [...short, digest('sha256', head, 'hex')]
}

async function isStillThere(source: SourceRecord): Promise<boolean> {
  const [stop] = await digestsAt(source.path, [source.rawBytes]).catch(() => [])
  return stop?.bytes === source.rawBytes && stop.hash.copy().digest('hex') === source.sha256
}

/** Whether everything that was read from a source has been pruned since. */
export function isPruned({ pruning }: LedgerState, { accounting }: SourceRecord): boolean {
  return (
    pruning !== undefined &&
    accounting.lastUs !== undefined &&
    accounting.lastUs < dayNumber(pruning.before) * DAY_US
  )
}
