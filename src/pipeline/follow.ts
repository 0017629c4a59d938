import { Watch } from '../sources/watch.ts'
import type { FollowEvent, FollowOptions } from './follow-events.ts'
import { type FollowedFile, type Host, OVER_MS, STABLE_MS } from './followed-file.ts'
import { FollowedFiles, measureLag } from './followed-files.ts'
import { IngestRun } from './ingest-run.ts'
import type { Intake } from './intake.ts'
import type { Known } from './known.ts'
import { openLog } from './open-log-at.ts'

/** Between two looks when there is nothing to read. */
const POLL_MS = 250
const SHORTEST_PAUSE_MS = 20
/** The next look is not before so many times what the last one took: many files must not keep us from reading. */
const LOOK_SHARE = 4
/** What was read becomes part of the store at most so often while we keep up, ... */
const COMMIT_MS = 1_000
/** ... and while we lag after so long or so many hops: fewer, larger entries catch up sooner. */
const LAGGING_COMMIT_MS = 5_000
const COMMIT_ROWS = 250_000
/** Reading goes on for so long before there is another look. */
const SLICE_MS = 250
/** More files than this are not kept open; those that were not read for longest are let go. */
const MOST_OPEN = 256
/** Blocks of one file that are read before it is another's turn. */
const TURN_STEPS = 4
/** Lag that is worth a word, and how often it is. */
const LAG_BYTES = 8 * 1024 * 1024
const LAG_EVERY_MS = 10_000
/** Between two looks for files that are gone or quiet for long. */
const TIDY_MS = 10_000

/** Links that are refreshed while logs are followed. */
export interface FollowerLinks {
  /** Whether a refresh was left before its end. */
  readonly isAtIt: boolean
  readonly isDue: boolean
  /** Says that new hops have come in. */
  taken(): void
  refresh(): Promise<void>
}

/**
 * Follows files that are being written: what is appended becomes facts within about a second, links follow at a
 * bounded share of the time. Whatever happens, the facts are those that reading the same bytes once would give.
 */
export class Follower {
  readonly #options: FollowOptions
  readonly #intake: Intake
  readonly #whole: IngestRun
  readonly #watch: Watch
  readonly #files: FollowedFiles
  readonly #links: FollowerLinks | undefined
  /** Ends what can be interrupted. */
  #interrupt: () => void = () => undefined
  #isStopping = false
  #lastCommitMs: number
  #nextLookMs = 0
  #lastTidyMs = 0
  #lastLagMs = 0
  #lagSinceMs: number | undefined
  #rows = 0

  /**
   * @param places files, folders and patterns; they may come and go
   * @param own folder whose files are never read: where the intake keeps what it has
   * @param links what is refreshed between reading; undefined where links are made elsewhere
   */
  constructor(
    intake: Intake,
    places: readonly string[],
    own: string,
    options: FollowOptions,
    links?: FollowerLinks,
  ) {
    this.#options = options
    this.#intake = intake
    this.#whole = new IngestRun(intake, { commitRows: COMMIT_ROWS, fields: options.fields })
    this.#watch = new Watch(places, own, options.nowMs)
    this.#files = new FollowedFiles(this.#host())
    this.#links = links
    this.#lastCommitMs = options.nowMs()
  }

  /** Ends `run` once what was read is in the store. */
  stop(): void {
    this.#isStopping = true
    this.#interrupt()
  }

  /**
   * Follows until it is stopped.
   *
   * @returns whether links were being refreshed and were left as they are; the engine may still be at it then
   */
  async run(): Promise<{ isAbandoned: boolean }> {
    try {
      while (!this.#isStopping) if (await this.#round()) return { isAbandoned: true }
      await this.#commit()
      return { isAbandoned: false }
    } finally {
      if (!this.#links?.isAtIt) {
        for (const file of this.#files.open) await file.release()
        await this.#intake.close()
      }
    }
  }

  /** @returns whether it was stopped while links were refreshed */
  async #round(): Promise<boolean> {
    await this.#look()
    const more = await this.#read()
    await this.#commitWhereDue(more)
    await this.#tidy()
    await this.#options.afterRound?.()
    if (this.#intake.pending === 0 && (await this.#refreshLinks())) return true
    this.#tellLag(more)
    if (!more) await this.#unlessStopped(this.#options.pause(this.#pauseMs()))
    return false
  }

  /** Until the next look, or until what was read is due to be committed. */
  #pauseMs(): number {
    const { nowMs, pollMs = POLL_MS } = this.#options
    const dueMs = this.#intake.pending > 0 ? this.#lastCommitMs + COMMIT_MS - nowMs() : pollMs
    return Math.min(pollMs, Math.max(dueMs, SHORTEST_PAUSE_MS))
  }

  async #refreshLinks(): Promise<boolean> {
    if (this.#isStopping || !this.#links?.isDue) return false
    return !(await this.#unlessStopped(this.#links.refresh()))
  }

  /** @returns whether the work has ended, rather than a stop having come before */
  async #unlessStopped(work: Promise<void>): Promise<boolean> {
    if (this.#isStopping) return false
    const stopped = new Promise<false>(resolve => {
      this.#interrupt = () => resolve(false)
    })
    const isDone = await Promise.race([work.then(() => true), stopped])
    if (!isDone) work.catch(() => undefined)
    return isDone
  }

  async #look(): Promise<void> {
    const startedMs = this.#options.nowMs()
    if (startedMs < this.#nextLookMs) return
    const busy = this.#files.busy()
    const sight = await this.#watch.look(busy, path => this.#files.isKnown(path))
    if (await this.#files.take(sight, busy)) this.#watch.hurry()
    const endedMs = this.#options.nowMs()
    this.#nextLookMs = endedMs + LOOK_SHARE * (endedMs - startedMs)
  }

  /** @returns whether there is more to read at once */
  async #read(): Promise<boolean> {
    const untilMs = this.#options.nowMs() + SLICE_MS
    for (let files = this.#files.due(); files.length > 0 && !this.#isStopping; files = this.#files.due()) {
      for (const file of files) {
        if (file.log || (await this.#files.limitOpen(MOST_OPEN - 1))) await this.#turn(file)
        if (this.#options.nowMs() >= untilMs || this.#isStopping) return this.#files.due().length > 0
      }
    }
    return false
  }

  async #turn(file: FollowedFile): Promise<void> {
    for (let steps = 0; steps < TURN_STEPS && (await file.step()); steps++);
    this.#rows += file.log?.takeDecoded() ?? 0
    this.#files.stepped(file)
  }

  async #commitWhereDue(more: boolean): Promise<void> {
    if (this.#intake.pending === 0) return
    const sinceMs = this.#options.nowMs() - this.#lastCommitMs
    const isDue = more ? sinceMs >= LAGGING_COMMIT_MS || this.#rows >= COMMIT_ROWS : sinceMs >= COMMIT_MS
    if (isDue) await this.#commit()
  }

  async #commit(): Promise<void> {
    const days = await this.#intake.commit()
    this.#lastCommitMs = this.#options.nowMs()
    this.#rows = 0
    if (days.length > 0) this.#links?.taken()
    await this.#options.afterCommit?.()
  }

  async #tidy(): Promise<void> {
    const nowMs = this.#options.nowMs()
    if (nowMs - this.#lastTidyMs < TIDY_MS) return
    this.#lastTidyMs = nowMs
    await this.#files.forgetMissing()
  }

  #tellLag(more: boolean): void {
    const nowMs = this.#options.nowMs()
    const due = more ? this.#files.due() : []
    const bytes = due.reduce((sum, file) => sum + file.behindBytes, 0)
    this.#lagSinceMs = bytes > 0 ? (this.#lagSinceMs ?? nowMs) : undefined
    const seconds = (nowMs - (this.#lagSinceMs ?? nowMs)) / 1000
    measureLag(this.#files, bytes, seconds)
    this.#tell({ event: 'state', files: this.#files.size, lagBytes: bytes })
    if (bytes < LAG_BYTES || nowMs - this.#lastLagMs < LAG_EVERY_MS) return
    this.#lastLagMs = nowMs
    this.#tell({ event: 'lag', bytes, seconds })
  }

  #tell(event: FollowEvent): void {
    this.#options.onEvent?.(event)
  }

  #host(): Host {
    const { nowMs, stableMs = STABLE_MS, overMs = OVER_MS } = this.#options
    return {
      nowMs,
      stableMs,
      overMs,
      lookUp: file => this.#lookUp(file),
      open: ({ path, seen }, head, known) => {
        const { fields } = this.#options
        return openLog(this.#intake, { path, identity: seen.identity, head, known, fields })
      },
      takeWhole: (file, known) => this.#takeWhole(file, known),
      refuse: (file, refusal) => this.#refuse(file, refusal),
      isRotated: file => this.#files.isRotated(file),
      tell: (file, problem) => {
        if (file.told === problem) return
        file.told = problem
        this.#tell({ event: 'problem', path: file.path, problem })
      },
    }
  }

  /** A source that is in the store only in part would be read twice: what was read of it is committed first. */
  async #lookUp(file: FollowedFile): Promise<Known> {
    const find = () => this.#intake.known.lookUp(file.path, file.seen.identity)
    let known = await find()
    if (known.is === 'new') return known
    if (this.#intake.isPending(known.source.id)) {
      await this.#commit()
      known = await find()
    }
    if (known.is !== 'grown') return known
    const { id } = known.source
    const reader = [...this.#files.open].find(other => other.record?.id === id)
    if (!reader) return known
    // A copy of a log that is being read under its own name is a source of its own.
    if (reader.missingMs === undefined) return { is: 'new' }
    await reader.retire()
    return known
  }

  async #takeWhole(file: FollowedFile, known: Known): Promise<void> {
    await this.#whole.take({ path: file.path, named: false }, known)
    for (const { path, name, advice } of this.#whole.result().refused)
      this.#tell({ event: 'refused', path, name, advice })
  }

  #refuse({ path }: FollowedFile, { name, advice }: { name: string; advice: string }): void {
    this.#intake.refuse({ path, name, advice })
    this.#tell({ event: 'refused', path, name, advice })
  }
}
