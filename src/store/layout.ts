import { join } from 'node:path'
import { writerName } from '../ledger/writer.ts'

/** Names of the folders of a store. */
export const layout = {
  /** What this process is writing: no two write to the same place, whoever holds the lock. */
  temporary: (root: string): string => join(root, 'tmp', writerName()),
  segment: (kind: string, day: string, name: string): string => `facts/${kind}/date=${day}/${name}.parquet`,
  index: (kind: string, day: string, name: string): string => `index/${kind}/date=${day}/${name}.parquet`,
  subjects: (name: string): string => `subjects/${name}.json`,
  hold: (name: string): string => `holds/${name}.json`,
  rejects: (name: string): string => `rejects/${name}.ndjson`,
  reads: (name: string): string => `reads/${name}.ndjson`,
  /** Records of readers: of those at work, and of those that have ended and that the writer has yet to take in. */
  openReads: (root: string): string => join(root, 'readers', 'open'),
  closedReads: (root: string): string => join(root, 'readers', 'closed'),
  links: (application: string, day: string, generation: number): string =>
    `links/application=${encodeURIComponent(application)}/date=${day}/${String(generation).padStart(6, '0')}.parquet`,
  border: (application: string, day: string, name: string): string =>
    `links/application=${encodeURIComponent(application)}/date=${day}/border-${name}.parquet`,
}
