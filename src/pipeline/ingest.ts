import { hash } from 'node:crypto'
import type { Config } from '../config/schema.ts'
import { ThroughlineError } from '../errors.ts'
import type { Reader, ReaderContext } from '../formats/format.ts'
import { detectFormat, HEAD_BYTES, makeHead } from '../formats/registry.ts'
import type { RefusedRecord, SourceRecord } from '../ledger/entry.ts'
import { createScrubber } from '../model/scrub.ts'
import { emptyAccounting } from '../model/source.ts'
import type { Input } from '../sources/discover.ts'
import { openSource, prefixDigest, readAt } from '../sources/read.ts'
import { commitBatch } from '../store/commit.ts'
import type { Duplicates } from '../store/dedupe.ts'
import type { Store } from '../store/store.ts'
import { applyCut, carryLines, createCarried, noteCut } from './carried.ts'
import { HEAD_DIGEST_BYTES, isPruned, lookUp } from './known.ts'
import { forgetLastLine, lastLine } from './last-line.ts'
import { type Origin, originFinder } from './origin.ts'
import { Stager } from './stager.ts'
import { tailHopIds } from './tail.ts'

/** Rows after which what was read becomes part of the store, so that memory and lost work stay bounded. */
const COMMIT_ROWS = 2_000_000

export interface IngestOptions {
  readonly config: Config
  readonly configDigest: string
  readonly host?: string | undefined
  readonly site?: string | undefined
  readonly fields?: readonly string[] | undefined
  /** Keyed hash of a credential. */
  readonly pseudonym: (secret: string) => string
  /** Rejected lines after which ingest stops; what was read until then stays. */
  readonly maxRejects?: number | undefined
  /** Rows after which what was read becomes part of the store. */
  readonly commitRows?: number | undefined
  readonly onProgress?: (progress: Progress) => void
}

export interface Progress {
  readonly source: string
  readonly bytes: number
  readonly lines: number
}

export interface KnownSource {
  readonly path: string
  /** Whether all of its lines are of days that were pruned since. */
  readonly isPruned: boolean
}

export interface IngestResult {
  /** Sources that were read, in order. */
  readonly sources: readonly SourceRecord[]
  /** Sources whose bytes the store already had. */
  readonly known: readonly KnownSource[]
  readonly refused: readonly (RefusedRecord & { readonly named: boolean })[]
  /** Days with new hops, `YYYY-MM-DD`. */
  readonly days: readonly string[]
}

/** Reads inputs into the store. */
export async function ingest(
  store: Store,
  inputs: readonly Input[],
  options: IngestOptions,
): Promise<IngestResult> {
  const run = new IngestRun(store, options)
  await createCarried(store.db)
  try {
    for (const input of inputs) await run.take(input)
    await run.commit()
  } finally {
    await run.close()
  }
  return run.result()
}

class IngestRun {
  readonly #store: Store
  readonly #options: IngestOptions
  readonly #stager: Stager
  readonly #origin: (path: string) => Origin
  readonly #scrubbers
  /** Sources that changed since the last entry. */
  #pending = new Map<number, SourceRecord>()
  #pendingRefused: RefusedRecord[] = []
  readonly #done = new Map<number, SourceRecord>()
  readonly #known: KnownSource[] = []
  readonly #refused: (RefusedRecord & { named: boolean })[] = []
  readonly #days = new Set<string>()
  #nextId: number
  #bytes = 0

  constructor(store: Store, options: IngestOptions) {
    this.#store = store
    this.#options = options
    this.#stager = new Stager(store)
    this.#nextId = Math.max(-1, ...store.state.sources.keys()) + 1
    const { scrub, hosts } = options.config
    const scrubber = createScrubber(scrub.names, scrub.exempt)
    const plain = scrub.names.length === 0 && scrub.exempt.length === 0
    this.#scrubbers = { scrubber, identityScrubber: plain ? scrubber : createScrubber() }
    const { host, site } = options
    this.#origin = originFinder({ ...(host ? { host } : {}), ...(site ? { site } : {}) }, hosts)
  }

  /** Reads one input to its end. A source that cannot be read is recorded as failed and does not stop the others. */
  async take(input: Input): Promise<void> {
    try {
      const known =
        input.path === '-' ? ({ is: 'new' } as const) : await lookUp(this.#store.state, input.path)
      if (known.is === 'known')
        this.#known.push({ path: input.path, isPruned: isPruned(this.#store.state, known.source) })
      else if (known.is === 'grown') await this.#resume(input, known.source)
      else await this.#read(input)
    } catch (error) {
      if (!(error instanceof ThroughlineError) || error.code !== 'SOURCE_UNREADABLE') throw error
      this.#refuse(input, { name: 'unreadable', advice: error.message })
    }
  }

  async #read(input: Input): Promise<void> {
    const source = await openSource(input.path)
    const blocks = source.blocks[Symbol.asyncIterator]()
    const { first, head, ended } = await readHead(blocks)
    const format = detectFormat(makeHead(head, ended), this.#options.fields)
    if (!('open' in format)) {
      await blocks.return?.(undefined)
      return this.#refuse(input, format)
    }
    const headDigest = source.gzip ? '' : hash('sha256', head.subarray(0, HEAD_DIGEST_BYTES), 'hex')
    const record: SourceRecord = {
      id: this.#unfinished(input.path, headDigest) ?? this.#nextId++,
      path: input.path,
      format: format.name,
      gzip: source.gzip,
      ...this.#origin(input.path),
      sha256: '',
      rawBytes: 0,
      head: headDigest,
      state: { lineNo: 1, byteOffset: 0, format: {} },
      accounting: emptyAccounting(),
      status: 'partial',
    }
    await this.#decode(record, format.open(this.#context(record)), first, blocks)
    this.#finish(record, source.digest())
  }

  /** The number of a source that an earlier run began and did not finish: this read takes its place. */
  #unfinished(path: string, head: string): number | undefined {
    const sources = [...this.#store.state.sources.values()]
    return sources.find(s => s.status !== 'complete' && s.path === path && s.head === head)?.id
  }

  /** Goes on where an earlier read of the same file ended. */
  async #resume(input: Input, earlier: SourceRecord): Promise<void> {
    const record = structuredClone({ ...earlier, path: input.path, status: 'partial' as const })
    const format = detectFormat(
      makeHead(await readAt(input.path, 0, HEAD_BYTES), false),
      this.#options.fields,
    )
    if (!('open' in format)) return this.#refuse(input, format)
    const context = this.#context(record)
    await carryLines(this.#store.db, record.id, await tailHopIds(record, format, context))
    // A last line without a line feed is read again, now that it may be whole.
    forgetLastLine(record)
    const source = await openSource(input.path, record.state.byteOffset)
    await this.#decode(record, format.open(context, record.state), [], source.blocks[Symbol.asyncIterator]())
    const { rawBytes } = source.digest()
    const size = earlier.state.byteOffset + rawBytes
    this.#finish(record, { sha256: await prefixDigest(input.path, size), rawBytes: size })
  }

  async #decode(
    record: SourceRecord,
    reader: Reader,
    first: readonly Buffer[],
    rest: AsyncIterator<Buffer>,
  ): Promise<void> {
    this.#pending.set(record.id, record)
    this.#stager.sourceId = record.id
    const push = async (block: Buffer): Promise<void> => {
      reader.push(block)
      this.#progress(record, block.length)
      await this.#stager.drain()
      record.state = reader.state()
      if (this.#stager.stagedRows >= (this.#options.commitRows ?? COMMIT_ROWS)) await this.commit(record)
    }
    try {
      for (const block of first) await push(block)
      for (let next = await rest.next(); !next.done; next = await rest.next()) await push(next.value)
      const whole = structuredClone(record.accounting)
      reader.end()
      record.torn = lastLine(whole, record.accounting)
      record.status = 'complete'
    } catch (error) {
      if (!(error instanceof ThroughlineError) || error.code !== 'SOURCE_UNREADABLE') throw error
      record.status = 'failed'
      record.problem = error.message
    }
    this.#warn(record)
  }

  #finish(record: SourceRecord, digest: { sha256: string; rawBytes: number }): void {
    record.rawBytes = digest.rawBytes
    record.sha256 = record.status === 'complete' ? digest.sha256 : ''
    this.#done.set(record.id, record)
  }

  /** Makes everything read so far part of the store, in one ledger entry. */
  async commit(cut?: SourceRecord): Promise<void> {
    const { staged, rejects } = await this.#stager.flush()
    if (staged.length === 0 && !rejects && this.#pending.size === 0 && this.#pendingRefused.length === 0)
      return
    if (cut) await noteCut(this.#store.db, cut.id, staged)
    const days = await commitBatch(this.#store, {
      staged,
      rejects,
      sources: (duplicates, late) => this.#account(duplicates, late),
      refused: this.#pendingRefused,
      config: this.#options.configDigest,
    })
    if (cut) await applyCut(this.#store.db)
    for (const day of days) this.#days.add(day)
    this.#pending = new Map(cut ? [[cut.id, cut]] : [])
    this.#pendingRefused = []
  }

  #account(duplicates: readonly Duplicates[], late: ReadonlyMap<number, number>): SourceRecord[] {
    for (const [sourceId, rows] of late) {
      const accounting = this.#pending.get(sourceId)?.accounting
      if (accounting) accounting.pruned = (accounting.pruned ?? 0) + rows
    }
    for (const { sourceId, duplicates: rows, byStamp } of duplicates) {
      const accounting = this.#pending.get(sourceId)?.accounting
      if (!accounting) continue
      accounting.duplicates += rows
      if (accounting.duplicates === accounting.decoded) continue
      const edges = [accounting.firstUs, accounting.lastUs]
      accounting.possibleDuplicates += byStamp
        .filter(s => edges.includes(s.us))
        .reduce((sum, s) => sum + s.rows, 0)
    }
    return [...this.#pending.values()].map(record => structuredClone(record))
  }

  result(): IngestResult {
    return {
      sources: [...this.#done.values()],
      known: this.#known,
      refused: this.#refused,
      days: [...this.#days].sort(),
    }
  }

  async close(): Promise<void> {
    await this.#stager.close()
  }

  #refuse(input: Input, refusal: { name: string; advice: string }): void {
    const record = { path: input.path, name: refusal.name, advice: refusal.advice }
    this.#pendingRefused.push(record)
    this.#refused.push({ ...record, named: input.named })
  }

  #context(record: SourceRecord): ReaderContext {
    const { config, fields, pseudonym } = this.#options
    return {
      sourceId: record.id,
      host: record.host,
      site: record.site,
      fields,
      ...this.#scrubbers,
      pseudonym,
      gatewayFields: config.fields.gateway,
      appFields: config.fields.app,
      accounting: record.accounting,
      sink: this.#stager,
    }
  }

  #progress(record: SourceRecord, bytes: number): void {
    this.#bytes += bytes
    this.#options.onProgress?.({ source: record.path, bytes: this.#bytes, lines: record.accounting.lines })
    const { maxRejects } = this.#options
    if (maxRejects === undefined) return
    const done = [...this.#done.values()].reduce((sum, s) => sum + s.accounting.rejected, 0)
    const rejected = done + record.accounting.rejected
    if (rejected <= maxRejects) return
    throw new ThroughlineError(
      'REJECTS_EXCEEDED',
      `ingest ${record.path}: ${rejected} lines rejected so far, --max-rejects allows ${maxRejects}; nothing since the last commit was kept. See docs/formats.md for the reasons`,
      { rejected, allowed: maxRejects, rejectedBy: record.accounting.rejectedBy },
    )
  }

  #warn(record: SourceRecord): void {
    const { accounting } = record
    if (record.format === 'iis-w3c' && accounting.decoded > 0) {
      const warnings = new Set(accounting.warnings)
      if (!record.host && !hasColumn(record, 's-computername')) warnings.add('host-unknown')
      if (Object.keys(accounting.idFields).length === 0) warnings.add('no-id-field')
      accounting.warnings = [...warnings]
    }
  }
}

async function readHead(
  blocks: AsyncIterator<Buffer>,
): Promise<{ first: Buffer[]; head: Buffer; ended: boolean }> {
  const first: Buffer[] = []
  let size = 0
  while (size < HEAD_BYTES) {
    const next = await blocks.next()
    if (next.done) return { first, head: Buffer.concat(first), ended: true }
    first.push(next.value)
    size += next.value.length
  }
  return { first, head: Buffer.concat(first).subarray(0, HEAD_BYTES), ended: false }
}

function hasColumn(record: SourceRecord, name: string): boolean {
  const { fields } = record.state.format
  return Array.isArray(fields) && fields.some(field => String(field).toLowerCase() === name)
}
