import { hash } from 'node:crypto'
import { z } from 'zod'
import { makeFolder } from '../ledger/durable.ts'
import { exportFolder, lockExport, readCheckpoint, writeCheckpoint } from '../store/exports.ts'
import type { Lock } from '../store/lock.ts'
import type { Store } from '../store/store.ts'
import { shownWebhook } from './webhook.ts'

const SENT = z.strictObject({
  version: z.literal(1),
  /** Where they went, without what may be secret. */
  to: z.string(),
  /** Days by incident. */
  incidents: z.record(z.string(), z.string()),
})

/** Which incidents one receiver was told of, kept below the store's folder. */
export class SentIncidents {
  readonly #folder: string
  readonly #lock: Lock
  readonly #noted: z.infer<typeof SENT>

  private constructor(folder: string, lock: Lock, noted: z.infer<typeof SENT>) {
    this.#folder = folder
    this.#lock = lock
    this.#noted = noted
  }

  /**
   * @param name letters, digits, dots, dashes and underscores
   * @throws EXPORT_BUSY, EXPORT_STATE
   */
  static open(store: Store, name: string, url: URL): SentIncidents {
    const folder = exportFolder(store.root, name)
    makeFolder(folder)
    const lock = lockExport(folder, name)
    try {
      const fresh = { version: 1 as const, to: shownWebhook(url), incidents: {} }
      return new SentIncidents(folder, lock, readCheckpoint(folder, SENT, fresh))
    } catch (error) {
      lock.release()
      throw error
    }
  }

  has(incident: string): boolean {
    return incident in this.#noted.incidents
  }

  /** Notes one that was taken; those of pruned days are forgotten. */
  note(incident: string, day: string, prunedBefore: string | undefined): void {
    const { incidents } = this.#noted
    incidents[incident] = day
    for (const [id, of] of Object.entries(incidents)) if (prunedBefore && of < prunedBefore) delete incidents[id]
    writeCheckpoint(this.#folder, this.#noted)
  }

  close(): void {
    this.#lock.release()
  }
} // biome-ignore format: one loop a line

/** A receiver's name from where it is; other paths of one host are other receivers. */
export function webhookName(url: URL): string {
  return `findings-${url.host.replace(/[^\w.]+/g, '-')}-${hash('sha256', url.href, 'hex').slice(0, 8)}`
}
