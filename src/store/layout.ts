import { join } from 'node:path'

/** Names of the folders of a store. */
export const layout = {
  temporary: (root: string): string => join(root, 'tmp'),
  segment: (kind: string, day: string, name: string): string => `facts/${kind}/date=${day}/${name}.parquet`,
  index: (kind: string, day: string, name: string): string => `index/${kind}/date=${day}/${name}.parquet`,
  subjects: (name: string): string => `subjects/${name}.json`,
  rejects: (name: string): string => `rejects/${name}.ndjson`,
  links: (application: string, day: string, generation: number): string =>
    `links/application=${encodeURIComponent(application)}/date=${day}/${String(generation).padStart(6, '0')}.parquet`,
  border: (application: string, day: string, name: string): string =>
    `links/application=${encodeURIComponent(application)}/date=${day}/border-${name}.parquet`,
}
