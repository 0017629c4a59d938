import type { LoadedConfig } from '../config/load.ts'
import { ThroughlineError } from '../errors.ts'
import type { Follower } from '../pipeline/follow.ts'
import type { FollowEvent } from '../pipeline/follow-events.ts'
import { follow } from '../pipeline/run.ts'
import type { Store } from '../store/store.ts'
import { type Context, type StoreFlags, tokenPseudonym } from './context.ts'
import { FollowPrinter } from './follow-print.ts'
import { withWriter } from './opening.ts'
import { checkPlacesExist } from './places.ts'
import { Totals } from './totals.ts'

interface Following extends StoreFlags {
  readonly host?: string | undefined
  readonly site?: string | undefined
  readonly fields?: readonly string[] | undefined
  readonly maxRejects?: number | undefined
  readonly json?: boolean
  readonly prometheus?: string
  readonly declared: readonly { side: 'gateway' | 'app'; from: string; to: string }[]
}

/** Follows files, folders and patterns until SIGINT or SIGTERM; then prints totals. */
export async function followSources(
  context: Context,
  places: readonly string[],
  following: Following,
): Promise<void> {
  checkPlaces(places)
  let follower: Follower | undefined
  let isStopped = false
  const release = context.signals.handle(() => {
    isStopped = true
    follower?.stop()
    return true
  })
  const listening = { listen: following.prometheus, isLong: true }
  const act = async (store: Store, { config }: LoadedConfig): Promise<void> => {
    for (const cover of following.declared) store.append({ kind: 'coverage', ...cover })
    const totals = new Totals()
    const printer = new FollowPrinter(context, totals, following.json === true)
    const tell = (event: FollowEvent): void => printer.tell(event)
    try {
      printer.started(places)
      const { host, site, fields, maxRejects } = following
      const { isAbandoned } = await follow(
        store,
        places,
        {
          config, host, site, fields, maxRejects,
          nowMs: context.now,
          pause: ms => new Promise(resolve => setTimeout(resolve, ms)),
          pseudonym: tokenPseudonym(context),
          onEvent: tell,
          onCommit: committed => {
            totals.add(committed)
            printer.committed(committed)
          },
        },
        it => {
          follower = it
          if (isStopped) it.stop()
        },
      ) // biome-ignore format: one call
      printer.stopped()
      // The engine is still linking, which nobody waits for: the next run makes up for it.
      if (isAbandoned) {
        await context.telemetry.stop()
        process.exit(0)
      }
    } finally {
      release()
      printer.clear()
    }
  }
  await withWriter(context, following, act, listening)
}

function checkPlaces(places: readonly string[]): void {
  if (places.includes('-'))
    throw new ThroughlineError(
      'USAGE',
      'ingest --follow -: standard input cannot be followed; leave --follow out, or name files and folders',
    )
  checkPlacesExist(places)
}
