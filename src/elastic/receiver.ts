import { closeSync, openSync, readSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { appendTo, cutTo, makeFolder, removeFile, replace, syncFile } from '../ledger/durable.ts'
import { exportFolder, hasCheckpoint, lockExport, writeCheckpoint } from '../store/exports.ts'
import type { Lock } from '../store/lock.ts'
import { quoteText } from '../store/query.ts'
import type { Store } from '../store/store.ts'
import type { Item } from './bulk-answer.ts'
import { type Checkpoint, checkpointOf, type Done, type Pending } from './checkpoint.ts'

const PARQUET = 'FORMAT parquet, COMPRESSION zstd, COMPRESSION_LEVEL 1'

/** Columns of the list of a day: each document that was published, with the hash of its content. */
const EMPTY = '(SELECT NULL::UUID AS request_id, NULL::UBIGINT AS hash WHERE FALSE)'

/**
 * What one receiver of documents has been given, kept below the store's folder: for each day the hash last published of
 * every document, 24 bytes each before compression, and how far the day under way has come.
 */
export class Receiver {
  readonly folder: string
  readonly #store: Store
  readonly #lock: Lock
  readonly #checkpoint: Checkpoint

  private constructor(store: Store, folder: string, lock: Lock, checkpoint: Checkpoint) {
    this.#store = store
    this.folder = folder
    this.#lock = lock
    this.#checkpoint = checkpoint
  }

  /**
   * @param name letters, digits, dots, dashes and underscores
   * @throws EXPORT_BUSY where another process publishes to it, EXPORT_STATE
   */
  static async open(store: Store, name: string, address: string): Promise<Receiver> {
    const folder = exportFolder(store.root, name)
    for (const made of ['days', 'pending']) makeFolder(join(folder, made))
    const lock = lockExport(folder, name)
    try {
      const receiver = new Receiver(store, folder, lock, checkpointOf(folder, address))
      await receiver.#takeOver()
      return receiver
    } catch (error) {
      lock.release()
      throw error
    }
  }

  /** What was published to a receiver, without opening it; undefined if nothing ever was. */
  static look(root: string, name: string): Readonly<Record<string, Done>> | undefined {
    const folder = exportFolder(root, name)
    return hasCheckpoint(folder) ? checkpointOf(folder, '').days : undefined
  }

  close(): void {
    this.#lock.release()
  }

  get days(): Readonly<Record<string, Done>> {
    return this.#checkpoint.days
  }

  /** Whether a day was published as it stands at an entry. */
  isDone(day: string, seq: number, made: string): boolean {
    const done = this.#checkpoint.days[day]
    return done !== undefined && done.seq >= seq && done.made === made
  }

  /** What was published of a day, as a FROM item with request_id and hash. */
  published(day: string): string {
    return day in this.#checkpoint.days ? `read_parquet(${quoteText(this.#listPath(day))})` : EMPTY
  }

  /** Forgets a day, so that all of it is sent again. */
  forget(day: string): void {
    delete this.#checkpoint.days[day]
    this.#save()
  }

  /** Notes that a day is about to be sent. */
  begin(pending: Pending): void {
    removeFile(this.#takenPath(pending.day))
    this.#checkpoint.pending = pending
    this.#save()
  }

  /** Notes documents of the day under way that were answered for. A crash may lose the last of these notes. */
  noteTaken(items: readonly Pick<Item, 'id' | 'hash'>[]): void {
    const { pending } = this.#checkpoint
    if (pending)
      appendTo(this.#takenPath(pending.day), items.map(({ id, hash }) => `${id},${hash}\n`).join(''))
  }

  /**
   * Notes that all of what was begun was answered for.
   *
   * @param live requests of the day
   */
  async finish(live: number): Promise<void> {
    const { pending } = this.#checkpoint
    if (!pending) return
    await this.#merge(pending)
    const { day, seq, made } = pending
    this.#checkpoint.days[day] = { seq, made, live }
    delete this.#checkpoint.pending
    this.#save()
    removeFile(this.#takenPath(day))
  }

  /** Notes how a day was published, at an entry. */
  confirm(day: string, done: Done): void {
    this.#checkpoint.days[day] = done
    this.#save()
  }

  /** Puts a list in the place of what is noted of a day: what the receiver itself says that it has. */
  async replaceList(day: string, select: string): Promise<void> {
    await this.#write(day, select)
    this.#checkpoint.days[day] = { seq: -1, made: '', live: 0 }
    this.#save()
  }

  /** Days that the store has no longer are forgotten. */
  dropBefore(day: string): void {
    const gone = Object.keys(this.#checkpoint.days).filter(it => it < day)
    if (gone.length === 0) return
    for (const it of gone) delete this.#checkpoint.days[it]
    this.#save()
    for (const it of gone) removeFile(this.#listPath(it))
  }

  /** What an earlier run had begun and not finished: what was answered for counts, the rest is made anew. */
  async #takeOver(): Promise<void> {
    const { pending } = this.#checkpoint
    if (!pending) return
    if (await this.#merge(pending)) {
      const { held: _, ...known } = this.#checkpoint.days[pending.day] ?? { seq: -1, made: '', live: 0 }
      this.#checkpoint.days[pending.day] = { ...known, seq: -1 }
    }
    delete this.#checkpoint.pending
    this.#save()
    removeFile(this.#takenPath(pending.day))
  }

  /**
   * Adds what was answered for to the list of a day.
   *
   * @returns whether there was anything
   */
  async #merge({ day }: Pending): Promise<boolean> {
    const path = this.#takenPath(day)
    dropTornLine(path)
    if ((statSync(path, { throwIfNoEntry: false })?.size ?? 0) === 0) return false
    const columns = "{'request_id': 'UUID', 'hash': 'VARCHAR'}"
    const taken = `(SELECT request_id, ('0x' || hash)::UBIGINT AS hash
      FROM read_csv(${quoteText(path)}, header = false, delim = ',', columns = ${columns}))`
    await this.#write(
      day,
      `SELECT request_id, hash FROM ${this.published(day)} WHERE request_id NOT IN (SELECT request_id FROM ${taken})
       UNION ALL SELECT request_id, hash FROM ${taken}`,
    )
    return true
  }

  async #write(day: string, select: string): Promise<void> {
    const target = this.#listPath(day)
    await this.#store.db.run(
      `COPY (${select} ORDER BY request_id) TO ${quoteText(`${target}.part`)} (${PARQUET})`,
    )
    syncFile(`${target}.part`)
    replace(`${target}.part`, target)
  }

  /** Not below `date=`: lists of traces lie there. */
  #listPath(day: string): string {
    return join(this.folder, 'days', `${day}.parquet`)
  }

  #takenPath(day: string): string {
    return join(this.folder, 'pending', `${day}.csv`)
  }

  #save(): void {
    writeCheckpoint(this.folder, this.#checkpoint)
  }
}

/** A kill in the middle of a note leaves part of a line, shorter than this. */
const NOTE_BYTES = 128

function dropTornLine(path: string): void {
  const size = statSync(path, { throwIfNoEntry: false })?.size ?? 0
  if (size === 0) return
  const tail = Buffer.alloc(Math.min(size, NOTE_BYTES))
  const fd = openSync(path, 'r')
  try {
    readSync(fd, tail, 0, tail.length, size - tail.length)
  } finally {
    closeSync(fd)
  }
  const torn = tail.length - 1 - tail.lastIndexOf(0x0a)
  if (torn > 0) cutTo(path, size - torn)
}

/** A receiver's name from where it is and what its indices are called. */
export function receiverName(address: string, prefix: string): string {
  return `elastic-${`${address.replace(/^https?:\/\//, '')}-${prefix}`.replace(/[^\w.]+/g, '-')}`
}
