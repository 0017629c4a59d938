import type { Names } from './names.ts'

/** A role of Elasticsearch, as `PUT /_security/role/NAME` takes it. */
export interface Role {
  readonly cluster: readonly string[]
  readonly indices: readonly { readonly names: readonly string[]; readonly privileges: readonly string[] }[]
}

/** Who may do what: to be made by an administrator, as no command of ours creates users or roles. */
export function rolesOf({
  requests,
  coverage,
  rejects,
}: Names): Readonly<Record<'analyst' | 'auditor' | 'publisher', Role>> {
  const read = ['read', 'view_index_metadata']
  const all = [`${requests}-*`, coverage, rejects]
  return {
    // By the alias alone: documents that are superseded are not seen.
    analyst: { cluster: [], indices: [{ names: [requests, coverage], privileges: read }] },
    auditor: { cluster: ['monitor'], indices: [{ names: [requests, ...all], privileges: read }] },
    publisher: {
      cluster: ['monitor', 'manage_index_templates', 'manage_ilm'],
      indices: [{ names: [requests, ...all], privileges: ['read', 'index', 'create_index', 'manage'] }],
    },
  }
}
