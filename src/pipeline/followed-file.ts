import { ThroughlineError } from '../errors.ts'
import { HEAD_BYTES } from '../formats/registry.ts'
import type { SourceRecord } from '../ledger/entry.ts'
import { lengthWithoutPadding } from '../sources/padding.ts'
import { readStart } from '../sources/read.ts'
import type { SeenFile } from '../sources/walk.ts'
import { isWholeFile, sortOf } from './file-sort.ts'
import type { Known } from './known.ts'
import { OpenLog } from './open-log.ts'

/** A file that is handed over whole must have kept its size for so long. */
export const STABLE_MS = 3_000
/** A last line without a line feed is taken as it is when its file has been quiet for so long, and is not written any more. */
export const OVER_MS = 120_000
/** A file that says it was written so long ago has been quiet since: no clocks of servers are so far apart. */
const OLD_MS = 24 * 3_600_000
/** A file that could not be read is tried again after so long. */
const AGAIN_MS = 5_000

/** What a followed file needs of the one who follows. */
export interface Host {
  readonly nowMs: () => number
  readonly stableMs: number
  readonly overMs: number
  /** How a file compares with what the store has, once everything that was read of that source is in the store. */
  lookUp(file: FollowedFile): Promise<Known>
  /** Begins a log at its start or where it was left; undefined where its head is no log. */
  open(file: FollowedFile, head: Buffer, known: Known): Promise<OpenLog | { name: string; advice: string }>
  /** Reads a file that is complete, or refuses it. */
  takeWhole(file: FollowedFile, known: Known): Promise<void>
  refuse(file: FollowedFile, refusal: { name: string; advice: string }): void
  /** Whether the file is no longer the newest of its folder, or has lost its name. */
  isRotated(file: FollowedFile): boolean
  /** Says once what is wrong with a file, or what is waited for. */
  tell(file: FollowedFile, problem: string): void
}

/** One file as it is followed: it waits to be looked at, is being read, or rests until it changes. */
export class FollowedFile {
  path: string
  seen: SeenFile
  /** When it was last seen to change. */
  changedMs: number
  /** Since when its name is gone or another file's; undefined while it is there. */
  missingMs: number | undefined
  /** Whether it had another name before. */
  hasMoved = false
  /** What was last told about it. */
  told = ''
  readonly #host: Host
  #state: 'new' | 'open' | 'rest' = 'new'
  #log: OpenLog | undefined
  #isDue = true
  #dueMs = Number.POSITIVE_INFINITY

  constructor(seen: SeenFile, host: Host) {
    this.path = seen.path
    this.seen = seen
    const nowMs = host.nowMs()
    this.changedMs = nowMs - seen.changedMs > OLD_MS ? seen.changedMs : nowMs
    this.#host = host
  }

  /** Whether there is something to do now. */
  get isDue(): boolean {
    return this.#isDue || this.#host.nowMs() >= this.#dueMs
  }

  /** Whether there will be something to do by the passing of time alone. */
  get isTimed(): boolean {
    return this.#dueMs !== Number.POSITIVE_INFINITY
  }

  get log(): OpenLog | undefined {
    return this.#log
  }

  /** Bytes that are known to wait for being read. */
  get behindBytes(): number {
    if (!this.#isDue || this.#state === 'rest') return 0
    return this.#log ? this.#log.behindBytes : this.seen.size
  }

  /** Takes a further look at the same file. */
  see(seen: SeenFile): void {
    this.missingMs = undefined
    const isChanged = seen.version !== this.seen.version
    this.seen = seen
    // NULs are overwritten in place, which not every file system tells: their place is looked at each time.
    if (this.#log?.hasPadding) this.#isDue = true
    if (!isChanged) return
    this.changedMs = this.#host.nowMs()
    this.#isDue = true
    if (this.#state === 'rest') this.#state = 'new'
  }

  /** Takes the file's new name. */
  move(seen: SeenFile): void {
    this.hasMoved ||= this.path !== seen.path
    this.path = seen.path
    if (this.#log) this.#log.record.path = seen.path
    this.see(seen)
  }

  /** Its name is gone, or another file's. What it still has is read from the open file. */
  miss(): void {
    if (this.missingMs !== undefined) return
    this.missingMs = this.#host.nowMs()
    this.#isDue = true
  }

  /**
   * Does what there is to do, a block at most.
   *
   * @returns whether there may be more at once
   */
  async step(): Promise<boolean> {
    this.#isDue = false
    this.#dueMs = Number.POSITIVE_INFINITY
    try {
      const more =
        this.#state === 'open' ? await this.#read() : this.#state === 'new' && (await this.#begin())
      this.#isDue ||= more
      return more
    } catch (error) {
      if (!(error instanceof ThroughlineError) || error.code !== 'SOURCE_UNREADABLE') throw error
      const isGone = (error.cause as NodeJS.ErrnoException | undefined)?.code === 'ENOENT'
      if (!isGone) this.#host.tell(this, error.message)
      await this.release()
      this.#dueMs = this.#host.nowMs() + AGAIN_MS
      this.#state = this.missingMs === undefined ? 'new' : 'rest'
      return false
    }
  }

  async #begin(): Promise<boolean> {
    if (this.missingMs !== undefined) return this.#rest()
    if (this.seen.size === 0) return false
    const head = await readStart(this.path, HEAD_BYTES)
    const isStable = this.#isQuietFor(this.#host.stableMs)
    const sort = sortOf(head)
    if (sort === 'empty') return false
    if (sort === 'half a line' && !this.#isOver()) return this.#waitFor(this.#host.overMs)
    if (sort !== 'lines') {
      if (!isStable) return this.#waitFor(this.#host.stableMs)
      const problem = await isWholeFile(this.path, sort)
      if (problem) this.#host.tell(this, problem)
      else await this.#whole()
      return false
    }
    const known = await this.#host.lookUp(this)
    if (known.is === 'known') return this.#rest()
    const opened = await this.#host.open(this, head.subarray(0, lengthWithoutPadding(head)), known)
    if (opened instanceof OpenLog) {
      this.#log = opened
      this.#state = 'open'
      return true
    }
    if (!isStable) return this.#waitFor(this.#host.stableMs)
    this.#host.refuse(this, opened)
    return this.#rest()
  }

  async #whole(): Promise<void> {
    await this.#host.takeWhole(this, await this.#host.lookUp(this))
    this.#rest()
  }

  async #read(): Promise<boolean> {
    const log = this.#log
    if (!log) return false
    const is = await log.read(this.#isQuietFor(this.#host.overMs))
    if (is === 'lines') return true
    if (is === 'replaced') {
      await this.release()
      return this.missingMs === undefined
    }
    if (!log.hasTorn) return false
    const isWhole = await log.isTornWhole()
    const isTaken = isWhole ? this.#isQuietFor(this.#host.stableMs) : this.#isOver()
    if (!isTaken) return this.#waitFor(isWhole ? this.#host.stableMs : this.#host.overMs)
    await log.finish()
    await this.release()
    return this.#rest()
  }

  /** Lets go of what reading needs; the file is compared with the store again when it changes. */
  async release(): Promise<void> {
    await this.#log?.close()
    this.#log = undefined
    this.#state = 'new'
  }

  /** As `release`, for a file that has nothing more to read. */
  async retire(): Promise<void> {
    await this.release()
    this.#rest()
  }

  #rest(): false {
    this.#state = 'rest'
    return false
  }

  #waitFor(ms: number): false {
    this.#dueMs = Math.max(this.changedMs, this.missingMs ?? 0) + ms
    // Not rotated away yet: that is looked for again, now and then.
    if (this.#dueMs <= this.#host.nowMs()) this.#dueMs = this.#host.nowMs() + AGAIN_MS
    return false
  }

  #isQuietFor(ms: number): boolean {
    return this.#host.nowMs() - Math.max(this.changedMs, this.missingMs ?? 0) >= ms
  }

  /** Whether nobody will write to it any more, as far as can be told. */
  #isOver(): boolean {
    return this.#isQuietFor(this.#host.overMs) && this.#host.isRotated(this)
  }

  /** The source that it is being read as. */
  get record(): SourceRecord | undefined {
    return this.#log?.record
  }
}
