import { z } from 'zod'
import { CRITERIA, type Criterion } from '../model/criteria.ts'
import { MINUTE_US } from '../model/time.ts'
import { REASONS, type ReasonCode } from './reasons.ts'

/** Settings without which a rule says nothing; each is named in the configuration as here, most below `findings`. */
export const NEEDED_SETTINGS = ['trustedProxies', 'tokenLifetimeMinutes', 'mutualTls'] as const
export type NeededSetting = (typeof NEEDED_SETTINGS)[number]

export const SEVERITIES = ['high', 'medium', 'low'] as const
export type Severity = (typeof SEVERITIES)[number]

const list = (text: string): string[] => text.split(',').map(part => part.trim())

/** The header of a rule's SQL: comment lines `-- key: value`, of which the first is `-- id: title`. */
const HEADER = z.strictObject({
  id: z.string().regex(/^[a-z]+(?:-[a-z]+)*$/),
  title: z.string().min(1),
  /** What it says of a request, or of a host. */
  meaning: z.string().min(1),
  criteria: z.string().transform(list).pipe(z.array(z.enum(Object.keys(CRITERIA) as [Criterion, ...Criterion[]]))),
  severity: z.enum(SEVERITIES),
  /** What to do about it. */
  do: z.string().min(1),
  /** The side whose logs must be whole; `any`: it is about coverage itself. */
  coverage: z.enum(['none', 'gateway', 'app', 'any']),
  config: z
    .string()
    .transform(text => (text === 'none' ? [] : list(text)))
    .pipe(z.array(z.enum(NEEDED_SETTINGS))),
  /**
   * Condition on the table timed_calls: requests of an erased person that it cannot judge, besides those that it finds;
   * `none`: it reads nothing that erasing takes away.
   */
  erased: z.string().transform(text => (text === 'none' ? undefined : text)),
  /** Why it does not evaluate a case, besides settings that are missing. */
  'not-evaluated': z
    .string()
    .transform(text => (text === 'none' ? [] : list(text)))
    .pipe(z.array(z.enum(Object.keys(REASONS) as [ReasonCode, ...ReasonCode[]]))),
  /** What incidents are told apart by, as named in `about`. */
  about: z.string().transform(list),
  /** A pause that ends an incident, µs; `none`: one incident a day. */
  gap: z
    .string()
    .regex(/^(?:none|\d+ min)$/)
    .transform(text => (text === 'none' ? undefined : Number.parseInt(text, 10) * MINUTE_US)),
}) // biome-ignore format: a table

export type RuleHeader = z.output<typeof HEADER>

/**
 * Reads the header of a rule.
 *
 * @throws Error naming the key that is wrong: a mistake in a file of ours
 */
export function parseHeader(sql: string): RuleHeader {
  const entries: [string, string][] = []
  for (const line of sql.split('\n')) {
    if (!line.startsWith('-- ')) break
    const rest = line.slice(3)
    const last = entries.at(-1)
    const [, key, value = ''] = /^([a-z-]+): (.*)$/.exec(rest) ?? []
    if (rest.startsWith('  ') && last) last[1] += ` ${rest.trim()}`
    else if (key !== undefined) entries.push(entries.length === 0 ? [`title of ${key}`, value] : [key, value])
    else throw new Error(`rule header: expected "-- key: value", found ${line}`)
  }
  const [first, ...others] = entries
  const id = first?.[0].replace('title of ', '') ?? ''
  const parsed = HEADER.safeParse({ id, title: first?.[1], ...Object.fromEntries(others) })
  if (parsed.success) return parsed.data
  throw new Error(`rule ${id}: ${z.prettifyError(parsed.error)}`)
}
