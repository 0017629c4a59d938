import type { LinkRow } from '../requests/lookup.ts'
import type { Span } from '../traces/span.ts'
import {
  confidence,
  howJoined,
  probability,
  reasonsInWords,
  roleInWords,
  roleOf,
  WEAKER,
} from './link-words.ts'

type Row = Readonly<Record<string, unknown>>

/** The links of a request by app hop. */
export type Joins = ReadonlyMap<string, LinkRow>

export function joinsOf(r: Row, links: readonly LinkRow[]): Joins {
  const ids = r.app_hop_ids as string[]
  const own = links.filter(
    l => l.verdict === 'linked' && l.gateway_hop_id === r.gateway_hop_id && ids.includes(l.app_hop_id),
  )
  return new Map(own.map(link => [link.app_hop_id, link]))
}

/** How a request's legs were joined: the line that answered, then what else belongs to it, a text each. */
export function joinedTexts(joins: Joins): string[] {
  const links = [...joins.values()]
  const main = links.find(l => roleOf(l) === '') ?? links[0]
  if (!main) return []
  const byId = links.filter(l => l.method === 'id').length
  const hops = main.method === 'id' && byId > 1 ? `, ${byId} app hops (retries or a logon handshake)` : ''
  const others = links.filter(l => l !== main && !(main.method === 'id' && l.method === 'id'))
  const role = roleOf(main) ? `; the line is ${roleInWords(main)}, the one that answered is not known` : ''
  return [
    `${howJoined(main)}; confidence ${confidence(main)}${hops}${role}`,
    ...others.map(l => `and ${roleInWords(l)}, ${howJoined(l)}; confidence ${confidence(l)}`),
  ]
}

/** What stands behind an app hop's place: its role, and that its link is a weak one. Empty for most. */
export function markOf(link: LinkRow | undefined): string {
  return [roleOf(link), link?.method === 'time' ? WEAKER : ''].filter(Boolean).join('; ')
}

/** Names of app spans, by span id, that say what the hop is besides the answer, and where time alone joined it. */
export function markedNames(spans: readonly Span[], joins: Joins): Map<string, string> {
  const names = spans.flatMap(span => {
    const isServer = span.layer === 'app' || span.layer === 'kernel'
    const link = isServer ? joins.get(span.hopId) : undefined
    const marks = [roleOf(link), link?.method === 'time' ? 'by time' : ''].filter(Boolean)
    return marks.length > 0 ? [[span.spanId, `${span.name} (${marks.join(', ')})`] as const] : []
  })
  return new Map(names)
}

/** What is said of candidates that are no links. */
export function candidateNotes(r: Row, links: readonly LinkRow[]): string[] {
  const hops = new Set([String(r.gateway_hop_id), ...(r.app_hop_ids as string[])])
  const candidates = links.filter(
    l => l.verdict !== 'linked' && (hops.has(l.app_hop_id) || hops.has(l.gateway_hop_id)),
  )
  return [...candidates]
    .sort((a, b) => b.posterior - a.posterior)
    .map(link =>
      candidateNote(
        link,
        hops.has(link.app_hop_id) ? `gateway hop ${link.gateway_hop_id}` : `app hop ${link.app_hop_id}`,
      ),
    )
}

function candidateNote(link: LinkRow, other: string): string {
  if (link.verdict === 'contradicted')
    return `${other} carries the same id but contradicts it: ${reasonsInWords(link.reasons)}; not linked`
  if (link.verdict === 'callout')
    return `${other} carries the same id, and the line is a call on the way: ${reasonsInWords(link.reasons)}; not linked`
  if (link.verdict === 'lost')
    return `${other}: a call of another day has the better claim to the line; not linked`
  if (link.method === 'id')
    return `${other} is as likely a partner by the id (${link.posterior.toFixed(2)}); not linked`
  const how = link.method === 'time' ? WEAKER : howJoined(link)
  return `${other} may ${other.startsWith('gateway') ? 'have caused it, as' : 'belong to it, as'} ${roleInWords(link)} (${probability(link.posterior)}; none at all ${probability(link.nobody ?? 0)}; ${how}); not linked`
}
