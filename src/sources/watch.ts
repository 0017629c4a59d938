import { foldersAt, listFolder, lookAt, type SeenFile, walk } from './walk.ts'

/** A walk over all files is due again after so long, or after so many times what the last one took. */
const WALK_MS = 5_000
const WALK_SHARE = 20
/** A folder that changed is listed again for so long: its stamp may be too coarse to show a further name. */
const SETTLE_MS = 1_500
/** It is not listed again before so many times what listing it took. */
const LIST_SHARE = 5

export interface Sight {
  /** Files that were looked at and are there. */
  readonly seen: readonly SeenFile[]
  /** Whether these are all files there are; else only those that may have changed. */
  readonly isWhole: boolean
}

interface Folder {
  changedNs: bigint
  /** When it was first seen to have changed so. */
  sinceMs: number
  nextListMs: number
}

/**
 * Looks for files below the places that a user named. Each look costs a stat of every folder and of every file that is
 * being written; a folder is listed when it has changed. All files are looked at now and then, at a bounded share of
 * the time, since a network share does not always tell of changes.
 */
export class Watch {
  readonly #places: readonly string[]
  readonly #excluded: string
  readonly #nowMs: () => number
  #folders = new Map<string, Folder>()
  #nextWalkMs = Number.NEGATIVE_INFINITY

  /** @param excluded folder of the store */
  constructor(places: readonly string[], excluded: string, nowMs: () => number) {
    this.#places = places
    this.#excluded = excluded
    this.#nowMs = nowMs
  }

  /**
   * @param busy paths of files that are being written
   * @param isKnown whether a path has been seen before
   */
  async look(busy: readonly string[], isKnown: (path: string) => boolean): Promise<Sight> {
    if (this.#nowMs() >= this.#nextWalkMs) return this.#walk()
    const seen: SeenFile[] = []
    for (const path of await this.#changedFolders()) {
      for (const file of await this.#list(path, isKnown)) seen.push(file)
    }
    return { seen: [...seen, ...(await lookAt(busy))], isWhole: false }
  }

  /** Makes the next look one at all files. */
  hurry(): void {
    this.#nextWalkMs = Number.NEGATIVE_INFINITY
  }

  async #walk(): Promise<Sight> {
    const startedMs = this.#nowMs()
    const { files, folders } = await walk(this.#places, this.#excluded)
    const endedMs = this.#nowMs()
    this.#nextWalkMs = endedMs + Math.max(WALK_MS, WALK_SHARE * (endedMs - startedMs))
    const before = this.#folders
    this.#folders = new Map()
    for (const { path, changedNs } of folders) {
      const known = before.get(path)
      const fresh = { changedNs, sinceMs: startedMs, nextListMs: endedMs }
      this.#folders.set(path, known?.changedNs === changedNs ? known : fresh)
    }
    return { seen: files, isWhole: true }
  }

  /** Folders in which there may be new names. */
  async #changedFolders(): Promise<string[]> {
    const nowMs = this.#nowMs()
    const found = await foldersAt([...this.#folders.keys()])
    // A folder that is gone, or a place that is none: only a walk can tell what there is now.
    if (found.length < this.#folders.size) this.#nextWalkMs = Math.min(this.#nextWalkMs, nowMs + SETTLE_MS)
    return found.flatMap(({ path, changedNs }) => {
      const folder = this.#folders.get(path)
      if (!folder) return []
      if (folder.changedNs !== changedNs) Object.assign(folder, { changedNs, sinceMs: nowMs })
      return nowMs - folder.sinceMs < SETTLE_MS && nowMs >= folder.nextListMs ? [path] : []
    })
  }

  async #list(path: string, isKnown: (path: string) => boolean): Promise<SeenFile[]> {
    const startedMs = this.#nowMs()
    const { files, folders } = await listFolder(path, isKnown)
    if (folders.some(f => !this.#folders.has(f.path))) this.hurry()
    const folder = this.#folders.get(path)
    const endedMs = this.#nowMs()
    if (folder) folder.nextListMs = endedMs + LIST_SHARE * (endedMs - startedMs)
    return files
  }
}
