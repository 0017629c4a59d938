import type { Command } from 'commander'
import type { Config } from '../config/schema.ts'
import { dayOfIndex } from '../elastic/names.ts'
import { findIndices, findTemplates } from '../elastic/ours.ts'
import { madeBy } from '../elastic/publish.ts'
import { Receiver, receiverName } from '../elastic/receiver.ts'
import { ask } from '../elastic/server.ts'
import { findingSettings, findingsDigest } from '../findings/settings.ts'
import { dayChanges, daysWithHops } from '../requests/settled-days.ts'
import type { Store } from '../store/store.ts'
import type { Context } from './context.ts'
import { type Connected, type ElasticFlags, elasticOptions, withElastic } from './elastic-settings.ts'
import { withReader } from './opening.ts'
import { bytes, count, safe } from './output.ts'

interface Flags extends ElasticFlags {
  readonly name?: string
}

export function statusCommand(parent: Command, context: Context): void {
  elasticOptions(parent.command('status'))
    .summary('say what is there, and what is not published yet')
    .description(
      'Says what the server has, whose it is, and which days of the store are not published as they stand.',
    )
    .option('--name <name>', 'name of the receiver in the store (default: from address and prefix)')
    .option('--json', 'as one JSON document')
    .addHelpText('after', '\nExamples:\n  throughline elastic status')
    .action((flags: Flags) =>
      withElastic(context, flags, connected =>
        withReader(flags, (store, { config }) => status(context, flags, connected, { store, config })),
      ),
    )
}

interface Stats {
  readonly indices?: Readonly<
    Record<
      string,
      {
        readonly primaries: {
          readonly docs: { readonly count: number }
          readonly store: { readonly size_in_bytes: number }
        }
      }
    >
  >
}

async function status(
  { out }: Context,
  flags: Flags,
  connected: Connected,
  { store, config }: { readonly store: Store; readonly config: Config },
): Promise<void> {
  const { elastic, server, settings } = connected
  const { names } = settings
  const indices = await findIndices(elastic, names)
  const templates = await findTemplates(elastic, names)
  const query = { expand_wildcards: 'open', filter_path: 'indices.*.primaries.docs.count,indices.*.primaries.store.size_in_bytes' }
  const stats = (await ask<Stats>(elastic, { method: 'GET', path: `/${names.requests}-*/_stats/docs,store`, query }, [404])).body
  const all = Object.values(stats.indices ?? {})
  const days = Receiver.look(store.root, flags.name ?? receiverName(elastic.address, settings.prefix)) ?? {}
  const changed = dayChanges(store.state)
  const made = madeBy(settings.redact, findingsDigest(findingSettings(config), store.state))
  const due = daysWithHops(store.state).filter(day => {
    const done = days[day]
    return done === undefined || done.seq < changed(day).seq || done.made !== made
  })
  const result = {
    version: 1,
    server: server.version,
    address: elastic.address,
    deployments: [...new Set(indices.map(it => it.meta?.deployment ?? 'unknown'))].sort(),
    templates: templates.length,
    days: indices.filter(it => dayOfIndex(names, it.index) !== undefined).length,
    documents: all.reduce((sum, it) => sum + it.primaries.docs.count, 0),
    bytes: all.reduce((sum, it) => sum + it.primaries.store.size_in_bytes, 0),
    published: Object.keys(days).length,
    due,
  }
  if (flags.json) return out.line(JSON.stringify(result, null, 2))
  out.line(`server     Elasticsearch ${server.version} at ${safe(elastic.address)}`)
  out.line(`setup      ${templates.length === 3 ? 'done' : 'missing; run throughline elastic setup'}`)
  out.line(`indices    ${count(result.days)} days, ${count(result.documents)} documents, ${bytes(result.bytes)}`)
  out.line(`deployment ${result.deployments.map(safe).join(', ') || 'none'}`)
  out.line(`published  ${count(result.published)} days of this store`)
  out.line(`due        ${due.length === 0 ? 'nothing' : `${count(due.length)} days: ${shown(due)}`}`)
} // biome-ignore format: one line each

function shown(days: readonly string[]): string {
  const [first, last] = [days[0] ?? '', days.at(-1) ?? '']
  return days.length <= 3 ? days.join(', ') : `${first} to ${last}`
}
