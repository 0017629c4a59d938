import type { Call, Elastic } from './client.ts'
import { dayOfIndex, type Names, namesOf } from './names.ts'
import { type Found, findIndices, findTemplates, refuseForeign } from './ours.ts'
import { ask, type Server } from './server.ts'
import { mappingsOfIndex, metaOf, type TemplateOptions, templateCalls } from './templates.ts'

export interface SetupOptions extends TemplateOptions {
  readonly takeover: boolean
}

/** Everything that setup would send, in order. Sent again it changes nothing. */
export async function setupCalls(elastic: Elastic, server: Server, options: SetupOptions): Promise<Call[]> {
  const names = namesOf(options.prefix)
  const indices = await findIndices(elastic, names)
  const templates = await findTemplates(elastic, names)
  refuseForeign(elastic.address, names, options.deployment, { indices, templates }, options.takeover)
  const retentionDays = server.hasLifecycle ? options.retentionDays : undefined
  return [
    ...templateCalls({ ...options, retentionDays }),
    ...indices.map(({ index }) => mappingCall(names, index, options.deployment)),
    ...[names.coverage, names.rejects]
      .filter(name => !indices.some(it => it.index === name))
      .map(name => ({ method: 'PUT', path: `/${name}` }) as const),
  ]
}

/** Brings an index that exists up to date: fields that are new, and whose it is. */
function mappingCall(names: Names, index: string, deployment: string): Call {
  return {
    method: 'PUT',
    path: `/${index}/_mapping`,
    body: { _meta: metaOf(deployment), ...mappingsOfIndex(names, index) },
  }
}

/** Sends requests in order. What is deleted already is gone. */
export async function sendAll(elastic: Elastic, calls: readonly Call[]): Promise<void> {
  for (const call of calls) await ask(elastic, call, call.method === 'DELETE' ? [404] : [])
}

/** Requests that remove templates and policy, and with `data` the indices, too. */
export async function uninstallCalls(
  elastic: Elastic,
  server: Server,
  { prefix, deployment, takeover, data }: SetupOptions & { readonly data: boolean },
): Promise<Call[]> {
  const names = namesOf(prefix)
  const indices = await findIndices(elastic, names)
  const templates = await findTemplates(elastic, names)
  refuseForeign(elastic.address, names, deployment, { indices, templates }, takeover)
  const known = new Set(templates.map(it => it.name))
  return [
    ...(data ? indices.map(({ index }) => remove(`/${index}`)) : []),
    ...Object.values(names)
      .filter(name => known.has(name))
      .map(name => remove(`/_index_template/${name}`)),
    ...(known.has(names.requests) ? [remove(`/_component_template/${names.requests}`)] : []),
    ...(server.hasLifecycle && known.has(names.requests) ? [remove(`/_ilm/policy/${names.requests}`)] : []),
  ]
}

/** Requests that delete the indices of days before one. */
export function pruneCalls(names: Names, indices: readonly Found[], before: string): Call[] {
  return indices
    .filter(({ index }) => (dayOfIndex(names, index) ?? before) < before)
    .map(({ index }) => remove(`/${index}`))
}

function remove(path: string): Call {
  return { method: 'DELETE', path }
}
