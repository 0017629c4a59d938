import { freeTextFields } from './aliases.ts'
import type { Call } from './client.ts'
import { coverageMappings, type Mappings, rejectMappings, requestMappings } from './mapping.ts'
import { type Names, namesOf } from './names.ts'

/** What our indices and templates say about themselves. */
export interface Meta {
  readonly managed_by: 'throughline'
  /** Stores that publish into the same indices share it. */
  readonly deployment: string
}

export interface TemplateOptions {
  readonly prefix: string
  readonly deployment: string
  readonly replicas?: number | undefined
  /** Days after which the server deletes an index; undefined where it cannot, or shall not. */
  readonly retentionDays?: number | undefined
}

/** Above the templates that Elastic brings along, so that none of theirs matches our names. */
const PRIORITY = 250

/** Documents of app hops that have become part of another request are left out. */
export const ALIAS_FILTER = { bool: { must_not: [{ term: { 'throughline.superseded': true } }] } }

export function metaOf(deployment: string): Meta {
  return { managed_by: 'throughline', deployment }
}

/** Requests that make templates and the lifecycle policy. Sent again they change nothing. */
export function templateCalls(options: TemplateOptions): Call[] {
  const { prefix, deployment, retentionDays } = options
  const names = namesOf(prefix)
  const _meta = metaOf(deployment)
  const policy = retentionDays === undefined ? [] : [policyCall(names, retentionDays, _meta)]
  return [
    ...policy,
    put(`/_component_template/${names.requests}`, {
      template: { mappings: { _meta, ...requestMappings() } },
      _meta,
    }),
    put(`/_index_template/${names.requests}`, {
      index_patterns: [`${names.requests}-*`],
      composed_of: [names.requests],
      priority: PRIORITY,
      template: {
        settings: requestSettings(names, options),
        aliases: { [names.requests]: { filter: ALIAS_FILTER } },
      },
      _meta,
    }),
    ...[names.coverage, names.rejects].map(name =>
      put(`/_index_template/${name}`, plainTemplate(name, options)),
    ),
  ]
}

/** Mappings of the indices that are not one a day. */
export function mappingsOfIndex(names: Names, index: string): Mappings {
  if (index === names.coverage) return coverageMappings()
  return index === names.rejects ? rejectMappings() : requestMappings()
}

function plainTemplate(name: string, options: TemplateOptions): object {
  const _meta = metaOf(options.deployment)
  const names = namesOf(options.prefix)
  return {
    index_patterns: [name],
    priority: PRIORITY,
    template: {
      settings: { index: { number_of_shards: 1, ...copies(options.replicas) } },
      mappings: { _meta, ...mappingsOfIndex(names, name) },
    },
    _meta,
  }
}

function requestSettings(names: Names, { replicas, retentionDays }: TemplateOptions): object {
  return {
    index: {
      number_of_shards: 1,
      ...copies(replicas),
      codec: 'best_compression',
      refresh_interval: '5s',
      // What is typed without a field name is looked for where the filter language looks for it.
      query: { default_field: freeTextFields() },
      ...(retentionDays === undefined
        ? {}
        : // The age of an index is that of its day, whenever it was made.
          { lifecycle: { name: names.requests, parse_origination_date: true } }),
    },
  }
}

function copies(replicas: number | undefined): object {
  return replicas === undefined ? { auto_expand_replicas: '0-1' } : { number_of_replicas: replicas }
}

function policyCall(names: Names, days: number, _meta: Meta): Call {
  const phases = {
    hot: { min_age: '0ms', actions: {} },
    delete: { min_age: `${days + 1}d`, actions: { delete: {} } },
  }
  return put(`/_ilm/policy/${names.requests}`, { policy: { phases, _meta } })
}

function put(path: string, body: object): Call {
  return { method: 'PUT', path, body }
}
