import { ThroughlineError } from '../errors.ts'
import type { Elastic } from './client.ts'
import { dayOfIndex, type Names } from './names.ts'
import { ask } from './server.ts'
import type { Meta } from './templates.ts'

/** Indices under our names, and whose they are. */
export interface Found {
  readonly index: string
  /** undefined: it is not said. */
  readonly meta: Partial<Meta> | undefined
}

/** Indices under our names. */
export async function findIndices(elastic: Elastic, { requests, coverage, rejects }: Names): Promise<Found[]> {
  const list = `${requests},${requests}-*,${coverage},${rejects}`
  const query = { ignore_unavailable: true, allow_no_indices: true, expand_wildcards: 'open,closed,hidden' }
  const { body: aliases } = await ask<Record<string, object>>(elastic, { method: 'GET', path: `/${list}/_alias`, query }, [404])
  const { body: metas } = await ask<Record<string, { mappings?: { _meta?: Partial<Meta> } }>>(
    elastic,
    { method: 'GET', path: `/${list}/_mapping`, query: { ...query, filter_path: '*.mappings._meta' } },
    [404],
  )
  return Object.keys(aliases)
    .filter(index => !['error', 'status'].includes(index))
    .map(index => ({ index, meta: metas[index]?.mappings?._meta }))
    .sort((a, b) => (a.index < b.index ? -1 : 1))
} // biome-ignore format: long paths

export interface Template {
  readonly name: string
  readonly meta: Partial<Meta> | undefined
}

/** Index templates under our names. */
export async function findTemplates(elastic: Elastic, names: Names): Promise<Template[]> {
  const found: Template[] = []
  for (const name of Object.values(names) as string[]) {
    const call = { method: 'GET', path: `/_index_template/${name}` } as const
    const { status, body } = await ask<{
      index_templates?: readonly { name: string; index_template: { _meta?: Partial<Meta> } }[]
    }>(elastic, call, [404])
    if (status === 404) continue
    for (const it of body.index_templates ?? []) found.push({ name: it.name, meta: it.index_template._meta })
  }
  return found
}

/**
 * Refuses what is not ours: indices and templates that somebody else made under our names, and those of another
 * deployment unless they are to be taken over.
 *
 * @throws ELASTIC_FOREIGN
 */
export function refuseForeign(
  address: string,
  names: Names,
  deployment: string,
  { indices, templates }: { readonly indices: readonly Found[]; readonly templates: readonly Template[] },
  takeover: boolean,
): void {
  const all = [
    ...templates.map(({ name, meta }) => ({ what: `index template ${name}`, meta })),
    ...indices.map(({ index, meta }) => ({ what: `index ${index}`, meta })),
  ]
  const stranger = all.find(({ meta }) => meta?.managed_by !== 'throughline')
  if (stranger)
    throw foreign(`${stranger.what} at ${address} was not made by Throughline; expected none, or one of its own. Choose other names with elastic.prefix, or remove it`, stranger.what)
  const plain = indices.find(({ index }) => index === names.requests || isUnknown(names, index))
  if (plain)
    throw foreign(`index ${plain.index} at ${address} has the name of an alias; expected indices a day, such as ${names.requests}-2026.03.02. Remove it, or choose other names with elastic.prefix`, plain.index)
  const other = all.find(({ meta }) => meta?.deployment !== deployment)
  if (other && !takeover)
    throw foreign(`${other.what} at ${address} belongs to deployment ${other.meta?.deployment ?? 'unknown'}; this store publishes for ${deployment}. Set elastic.deployment to one id for all stores that share the indices, choose another elastic.prefix, or take them over with --takeover`, other.what)
} // biome-ignore format: one message a line

function isUnknown(names: Names, index: string): boolean {
  return index !== names.coverage && index !== names.rejects && dayOfIndex(names, index) === undefined
}

function foreign(message: string, what: string): ThroughlineError {
  return new ThroughlineError('ELASTIC_FOREIGN', message, { what })
}
