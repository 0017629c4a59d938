import type { Command } from 'commander'
import type { Context } from './context.ts'
import { publishCommand } from './elastic-publish.ts'
import { setupCommands } from './elastic-setup.ts'
import { statusCommand } from './elastic-status.ts'
import { verifyCommand } from './elastic-verify.ts'

/** The group of commands that keep requests as documents of Elasticsearch. */
export function elasticCommand(program: Command, context: Context): void {
  const elastic = program
    .command('elastic')
    .summary('keep requests in Elasticsearch, look at them in Kibana')
    .description(
      'Keeps every request as a document of Elasticsearch 8.19 or 9, for searches and dashboards in Kibana. See docs/elastic.md.',
    )
  setupCommands(elastic, context)
  statusCommand(elastic, context)
  publishCommand(elastic, context)
  verifyCommand(elastic, context)
}
