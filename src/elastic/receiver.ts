import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { z } from 'zod'
import { makeFolder, removeFile, replace, syncFile } from '../ledger/durable.ts'
import { exportFolder, hasCheckpoint, lockExport, readCheckpoint, writeCheckpoint } from '../store/exports.ts'
import type { Lock } from '../store/lock.ts'
import { quoteText } from '../store/query.ts'
import type { Store } from '../store/store.ts'

const count = z.number().int().min(0)
const day = z.string().regex(/^\d{4}-\d\d-\d\d$/)

const DONE = z.strictObject({
  /** The ledger entry that the day was published at. */
  seq: z.number().int(),
  /** Digest of the settings that documents depend on. */
  made: z.string(),
  /** Requests of the day; documents that are superseded come on top. */
  live: count,
  /** Documents that the index had afterwards, those that are superseded left out. */
  held: count.optional(),
})

const PENDING = DONE.omit({ held: true }).extend({
  day,
  rows: count,
  /** The first so many rows were answered for. */
  sent: count,
})

const CHECKPOINT = z.strictObject({
  version: z.literal(1),
  /** Where it is kept, for people. */
  address: z.string(),
  days: z.record(day, DONE),
  pending: PENDING.optional(),
})

export type Done = z.infer<typeof DONE>
export type Pending = z.infer<typeof PENDING>
type Checkpoint = z.infer<typeof CHECKPOINT>

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
      const receiver = new Receiver(store, folder, lock, {
        ...readCheckpoint(folder, CHECKPOINT, fresh(address)),
        address,
      })
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
    return hasCheckpoint(folder) ? readCheckpoint(folder, CHECKPOINT, fresh('')).days : undefined
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

  /** Path of a file that holds the documents of a day that are about to be sent: request_id, hash, doc. */
  pendingPath(day: string): string {
    return join(this.folder, 'pending', `${day}.parquet`)
  }

  /** Notes what is about to be sent: all rows of the file at `pendingPath`. */
  begin(pending: Pending): void {
    syncFile(this.pendingPath(pending.day))
    this.#checkpoint.pending = pending
    this.#save()
  }

  /** Notes how many rows of what is being sent were answered for, from the first on. */
  noteSent(rows: number): void {
    const { pending } = this.#checkpoint
    if (!pending || rows <= pending.sent) return
    pending.sent = rows
    this.#save()
  }

  /** Notes that all of what was begun was answered for. */
  async finish(): Promise<void> {
    const { pending } = this.#checkpoint
    if (!pending) return
    await this.#merge(pending)
    const { day, seq, made, live } = pending
    this.#checkpoint.days[day] = { seq, made, live }
    delete this.#checkpoint.pending
    this.#save()
    removeFile(this.pendingPath(day))
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
    if (pending.sent > 0 && existsSync(this.pendingPath(pending.day))) {
      await this.#merge(pending)
      this.#checkpoint.days[pending.day] ??= { seq: -1, made: '', live: 0 }
      const done = this.#checkpoint.days[pending.day]
      if (done) done.seq = -1
    }
    delete this.#checkpoint.pending
    this.#save()
    removeFile(this.pendingPath(pending.day))
  }

  /** Adds what was answered for to the list of a day. */
  async #merge({ day, sent }: Pending): Promise<void> {
    const taken = `(SELECT request_id, hash FROM read_parquet(${quoteText(this.pendingPath(day))}, file_row_number = true) WHERE file_row_number < ${sent})`
    await this.#write(
      day,
      `SELECT request_id, hash FROM ${this.published(day)} WHERE request_id NOT IN (SELECT request_id FROM ${taken})
       UNION ALL SELECT request_id, hash FROM ${taken}`,
    )
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

  #save(): void {
    writeCheckpoint(this.folder, this.#checkpoint)
  }
}

function fresh(address: string): Checkpoint {
  return { version: 1, address, days: {} }
}

/** A receiver's name from where it is and what its indices are called. */
export function receiverName(address: string, prefix: string): string {
  return `elastic-${`${address.replace(/^https?:\/\//, '')}-${prefix}`.replace(/[^\w.]+/g, '-')}`
}
