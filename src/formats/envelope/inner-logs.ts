import { byteString } from '../encoding.ts'
import type { ReaderContext } from '../format.ts'
import { DayClock } from '../w3c/clock.ts'
import { type Block, InnerLog, type InnerName } from './inner-log.ts'
import type { Envelope } from './unwrap.ts'

/** Logs whose directives are kept; those that were quiet for longest are let go. */
const MOST_LOGS = 2000

/** A block as the state of a reader has it. `fields` is the place of its names among the layouts. */
interface SavedBlock {
  readonly kind: Block['kind']
  readonly at?: number
  readonly fields?: number
  readonly date?: string
  readonly day?: number
  readonly second?: number
  readonly refusal?: string
}

interface SavedLog {
  readonly host?: string
  readonly path?: string
  readonly noOffsets?: true
  /** Directives since the last row. */
  readonly head?: readonly string[]
  readonly blocks: readonly SavedBlock[]
}

export interface SavedLogs {
  /** Lists of columns that the logs have. */
  readonly layouts: readonly (readonly string[])[]
  /** Logs with directives, the one that was quiet for longest first. */
  readonly logs: readonly SavedLog[]
}

/** The logs that stand in one source of envelopes, by host and path. */
export class InnerLogs {
  readonly #context: ReaderContext
  /** In order of use. */
  readonly #logs = new Map<string, InnerLog>()
  /** Names by host and path as they came. */
  readonly #names = new Map<string, InnerName>()
  readonly #layouts = new Map<string, readonly string[]>()
  #lastKey = ''
  #last: InnerLog | undefined

  constructor(context: ReaderContext, saved?: Partial<SavedLogs>) {
    this.#context = context
    const layouts = (saved?.layouts ?? []).map(this.intern)
    for (const { host, path, noOffsets, head, blocks } of saved?.logs ?? []) {
      const log = this.of({ host, path })
      log.blocks = blocks.map(block => restored(block, layouts))
      log.hasOffsets = !noOffsets
      log.head = [...(head ?? [])]
    }
  }

  of({ host, path }: Pick<Envelope, 'host' | 'path'>): InnerLog {
    const key = keyOf(host, path)
    if (this.#last && key === this.#lastKey) return this.#last
    const log = this.#named(this.#name(key, host, path))
    this.#lastKey = key
    this.#last = log
    return log
  }

  #named(name: InnerName): InnerLog {
    const key = keyOf(name.host, name.path)
    const log = this.#logs.get(key) ?? this.#open(name)
    // Behind all others: the order of a Map is that of insertion.
    this.#logs.delete(key)
    this.#logs.set(key, log)
    const [oldest] = this.#logs.keys()
    if (this.#logs.size > MOST_LOGS && oldest !== undefined) this.#logs.delete(oldest)
    return log
  }

  #name(key: string, host: string | undefined, path: string | undefined): InnerName {
    let name = this.#names.get(key)
    if (!name) {
      const [safeHost, safePath] = [host, path].map(text =>
        this.#context.scrubber.scrub(wellFormed(text ?? '')),
      )
      const scrubbed = (safeHost?.count ?? 0) + (safePath?.count ?? 0)
      name = { host: safeHost?.text || undefined, path: safePath?.text || undefined, scrubbed }
      if (this.#names.size >= MOST_LOGS) this.#names.clear()
      this.#names.set(key, name)
    }
    return name
  }

  /** The one array for a list of columns. */
  readonly intern = (names: readonly string[]): readonly string[] => {
    const key = names.join(' ')
    const known = this.#layouts.get(key)
    if (known) return known
    if (this.#layouts.size >= MOST_LOGS) this.#layouts.clear()
    this.#layouts.set(key, names)
    return names
  }

  save(): SavedLogs {
    const layouts: (readonly string[])[] = []
    const logs = [...this.#logs.values()]
      .filter(log => log.blocks.length > 0 || log.head.length > 0 || !log.hasOffsets)
      .map((log): SavedLog => {
        const { host, path } = log.name
        return {
          ...(host === undefined ? {} : { host }),
          ...(path === undefined ? {} : { path }),
          ...(log.hasOffsets ? {} : { noOffsets: true }),
          ...(log.head.length > 0
            ? { head: log.head.map(line => this.#context.scrubber.scrub(line).text) }
            : {}),
          blocks: log.blocks.map(block => savedBlock(block, layouts)),
        }
      })
    return { layouts, logs }
  }

  #open(name: InnerName): InnerLog {
    const { host, path } = name
    const { innerOrigin, ...given } = this.#context
    const named = (path === undefined ? undefined : innerOrigin?.(path.replaceAll('\\', '/'))) ?? {}
    const origin = { host: host ?? named.host ?? given.host, site: named.site ?? given.site }
    // Columns of a chunk are separated by blanks.
    const text = path === undefined ? '' : JSON.stringify(path).replaceAll(' ', '\\u0020')
    return new InnerLog(name, origin, text && `"log.file.path":${byteString(text)}`)
  }
}

function keyOf(host = '', path = ''): string {
  return `${host}\n${path}`
}

/** Half a surrogate pair is no character. */
function wellFormed(text: string): string {
  return Buffer.from(text, 'utf8').toString('utf8')
}

function savedBlock(block: Block, layouts: (readonly string[])[]): SavedBlock {
  const { kind, offset, date, names, clock, refusal } = block
  if (names && !layouts.includes(names)) layouts.push(names)
  return {
    kind,
    ...(Number.isNaN(offset) ? {} : { at: offset }),
    ...(names ? { fields: layouts.indexOf(names) } : {}),
    ...(date ? { date } : {}),
    ...(Number.isNaN(clock.day) ? {} : { day: clock.day, second: clock.second }),
    ...(refusal ? { refusal } : {}),
  }
}

function restored(saved: SavedBlock, layouts: readonly (readonly string[])[]): Block {
  const { kind, at = Number.NaN, fields, date = '', day, second, refusal } = saved
  const names = fields === undefined ? undefined : layouts[fields]
  return { kind, offset: at, date, names, clock: new DayClock(day, second), ...(refusal ? { refusal } : {}) }
}
