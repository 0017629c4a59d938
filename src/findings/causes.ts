import { KERNEL_REASONS } from '../model/kernel-reasons.ts'
import { sqlFile } from '../store/query.ts'
import type { Store } from '../store/store.ts'

const CAUSES = sqlFile('./causes.sql', import.meta.url)

/** What refused and accepted calls of a burst have in common. */
export interface BurstCounts {
  readonly refused: number
  readonly accepted: number
  readonly refused_named: number
  readonly accepted_named: number
  readonly refused_off: number
  readonly accepted_off: number
  readonly accepted_right: number
  readonly refused_tokens: number
  readonly accepted_tokens: number
  /** Age at which most refused tokens begin, and at which most accepted ones end, µs. */
  readonly refused_from_us: number | null
  readonly accepted_to_us: number | null
  /** The client with most refusals, its refused and accepted calls, and how many clients were hardly ever refused. */
  readonly client: string | null
  readonly client_refused: number | null
  readonly client_accepted: number | null
  readonly clients_accepted: number | null
}

/** Fewer calls say nothing about a cause. */
const LEAST_CALLS = 5
/** Tokens of few devices are old by chance. */
const LEAST_TOKENS = 3
const NEARLY_ALL = 0.95

/** What the logs say about the cause of each burst of refusals, by incident; nothing where they say nothing. */
export async function hintsOf({ db }: Store): Promise<Map<string, string>> {
  const rows = await db.rows<BurstCounts & { readonly incident: string }>(CAUSES)
  return new Map(
    rows.flatMap(row => {
      const hint = hintOf(row)
      return hint === undefined ? [] : [[row.incident, hint] as const]
    }),
  )
}

/** The cause that divides refused from accepted calls; undefined where none does, or several might. */
export function hintOf(counts: BurstCounts): string | undefined {
  if (counts.refused < LEAST_CALLS || counts.accepted < LEAST_CALLS) return undefined
  const found = [header(counts), audience(counts), clock(counts), lifetime(counts)].filter(hint => hint !== undefined)
  return found.length === 1 ? found[0] : undefined
} // biome-ignore format: one line each

function header({ refused, accepted, refused_named, accepted_named }: BurstCounts): string | undefined {
  const isMissing = refused_named <= refused * (1 - NEARLY_ALL) && accepted_named >= accepted * NEARLY_ALL
  if (!isMissing) return undefined
  return `header missing or renamed: ${refused - refused_named} of ${refused} refused calls lack the header that names the user, ${accepted - accepted_named} of ${accepted} accepted ones do`
}

function audience(counts: BurstCounts): string | undefined {
  const { refused, client, client_refused: own, client_accepted: let_in, clients_accepted: others } = counts
  if (own === null || let_in === null || !others) return undefined
  if (own < refused * NEARLY_ALL || own < (own + let_in) * NEARLY_ALL) return undefined
  return `audience: ${own} of ${own + let_in} calls of client ${client} were refused, hardly any of ${others} other ${others === 1 ? 'client' : 'clients'}`
}

function clock({ refused, refused_off, accepted_off, accepted_right }: BurstCounts): string | undefined {
  const isAtThem =
    refused_off >= refused * NEARLY_ALL && refused_off >= (refused_off + accepted_off) * NEARLY_ALL
  if (!isAtThem || accepted_right < LEAST_CALLS) return undefined
  return `clock offset: ${refused_off} of ${refused} refused calls went to hosts whose clock is a second or more off, which accepted ${accepted_off}; hosts with a right clock accepted ${accepted_right}`
}

function lifetime(counts: BurstCounts): string | undefined {
  const { refused_from_us: from, accepted_to_us: to, refused_tokens, accepted_tokens } = counts
  if (from === null || to === null || from <= to) return undefined
  if (refused_tokens < LEAST_TOKENS || accepted_tokens < LEAST_TOKENS) return undefined
  return `token lifetime: refused tokens were in use for ${minutes(from)} or more, accepted ones for ${minutes(to)} or less`
}

function minutes(us: number): string {
  return `${Math.round(us / 60e6)} min`
}

/** What a reason of HTTPERR says about the cause; undefined without one. */
export function kernelHint(reason: string | null | undefined): string | undefined {
  if (typeof reason !== 'string') return undefined
  const known = KERNEL_REASONS[reason]
  return known ? `${known.meaning}; ${known.look}` : 'the reason is none that Microsoft documents'
}
