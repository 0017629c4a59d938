import { dirname } from 'node:path'
import { lookAt, type SeenFile } from '../sources/walk.ts'
import type { Sight } from '../sources/watch.ts'
import { level } from '../telemetry/record.ts'
import { FollowedFile, type Host } from './followed-file.ts'

/** A file that was not seen to change for so long is only looked at in walks over all files. */
const BUSY_MS = 5 * 60_000
/** The two youngest files of a folder: a file is not the newest where one of them is another and was made later. */
type Youngest = readonly { readonly identity: string; readonly bornMs: number }[]

/** All files that are followed, by name and by identity. A renamed file is the same file; content is not compared here. */
export class FollowedFiles {
  readonly #host: Host
  readonly #byPath = new Map<string, FollowedFile>()
  /** The file that was first seen with an identity; further names of it are left alone. */
  readonly #byIdentity = new Map<string, FollowedFile>()
  readonly #missing = new Set<FollowedFile>()
  readonly #busy = new Set<FollowedFile>()
  readonly #timed = new Set<FollowedFile>()
  readonly #due = new Set<FollowedFile>()
  readonly #open = new Set<FollowedFile>()
  readonly #youngest = new Map<string, Youngest>()

  constructor(host: Host) {
    this.#host = host
  }

  get size(): number {
    return this.#byPath.size
  }

  isKnown(path: string): boolean {
    return this.#byPath.has(path)
  }

  /** Paths that are to be looked at each time. */
  busy(): string[] {
    const since = this.#host.nowMs() - BUSY_MS
    for (const file of this.#busy)
      if (file.changedMs < since || file.missingMs !== undefined) this.#busy.delete(file)
    return [...this.#busy].map(file => file.path)
  }

  /** Files with something to do, those that waited longest first. */
  due(): FollowedFile[] {
    for (const file of this.#timed) {
      if (!file.isTimed) this.#timed.delete(file)
      else if (file.isDue) this.#due.add(file)
    }
    return [...this.#due]
  }

  /** Notes what a step has left to do. */
  stepped(file: FollowedFile): void {
    this.#due.delete(file)
    if (file.isDue) this.#due.add(file)
    if (file.isTimed) this.#timed.add(file)
    this.#open.delete(file)
    if (file.log) this.#open.add(file)
  }

  /** Takes in what was seen. @returns whether a name is gone, so that the file may have another */
  async take({ seen, isWhole }: Sight, asked: readonly string[]): Promise<boolean> {
    const there = new Set<string>()
    for (const file of seen) {
      there.add(file.path)
      await this.#see(file)
    }
    const expected = isWhole ? [...this.#byPath.keys()] : asked
    const gone = expected.filter(path => !there.has(path))
    for (const path of gone) this.#miss(path)
    return gone.length > 0
  }

  async #see(seen: SeenFile): Promise<void> {
    this.#noteBirth(seen)
    const file = this.#byPath.get(seen.path)
    if (file?.seen.identity === seen.identity) return this.#changed(file, () => file.see(seen))
    if (file) this.#miss(seen.path)
    const owner = this.#byIdentity.get(seen.identity)
    if (owner && owner.missingMs === undefined && (await isAt(owner))) return
    if (owner) return this.#move(owner, seen)
    const added = new FollowedFile(seen, this.#host)
    this.#byPath.set(seen.path, added)
    this.#byIdentity.set(seen.identity, added)
    this.#due.add(added)
    if (seen.changedMs >= this.#host.nowMs() - BUSY_MS) this.#busy.add(added)
  }

  #changed(file: FollowedFile, see: () => void): void {
    const before = file.changedMs
    see()
    if (file.changedMs !== before) this.#busy.add(file)
    if (file.isDue) this.#due.add(file)
    this.#missing.delete(file)
  }

  #move(file: FollowedFile, seen: SeenFile): void {
    if (this.#byPath.get(file.path) === file) this.#byPath.delete(file.path)
    this.#byPath.set(seen.path, file)
    this.#changed(file, () => file.move(seen))
  }

  #miss(path: string): void {
    const file = this.#byPath.get(path)
    if (!file) return
    this.#byPath.delete(path)
    file.miss()
    this.#missing.add(file)
    this.#due.add(file)
  }

  /** Forgets files whose name has been gone for so long that they will not come back under another. */
  async forgetMissing(): Promise<void> {
    const since = this.#host.nowMs() - 2 * this.#host.overMs
    for (const file of this.#missing) {
      if (file.isDue || (file.missingMs ?? since) >= since) continue
      await file.retire()
      for (const set of [this.#missing, this.#busy, this.#timed, this.#due, this.#open]) set.delete(file)
      if (this.#byIdentity.get(file.seen.identity) === file) this.#byIdentity.delete(file.seen.identity)
    }
  }

  isRotated(file: FollowedFile): boolean {
    if (file.hasMoved || file.missingMs !== undefined) return true
    const others = this.#youngest.get(dirname(file.path)) ?? []
    return others.some(y => y.identity !== file.seen.identity && y.bornMs > file.seen.changedMs)
  }

  #noteBirth({ path, identity, bornMs }: SeenFile): void {
    const folder = dirname(path)
    const before = this.#youngest.get(folder) ?? []
    if (before.some(y => y.identity === identity) || (before[1]?.bornMs ?? -1) >= bornMs) return
    const next = [...before, { identity, bornMs }].sort((a, b) => b.bornMs - a.bornMs)
    this.#youngest.set(folder, next.slice(0, 2))
  }

  /** Files that are being read, those that were read last at the end. */
  get open(): ReadonlySet<FollowedFile> {
    return this.#open
  }

  /** Lets go of files beyond so many that have nothing to do. @returns whether no more than that are open */
  async limitOpen(most: number): Promise<boolean> {
    for (const file of this.#open) {
      if (this.#open.size <= most) return true
      if (file.isDue) continue
      await file.retire()
      this.#open.delete(file)
    }
    return this.#open.size <= most
  }
}

/** Tells metrics how the follower keeps up. */
export function measureLag(files: FollowedFiles, lagBytes: number, lagSeconds: number): void {
  level('throughline.files.followed', files.size)
  level('throughline.files.open', files.open.size)
  level('throughline.follow.lag.size', lagBytes)
  level('throughline.follow.lag.duration', lagSeconds)
}

/** Whether a file is still what its name leads to. */
async function isAt({ path, seen }: FollowedFile): Promise<boolean> {
  const [now] = await lookAt([path])
  return now?.identity === seen.identity
}
