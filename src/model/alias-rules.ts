import type { Subject } from './subject.ts'
import { parseSubjectText, spelled } from './subject-text.ts'

/** A rule for many names at once: `{ match: 'CORP\\*', as: '*@corp.example' }`. */
export interface AliasRule {
  /** A name in any form, with one `*` in it. */
  readonly match: string
  /** The subject it means, with one `*` where the matched part goes. */
  readonly as: string
}

/** What is wrong with a table of aliases. */
export interface AliasProblem {
  readonly kind: 'unreadable' | 'period' | 'conflict' | 'cycle' | 'rule'
  /** Where it is written, as a path such as `aliases.3.names.0`; empty where several places disagree. */
  readonly at: string
  readonly message: string
}

export interface CompiledRule {
  readonly match: Subject
  readonly as: Subject
}

/** `*` stands for one part of a name: `CORP\*` does not match `CORP\ann@corp.example`. */
const STOPS = /[@\\/|]/

/**
 * Reads rules. Those that are wrong are left out and reported: no single `*`, not a name, or leading back to itself
 * through others (`*@a` as `*@b` and `*@b` as `*@a`).
 */
export function compileRules(rules: readonly AliasRule[]): {
  rules: CompiledRule[]
  problems: AliasProblem[]
} {
  const problems: AliasProblem[] = []
  const compiled: { rule: CompiledRule; index: number }[] = []
  for (const [index, { match, as }] of rules.entries()) {
    const from = parsePattern(match)
    const to = parsePattern(as)
    if (from && to) compiled.push({ rule: { match: from, as: to }, index })
    for (const [key, text, isRead] of [['match', match, from], ['as', as, to]] as const) {
      if (isRead) continue
      const message = `got ${JSON.stringify(text)}, expected a name with one * in it, such as CORP\\*`
      problems.push({ kind: 'rule', at: `rules.${index}.${key}`, message })
    }
  } // biome-ignore format: two columns
  const circle = findCircle(compiled.map(({ rule }) => rule))
  if (!circle) return { rules: compiled.map(({ rule }) => rule), problems }
  const steps = circle.map(place => rules[compiled[place]?.index ?? -1]).map(r => `${r?.match} as ${r?.as}`)
  const at = `rules.${compiled[circle[0] ?? 0]?.index}`
  const message = `rules lead back to themselves: ${steps.join(', then ')}; no rule is used until one of them goes`
  return { rules: [], problems: [...problems, { kind: 'cycle', at, message }] }
}

/** The subject that the first matching rule gives. */
export function applyRules(rules: readonly CompiledRule[], subject: Subject): Subject | undefined {
  for (const { match, as } of rules) {
    const star = subject.kind === match.kind ? starOf(match, subject) : undefined
    if (star === undefined) continue
    const fill = (text: string) =>
      text.replace('*', () => (as.kind === 'client' ? star : spelled(star.toLowerCase())))
    return { kind: as.kind, issuer: fill(as.issuer), name: fill(as.name) }
  }
  return undefined
}

function parsePattern(text: string): Subject | undefined {
  if (text.split('*').length !== 2) return undefined
  const subject = parseSubjectText(text)
  return subject && `${subject.issuer}${subject.name}`.split('*').length === 2 ? subject : undefined
}

/** What `*` stands for, or undefined where the pattern does not match. */
function starOf(pattern: Subject, subject: Subject): string | undefined {
  const [issuer, name] = [starIn(pattern.issuer, subject.issuer), starIn(pattern.name, subject.name)]
  return issuer === undefined || name === undefined ? undefined : issuer || name
}

/** Empty where there is no star and the texts are the same. */
function starIn(pattern: string, text: string): string | undefined {
  const [head = '', tail] = spelled(pattern).split('*')
  const plain = spelled(text)
  if (tail === undefined) return head === plain ? '' : undefined
  if (!plain.startsWith(head) || !plain.endsWith(tail) || plain.length <= head.length + tail.length)
    return undefined
  const star = text.slice(head.length, text.length - tail.length)
  return STOPS.test(star) ? undefined : star
}

/** Places of rules each of which can give a name that the next one matches, back to the first. */
function findCircle(rules: readonly CompiledRule[]): number[] | undefined {
  const done = new Set<number>()
  const visit = (place: number, path: readonly number[]): number[] | undefined => {
    if (path.includes(place)) return path.slice(path.indexOf(place))
    if (done.has(place)) return undefined
    for (const [next, { match }] of rules.entries()) {
      const as = rules[place]?.as
      const circle = as && canMeet(as, match) ? visit(next, [...path, place]) : undefined
      if (circle) return circle
    }
    done.add(place)
    return undefined
  }
  for (const place of rules.keys()) {
    const circle = visit(place, [])
    if (circle) return circle
  }
  return undefined
}

/** Whether some name fits both patterns. */
function canMeet(a: Subject, b: Subject): boolean {
  return a.kind === b.kind && canBeSame(a.issuer, b.issuer) && canBeSame(a.name, b.name)
}

function canBeSame(a: string, b: string): boolean {
  const [headA = '', tailA] = spelled(a).split('*')
  const [headB = '', tailB] = spelled(b).split('*')
  if (tailA === undefined || tailB === undefined) {
    return tailA === tailB ? headA === headB : starIn(tailA === undefined ? b : a, tailA === undefined ? a : b) !== undefined
  }
  const [head, longHead] = byLength(headA, headB)
  const [tail, longTail] = byLength(tailA, tailB)
  if (!longHead.startsWith(head) || !longTail.endsWith(tail)) return false
  // What one pattern spells out has to fit into the star of the other.
  return !STOPS.test(longHead.slice(head.length)) && !STOPS.test(longTail.slice(0, longTail.length - tail.length))
} // biome-ignore format: one condition

function byLength(a: string, b: string): [string, string] {
  return a.length <= b.length ? [a, b] : [b, a]
}
