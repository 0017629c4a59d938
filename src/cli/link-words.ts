import { LEAST_POSTERIOR } from '../correlate/match-day.ts'
import type { LinkRow } from '../requests/lookup.ts'
import { EVIDENCE_POSTERIOR } from '../requests/overview.ts'
import { safe } from './output.ts'

/** From which posterior a link counts: in requests and traces, and as evidence. */
export const THRESHOLDS = { requests: LEAST_POSTERIOR, evidence: EVIDENCE_POSTERIOR } as const

/** The words for a link that neither an id nor a subject supports; said wherever one is shown. */
export const WEAKER = 'by time alone, no id and no subject: a weaker link'

/** How two hops were found to be one request, in words. */
export function howJoined(link: LinkRow): string {
  if (link.method === 'id') return `by id: ${howCompared(link)}`
  if (link.method === 'id-time')
    return `by id and time: ${safe(link.gateway_field)} equals ${safe(link.app_field)}, an id that several calls share; times decided`
  if (link.method === 'subject') return 'by subject and time: both sides name the same subject, times decided'
  return WEAKER
}

/** Which fields agree, and how they were compared. */
export function howCompared(link: LinkRow): string {
  const [gateway, app] = [safe(link.gateway_field), safe(link.app_field)]
  if (link.how === 'segment') return `${gateway} is a segment of ${app}`
  if (link.how === 'cut') return `${app} begins with the 400 bytes that the gateway kept of ${gateway}`
  return `${gateway} equals ${app}`
}

/** What an app hop is to its call, where it is not the answer: `handshake` or `retry`; else empty. */
export function roleOf(link: LinkRow | undefined): string {
  return link?.how === 'handshake' || link?.how === 'retry' ? link.how : ''
}

/** The same in a sentence's words. */
export function roleInWords(link: LinkRow): string {
  if (link.how === 'handshake') return 'a challenge of the logon handshake before the answer'
  if (link.how === 'retry') return 'a failed attempt that was tried again'
  return 'the line that answered the call'
}

/** A probability that was weighed, never rounded to certainty: `0.9994`, `>0.999999`, `<0.0001`. */
export function probability(p: number): string {
  if (p >= 0.999999) return '>0.999999'
  if (p < 0.0001) return '<0.0001'
  return (Math.floor(p * 10_000 + 1e-9) / 10_000).toFixed(4)
}

/** The confidence of a link: an id that nothing contradicts is not weighed and counts as 1. */
export function confidence(link: LinkRow): string {
  return link.method === 'id' ? link.posterior.toFixed(2) : probability(link.posterior)
}

const REASONS: Readonly<Record<string, string>> = {
  application: 'the line belongs to another application',
  method: 'the methods differ',
  path: 'the paths differ',
  'target-not-called': "the gateway's record shows no call to a target",
  time: "by the host's clock the line's request lies wholly before or after the call",
  'untrusted-peer': 'the line came from a peer that is none of the trusted proxies',
}

/** What contradicts a pair, in words. */
export function reasonsInWords(reasons: string | null): string {
  return (reasons ?? '')
    .split(' ')
    .filter(Boolean)
    .map(reason => REASONS[reason] ?? safe(reason))
    .join('; ')
}

/** Whether a link is used as evidence; one by time alone only where such links are asked for. */
export function evidenceUse(link: LinkRow): 'yes' | 'no' | 'on-request' {
  if (link.verdict !== 'linked' || link.posterior < THRESHOLDS.evidence) return 'no'
  return link.method === 'time' ? 'on-request' : 'yes'
}

/** A verdict in words, with what follows from it. */
export function verdictInWords(link: LinkRow): string {
  if (link.verdict === 'linked') return `linked ${howJoined(link)}`
  if (link.verdict === 'contradicted')
    return `not linked, contradicted: the id agrees, but ${reasonsInWords(link.reasons)}`
  if (link.verdict === 'callout')
    return `not linked, a call on the way: it carries the id of this call, from a trusted proxy, but ${reasonsInWords(link.reasons)}`
  if (link.verdict === 'lost')
    return 'not linked, lost: a call of another day has the better claim to this line'
  if (link.method === 'id')
    return `not linked, ambiguous: ${link.candidates} calls are as plausible by the id`
  return `not linked, ambiguous: below ${THRESHOLDS.requests}, and too likely to be ruled out`
}
