import { basename, dirname, join } from 'node:path'
import { z } from 'zod'
import { makeFolder, removeFile, replace, syncFile } from '../../ledger/durable.ts'
import { dayNumber } from '../../model/time.ts'
import { exportFolder, lockExport, readCheckpoint, writeCheckpoint } from '../../store/exports.ts'
import type { Lock } from '../../store/lock.ts'
import { quoteText } from '../../store/query.ts'
import type { Store } from '../../store/store.ts'
import { EXPORTED_COLUMNS } from '../recorded.ts'

const count = z.number().int().min(0)

const LIST = z.strictObject({
  /** Path below the receiver's folder. */
  path: z.string(),
  day: z.string(),
  rows: count,
  /** The first so many rows were taken by the receiver. */
  sent: count,
})

const CHECKPOINT = z.strictObject({
  version: z.literal(1),
  endpoint: z.string(),
  lists: z.array(LIST),
  /** Days of which everything was sent: up to which entry, and a digest of what was asked for. */
  done: z.record(z.string(), z.strictObject({ seq: z.number().int(), asked: z.string() })),
})

export type ExportList = z.infer<typeof LIST>
type Checkpoint = z.infer<typeof CHECKPOINT>

/** Lists of a day that are merged once there are more. */
const MOST_LISTS = 16

/**
 * What one receiver of spans has been given, kept below the store's folder: a list of hops a day and run, with the trace
 * ids under which they left, and how much of each list was taken. Written before anything is sent.
 */
export class Receiver {
  readonly folder: string
  readonly #lock: Lock
  #checkpoint: Checkpoint

  private constructor(folder: string, lock: Lock, checkpoint: Checkpoint) {
    this.folder = folder
    this.#lock = lock
    this.#checkpoint = checkpoint
  }

  /**
   * @param name letters, digits, dots, dashes and underscores
   * @throws EXPORT_BUSY where another process sends to it
   */
  static open(store: Store, name: string, endpoint: string): Receiver {
    const folder = exportFolder(store.root, name)
    makeFolder(folder)
    const lock = lockExport(folder, name)
    try {
      const fresh: Checkpoint = { version: 1, endpoint, lists: [], done: {} }
      return new Receiver(folder, lock, { ...readCheckpoint(folder, CHECKPOINT, fresh), endpoint })
    } catch (error) {
      lock.release()
      throw error
    }
  }

  close(): void {
    this.#lock.release()
  }

  /** Name of the receiver in the store. */
  get name(): string {
    return basename(this.folder)
  }

  /** Where spans are sent to. */
  get endpoint(): string {
    return this.#checkpoint.endpoint
  }

  get lists(): readonly ExportList[] {
    return this.#checkpoint.lists
  }

  /** Whether a day was sent as it stands at an entry. */
  isDone(day: string, seq: number, asked: string): boolean {
    const done = this.#checkpoint.done[day]
    return done !== undefined && done.seq >= seq && done.asked === asked
  }

  /** Notes that everything of a day was sent. */
  noteDone(day: string, seq: number, asked: string): void {
    this.#checkpoint.done[day] = { seq, asked }
    this.save()
  }

  /** Forgets what was sent of some days, so that it is sent again, under the same ids. */
  forget(isMeant: (day: string) => boolean): void {
    for (const list of this.#checkpoint.lists) if (isMeant(list.day)) list.sent = 0
    for (const day of Object.keys(this.#checkpoint.done)) if (isMeant(day)) delete this.#checkpoint.done[day]
    this.save()
  }

  /** Drops the lists of days that the store has no longer. */
  dropBefore(day: string): void {
    const gone = this.#checkpoint.lists.filter(list => list.day < day)
    if (gone.length === 0) return
    this.#checkpoint.lists = this.#checkpoint.lists.filter(list => list.day >= day)
    this.save()
    for (const { path } of gone) removeFile(join(this.folder, path))
  }

  /** The hops of a day that this receiver has taken, as a SELECT of hop_id. */
  sentHops(day: string): string {
    const near = this.#checkpoint.lists.filter(
      l => Math.abs(dayNumber(l.day) - dayNumber(day)) <= 2 && l.sent > 0,
    )
    if (near.length === 0) return 'SELECT NULL::UUID AS hop_id WHERE FALSE'
    return near.map(l => `SELECT hop_id FROM ${this.#rowsOf(l)}`).join(' UNION ALL ')
  }

  #rowsOf({ path, rows, sent }: ExportList): string {
    const file = `read_parquet(${quoteText(join(this.folder, path))}, hive_partitioning = false)`
    return sent === rows ? file : `(SELECT * FROM ${file} WHERE n <= ${sent})`
  }

  /** Writes the list of what is about to be sent of a day, from a SELECT with the columns of `EXPORTED_COLUMNS`. */
  async addList(store: Store, day: string, select: string): Promise<ExportList> {
    const list = { path: this.#newPath(day), day, rows: 0, sent: 0 }
    list.rows = await this.#write(store, list.path, select)
    this.#checkpoint.lists.push(list)
    this.save()
    return list
  }

  /** Notes that the first rows of a list were taken. Durable with the next `save`. */
  noteSent(list: ExportList, rows: number): void {
    list.sent = Math.max(list.sent, rows)
  }

  /** Merges the finished lists of a day once they are many. */
  async merge(store: Store, day: string): Promise<void> {
    const old = this.#checkpoint.lists.filter(list => list.day === day)
    if (old.length <= MOST_LISTS) return
    const columns = EXPORTED_COLUMNS.map(c => c.name).filter(name => name !== 'n')
    // What was not taken stays behind what was: its trace ids are given all the same.
    const parts = old.map(
      (list, i) => `SELECT ${i} AS list, n, n <= ${list.sent} AS taken, ${columns.join(', ')}
        FROM read_parquet(${quoteText(join(this.folder, list.path))}, hive_partitioning = false)`,
    )
    const select = `SELECT row_number() OVER (ORDER BY NOT taken, list, n) AS n, ${columns.join(', ')} FROM (${parts.join(' UNION ALL ')})`
    const path = this.#newPath(day)
    const rows = await this.#write(store, path, select)
    const sent = old.reduce((sum, list) => sum + list.sent, 0)
    this.#checkpoint.lists = this.#checkpoint.lists.filter(list => list.day !== day)
    this.#checkpoint.lists.push({ path, day, rows, sent })
    this.save()
    for (const list of old) removeFile(join(this.folder, list.path))
  }

  async #write(store: Store, path: string, select: string): Promise<number> {
    const target = join(this.folder, path)
    const temporary = `${target}.part`
    makeFolder(dirname(target))
    const rows = await store.db.run(
      `COPY (SELECT * FROM (${select}) ORDER BY n) TO ${quoteText(temporary)} (FORMAT parquet, COMPRESSION zstd)`,
    )
    syncFile(temporary)
    replace(temporary, target)
    return rows
  }

  #newPath(day: string): string {
    const numbers = this.#checkpoint.lists
      .filter(l => l.day === day)
      .map(l => Number.parseInt(basename(l.path), 10))
    return `date=${day}/${String(Math.max(0, ...numbers) + 1).padStart(6, '0')}.parquet`
  }

  /** Makes what was noted durable. */
  save(): void {
    writeCheckpoint(this.folder, this.#checkpoint)
  }
}

/** A receiver's name from the address that spans are sent to. */
export function receiverName(endpoint: string): string {
  const { host, pathname } = new URL(endpoint)
  return `otlp-${`${host}${pathname.replace(/\/v1\/traces\/?$/, '')}`.replace(/[^\w.]+/g, '-').replace(/-+$/, '')}`
}
