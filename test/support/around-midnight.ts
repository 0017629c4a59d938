import { join } from 'node:path'
import type { Store } from '../../src/store/store.ts'
import { inFolder, writeFiles } from './folder.ts'
import { ingestInto, withStore } from './store.ts'
import { type Call, logFiles } from './traffic.ts'

const HOUR_MS = 3_600_000

/** Calls around midnight; of ten, one is at the gateway only and one at the app only. */
export function callsAroundMidnight(count: number): Call[] {
  return Array.from({ length: count }, (_, i) => ({
    atMs: Math.floor((i * 4 * HOUR_MS) / count),
    takenMs: 20 + (i % 50),
    host: i % 2 ? 'web01' : 'web02',
    method: 'GET',
    path: `/a/${i % 7}`,
    id: `id-${i}-0123456789`,
    form: 'plain',
    status: i % 11 === 0 ? 401 : 200,
    recorded: i % 10 === 8 ? 'gateway' : i % 10 === 9 ? 'app' : 'both',
    hasTwin: false,
  }))
}

/** A store that has the IIS logs of some traffic; the gateway's export is still to come. */
export interface AppFirst {
  readonly store: Store
  readonly folder: string
  readonly files: Readonly<Record<string, string>>
}

export function withApp<T>(count: number, action: (handed: AppFirst) => Promise<T>): Promise<T> {
  return inFolder(async folder => {
    const files = logFiles(callsAroundMidnight(count))
    const { 'export.json': _, ...logs } = files
    const sources = writeFiles(folder, logs)
    return withStore(join(folder, 'store'), async store => {
      await ingestInto(store, sources)
      return action({ store, folder, files })
    })
  })
}

export async function addGateway({ store, folder, files }: AppFirst): Promise<void> {
  await ingestInto(store, writeFiles(folder, { 'export.json': files['export.json'] ?? '' }))
}
