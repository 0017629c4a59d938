import type { Command } from 'commander'
import { indexFindings } from '../findings/index-findings.ts'
import { findingSettings } from '../findings/settings.ts'
import { indexRequests } from '../requests/index-requests.ts'
import { compact } from '../store/compact.ts'
import { sweepReplaced } from '../store/sweep.ts'
import { type Context, type StoreFlags, storeOptions } from './context.ts'
import { withReader, withWriter } from './opening.ts'
import { bytes, count } from './output.ts'

interface Flags extends StoreFlags {
  readonly wait?: boolean
}

export function compactCommand(store: Command, context: Context): void {
  storeOptions(store.command('compact'))
    .summary('merge small files and make searches fast')
    .description(
      'Merges small files of facts and index into large sorted ones, and puts the requests of settled days together, sorted by subject, with what rules find of them, so that searches over many days are fast. Answers stay the same.',
    )
    .option('--no-wait', 'delete replaced files now, not after ten minutes; those that a reader uses stay')
    .addHelpText(
      'after',
      '\nExamples:\n  throughline store compact\n  throughline store compact --store /data/evidence',
    )
    .action(async (flags: Flags) => {
      // A writer would make a store where there is none.
      await withReader(flags, async () => undefined)
      await withWriter(context, flags, async (writer, { config }) => {
        const { out } = context
        const merged = await compact(writer, { everything: true })
        const days = await indexRequests(writer)
        const judged = await indexFindings(writer, findingSettings(config))
        out.line(
          merged.merges > 0
            ? `compacted  ${count(merged.from)} files into ${count(merged.to)}, ${count(merged.rows)} rows`
            : 'compacted  nothing: there are no small files to merge',
        )
        out.line(`ready      requests of ${count(days.length)} more ${days.length === 1 ? 'day' : 'days'}`)
        out.line(
          `           findings of ${count(judged.length)} more ${judged.length === 1 ? 'day' : 'days'}`,
        )
        const swept = sweepReplaced(writer, flags.wait === false ? 0 : undefined)
        out.line(`deleted    ${count(swept.files)} replaced files, ${bytes(swept.bytes)}`)
        if (swept.left > 0)
          out.line(`kept       ${bytes(swept.left)} of replaced files, which readers may still need; the next command that writes deletes what is ten minutes old`) // biome-ignore format: one line
      })
    })
}
