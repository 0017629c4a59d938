import type { ApplicationRule } from '../config/applications.ts'
import { sqlFile } from '../store/query.ts'
import type { Store } from '../store/store.ts'
import { groupBy, sum } from './group.ts'

const LINKED_PAIRS = sqlFile('./linked_pairs.sql', import.meta.url)

/** Links that are so rare on both their ends are mistakes or strays, and join no applications. */
const LEAST_SHARE = 0.02

const GATEWAY_PARTS = ['environment', 'proxy', 'target_host'] as const
const APP_PARTS = ['site', 'host_header', 'server_ip', 'host'] as const

/** Keys of the configuration for the parts. */
const KEYS = {
  environment: 'environments', proxy: 'proxies', target_host: 'targetHosts',
  site: 'sites', host_header: 'hostHeaders', server_ip: 'servers', host: 'hosts',
} as const // biome-ignore format: a table

type GatewayPart = (typeof GATEWAY_PARTS)[number]
type AppPart = (typeof APP_PARTS)[number]
type Ends<Part extends string> = Readonly<Record<Part, string | null>>

export type LinkedPair = Ends<GatewayPart> & Ends<AppPart> & { readonly links: number }

/** Combinations that may tell an application from the others, the plainest first. */
const GATEWAY_CHOICES: readonly (readonly GatewayPart[])[] = [
  ['proxy'], ['target_host'], ['proxy', 'environment'], ['target_host', 'environment'], ['proxy', 'target_host'],
  ['proxy', 'target_host', 'environment'],
] // biome-ignore format: a table
const APP_CHOICES: readonly (readonly AppPart[])[] = [
  ['site'], ['host_header'], ['site', 'host'], ['site', 'server_ip'], ['host'], ['server_ip'], ['site', 'host_header'],
  ['host_header', 'host'], ['host_header', 'server_ip'], ['site', 'host_header', 'host'],
  ['site', 'host_header', 'server_ip'],
] // biome-ignore format: a table

export interface ProposedApplication {
  readonly rule: ApplicationRule
  /** Links inside it, and from it to others. */
  readonly links: number
  readonly crossing: number
}

/** Needs what `surveyStore` leaves: the views of requests, and the table of origins. */
export async function proposeApplications({ db }: Store): Promise<ProposedApplication[]> {
  return applicationsOf(await db.rows<LinkedPair>(LINKED_PAIRS))
}

/**
 * Applications as groups of routes and endpoints that are linked with one another and hardly with others. A group
 * that nothing logged tells from the others is left out: its hops stay in `default`.
 */
export function applicationsOf(pairs: readonly LinkedPair[]): ProposedApplication[] {
  const groupOf = components(pairs.filter(strongEdges(pairs)))
  const groups = groupBy(pairs, pair => groupOf(endOf(pair, GATEWAY_PARTS)))
  const found = [...groups].flatMap(([group, own]) => {
    const inside = own.filter(pair => groupOf(endOf(pair, APP_PARTS)) === group)
    const rest = pairs.filter(pair => !inside.includes(pair))
    const gateway = partOf(
      inside,
      rest.filter(p => groupOf(endOf(p, GATEWAY_PARTS)) !== group),
      GATEWAY_CHOICES,
    )
    const app = partOf(
      inside,
      rest.filter(p => groupOf(endOf(p, APP_PARTS)) !== group),
      APP_CHOICES,
    )
    if (!gateway || !app) return []
    const links = sum(inside, pair => pair.links)
    const touching = pairs.filter(
      p => groupOf(endOf(p, GATEWAY_PARTS)) === group || groupOf(endOf(p, APP_PARTS)) === group,
    )
    return [{ inside, gateway, app, links, crossing: sum(touching, pair => pair.links) - links }]
  })
  const names = uniqueNames(found.map(({ inside }) => nameOf(inside)))
  return found
    .map(({ gateway, app, links, crossing }, index) => ({
      rule: { name: names[index] ?? '', gateway, app } as ApplicationRule,
      links,
      crossing,
    }))
    .sort((a, b) => b.links - a.links)
}

function endOf<Part extends string>(pair: Ends<Part>, parts: readonly Part[]): string {
  return JSON.stringify([parts.length, ...parts.map(part => pair[part])])
}

/** A pair that is the strongest of either end, or no stray of either. */
function strongEdges(pairs: readonly LinkedPair[]): (pair: LinkedPair) => boolean {
  const totals = new Map<string, { links: number; most: number }>()
  const edges = new Map<string, number>()
  const keys = (pair: LinkedPair): string[] => [endOf(pair, GATEWAY_PARTS), endOf(pair, APP_PARTS)]
  for (const pair of pairs) edges.set(keys(pair).join(), (edges.get(keys(pair).join()) ?? 0) + pair.links)
  for (const pair of pairs)
    for (const key of keys(pair)) {
      const { links, most } = totals.get(key) ?? { links: 0, most: 0 }
      totals.set(key, { links: links + pair.links, most: Math.max(most, edges.get(keys(pair).join()) ?? 0) })
    }
  return pair => {
    const links = edges.get(keys(pair).join()) ?? 0
    const own = keys(pair).map(key => totals.get(key) ?? { links: 0, most: 0 })
    return own.some(total => total.most === links) || own.every(total => links >= LEAST_SHARE * total.links)
  }
}

/** The component of an end: a union-find over pairs. */
function components(pairs: readonly LinkedPair[]): (end: string) => string {
  const parents = new Map<string, string>()
  const rootOf = (end: string): string => {
    let at = end
    for (let parent = parents.get(at); parent !== undefined; parent = parents.get(at)) at = parent
    return at
  }
  for (const pair of pairs) {
    const [a, b] = [rootOf(endOf(pair, GATEWAY_PARTS)), rootOf(endOf(pair, APP_PARTS))]
    if (a !== b) parents.set(b, a)
  }
  return rootOf
}

/** The first combination by which these pairs are told from the others; undefined where none is. */
function partOf<Part extends keyof typeof KEYS>(
  inside: readonly Ends<Part>[],
  others: readonly Ends<Part>[],
  choices: readonly (readonly Part[])[],
): Record<string, string[]> | undefined {
  for (const choice of choices) {
    const values = choice.map(part => [...new Set(inside.map(pair => pair[part]))].sort())
    if (values.some(list => list.length === 0 || list.some(value => value === null || value.includes('*'))))
      continue
    const matches = (pair: Ends<Part>): boolean =>
      choice.every((part, index) => values[index]?.includes(pair[part]) === true)
    if (others.some(matches)) continue
    return Object.fromEntries(choice.map((part, index) => [KEYS[part], (values[index] ?? []) as string[]]))
  }
  return undefined
}

/** A word that all of them share: the proxy without its version, else the first label of the host. */
function nameOf(pairs: readonly LinkedPair[]): string {
  const most = pairs.reduce((best, pair) => (pair.links > best.links ? pair : best), pairs[0] as LinkedPair)
  const proxies = new Set(pairs.map(pair => pair.proxy))
  const host = most.host_header ?? most.target_host
  const label = proxies.size > 1 && host && !/^[\d.:[\]]+$/.test(host) ? host.split(/[.:]/)[0] : undefined
  const name = (label ?? most.proxy ?? host ?? 'application')
    .replace(/[-_.]v?\d+(?:\.\d+)*$/i, '')
    .toLowerCase()
  const plain = name
    .replace(/[^a-z0-9._-]+/g, '-')
    .replace(/^[^a-z0-9]+|-+$/g, '')
    .slice(0, 60)
  return plain === '' || plain === 'default' ? 'application' : plain
}

function uniqueNames(names: readonly string[]): string[] {
  const taken = new Set<string>()
  return names.map(name => {
    let free = name
    for (let nth = 2; taken.has(free); nth++) free = `${name}-${nth}`
    taken.add(free)
    return free
  })
}
