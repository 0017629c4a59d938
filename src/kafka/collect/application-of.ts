import type { ApplicationRule } from '../../config/applications.ts'
import type { ChunkLayout } from '../../formats/chunk.ts'
import { DEFAULT_APPLICATION } from '../../ledger/state.ts'
import type { HopKind } from '../../model/hop.ts'
import { RowText } from '../batch/row-text.ts'

/** Columns of a chunk that applications are told by. */
const COLUMNS: Readonly<Record<HopKind, readonly string[]>> = {
  gateway: ['environment', 'apiproxy', 'target_host'],
  app: ['site', 'host_header', 'server_ip', 'host'],
  kernel: ['site_id', 'host_header', 'server_ip', 'host'],
}

type Values = readonly (string | undefined)[]
type Rule = (values: Values) => boolean

const MEMO_LIMIT = 50_000

/**
 * Tells the application of rows, as decoding does when it has become a fact (defineApplications of pipeline/): a row
 * has to be with its application before it is decoded.
 */
export class ApplicationOf {
  readonly #rules: Readonly<Record<HopKind, readonly { name: string; matches: Rule }[]>>
  readonly #texts = new Map<string, RowText>()
  readonly #known = new Map<string, string>()

  constructor(applications: readonly ApplicationRule[]) {
    const server = applications.flatMap(({ name, app }) =>
      ruleOf(name, [app?.sites, app?.hostHeaders, app?.servers, app?.hosts]),
    )
    const gateway = applications.flatMap(({ name, gateway: rule }) =>
      // A call that names no target host belongs to the first application of its proxy.
      ruleOf(name, [rule?.environments, rule?.proxies, rule?.targetHosts], [2]),
    )
    this.#rules = { gateway, app: server, kernel: server }
  }

  of(layout: ChunkLayout, row: Buffer, length: number): string {
    const rules = this.#rules[layout.kind]
    if (rules.length === 0) return DEFAULT_APPLICATION
    let text = this.#texts.get(layout.key)
    if (!text) {
      text = new RowText(layout, COLUMNS[layout.kind])
      this.#texts.set(layout.key, text)
    }
    text.read(row, length)
    let key: string = layout.kind
    for (let n = 0; n < COLUMNS[layout.kind].length; n++) key += `\n${text.plain(n)}`
    let found = this.#known.get(key)
    if (found === undefined) {
      found =
        rules.find(rule => rule.matches(valuesOf(layout.kind, text as RowText)))?.name ?? DEFAULT_APPLICATION
      if (this.#known.size > MEMO_LIMIT) this.#known.clear()
      this.#known.set(key, found)
    }
    return found
  }
}

function valuesOf(kind: HopKind, text: RowText): Values {
  const values = COLUMNS[kind].map((_, n) => text.value(n))
  const [site] = values
  // As IIS names a site by its number where it logs s-sitename.
  if (kind === 'kernel' && site !== undefined && /^[0-9]+$/.test(site))
    return [`w3svc${site}`, ...values.slice(1)]
  return values
}

/** @param mayLack places of values that match where they are absent */
function ruleOf(
  name: string,
  lists: readonly (readonly string[] | undefined)[],
  mayLack: readonly number[] = [],
): { name: string; matches: Rule }[] {
  const tests = lists.flatMap((globs, place) =>
    globs && globs.length > 0 ? [{ place, pattern: patternOf(globs), isFree: mayLack.includes(place) }] : [],
  )
  if (tests.length === 0) return []
  const matches: Rule = values =>
    tests.every(({ place, pattern, isFree }) => {
      const value = values[place]
      return value === undefined ? isFree : pattern.test(value.toLowerCase())
    })
  return [{ name, matches }]
}

function patternOf(globs: readonly string[]): RegExp {
  const quote = (text: string): string => text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&')
  const parts = globs.map(glob => glob.toLowerCase().split('*').map(quote).join('[^\\n]*'))
  return new RegExp(`^(?:${parts.join('|')})$`, 'u')
}
