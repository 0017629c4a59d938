import type { Config } from '../config/schema.ts'
import type { AliasRule } from '../model/alias-rules.ts'
import { compileAliases } from '../model/aliases.ts'
import type { Subject } from '../model/subject.ts'
import { subjectKey } from '../model/subject-text.ts'
import { sqlFile } from '../store/query.ts'
import type { Store } from '../store/store.ts'
import { groupBy, sum } from './group.ts'

const SUBJECT_PAIRS = sqlFile('./subject_pairs.sql', import.meta.url)

/** Share of pairs that must name the same subject, and how many there must be, before a rule is proposed. */
const LEAST_AGREEING = 0.95
const LEAST_PAIRS = 20

/** A way of writing subjects on one side: `CORP\*`, `*@corp.example`, `*`. */
export interface SubjectShape {
  readonly side: 'gateway' | 'app'
  readonly kind: string
  readonly shape: string
  readonly lines: number
  readonly names: number
}

/** A rule that the links by id bear out. */
export interface ProposedRule extends AliasRule {
  readonly agreeing: number
  readonly pairs: number
}

/** What the two sides say about who it was. */
export interface SubjectSurvey {
  readonly shapes: readonly SubjectShape[]
  /** Links by id whose both sides name somebody, and those that name the same. */
  readonly pairs: number
  readonly agreeing: number
  readonly rules: readonly ProposedRule[]
}

/** A link by id, or several of a day that name the same two. */
export interface SubjectPair {
  readonly gateway: Subject
  readonly app: Subject
  readonly day: string
  readonly pairs: number
}

interface PairRow {
  readonly gateway_kind: Subject['kind']
  readonly gateway_issuer: string
  readonly gateway_name: string
  readonly app_kind: Subject['kind']
  readonly app_issuer: string
  readonly app_name: string
  readonly day: string
  readonly pairs: number
}

/** Needs the views of `createRequestsView`. */
export async function subjectSurvey(store: Store, subjects: Config['subjects']): Promise<SubjectSurvey> {
  const rows = await store.db.rows<PairRow>(SUBJECT_PAIRS)
  const pairs = rows.map(row => ({
    gateway: { kind: row.gateway_kind, issuer: row.gateway_issuer, name: row.gateway_name },
    app: { kind: row.app_kind, issuer: row.app_issuer, name: row.app_name },
    day: row.day,
    pairs: row.pairs,
  }))
  return { shapes: await shapesOf(store), ...judgePairs(pairs, subjects) }
}

/** Which pairs name the same subject under the rules in force, and rules under which more would. */
export function judgePairs(
  pairs: readonly SubjectPair[],
  subjects: Config['subjects'],
): Omit<SubjectSurvey, 'shapes'> {
  const agrees = agreement(subjects.aliases, subjects.rules)
  const differing = pairs.filter(pair => !agrees(pair))
  return {
    pairs: sum(pairs, pair => pair.pairs),
    agreeing: sum(pairs, pair => pair.pairs) - sum(differing, pair => pair.pairs),
    rules: rulesFor(pairs, differing, subjects),
  }
}

function agreement(
  aliases: Config['subjects']['aliases'],
  rules: readonly AliasRule[],
): (pair: SubjectPair) => boolean {
  const { table } = compileAliases(aliases, rules)
  return ({ gateway, app, day }) =>
    subjectKey(table.resolve(gateway, day)).toLowerCase() ===
    subjectKey(table.resolve(app, day)).toLowerCase()
}

/** For each way in which apps write people: the rules that the pairs bear out, if there are any. */
function rulesFor(
  pairs: readonly SubjectPair[],
  differing: readonly SubjectPair[],
  { aliases, rules }: Config['subjects'],
): ProposedRule[] {
  const people = differing.filter(({ gateway, app }) => gateway.kind === 'user' && app.kind === 'user')
  return [...groupBy(people, pair => shapeOf(pair.app))].flatMap(([shape, own]) => {
    // Everybody whom an app writes in this way counts, also where the gateway writes them in another.
    const concerned = pairs.filter(pair => shapeOf(pair.app) === shape)
    const total = sum(concerned, pair => pair.pairs)
    for (const tried of candidatesFor(own)) {
      if (compileAliases(aliases, [...rules, ...tried]).problems.length > 0) continue
      const agreeing = sum(concerned.filter(agreement(aliases, [...rules, ...tried])), pair => pair.pairs)
      if (total >= LEAST_PAIRS && agreeing >= LEAST_AGREEING * total)
        return tried.map(rule => ({ ...rule, agreeing, pairs: total }))
    }
    return []
  })
}

/**
 * Sets of rules for one way of writing, the plainest first: one for everybody; one for most, with others before it for
 * names that begin alike and that the gateway writes in another way, such as `svc-`.
 */
function candidatesFor(differing: readonly SubjectPair[]): AliasRule[][] {
  const groups = [...groupBy(differing, pair => shapeOf(pair.gateway)).values()].sort(
    (a, b) => sum(b, pair => pair.pairs) - sum(a, pair => pair.pairs),
  )
  const [most = [], ...others] = groups
  const general = ruleOf(most, '')
  const special = others.flatMap(own => {
    const prefix = commonStart(own.map(pair => pair.app.name))
    return prefix === '' ? [] : ruleOf(own, prefix)
  })
  return special.length === 0 ? [general] : [general, [...special, ...general]]
}

function ruleOf([pair]: readonly SubjectPair[], prefix: string): AliasRule[] {
  if (!pair) return []
  const [match, as] = direction(shapeOf(pair.app), shapeOf(pair.gateway)).map(shape =>
    shape.replace('*', `${prefix}*`),
  )
  return match === undefined || as === undefined || match === as ? [] : [{ match, as }]
}

/** What names have in common up to a separator; empty where that is too little to tell them from others. */
function commonStart(names: readonly string[]): string {
  const [first = '', ...rest] = names
  let length = first.length
  for (const name of rest) while (!name.startsWith(first.slice(0, length))) length--
  return /^(.{2,}[-_.])/.exec(first.slice(0, length))?.[1] ?? ''
}

/** Short names become those with a domain, as these are names everywhere. */
function direction(app: string, gateway: string): [string, string] {
  return app.includes('@') && !gateway.includes('@') ? [gateway, app] : [app, gateway]
}

/** The pattern in which a subject is written, with `*` for the person. */
export function shapeOf({ issuer, name }: Pick<Subject, 'issuer' | 'name'>): string {
  const at = name.lastIndexOf('@')
  if (issuer === '') return at > 0 ? `*${name.slice(at)}` : '*'
  return /^[^\\/|!@]+$/.test(issuer) ? `${issuer.toUpperCase()}\\*` : `${issuer}|*`
}

async function shapesOf({ db }: Store): Promise<SubjectShape[]> {
  const rows = await db.rows<{
    side: 'gateway' | 'app'
    kind: string
    issuer: string
    domain: string
    lines: number
    names: number
  }>(
    `SELECT side, subject_kind AS kind, coalesce(subject_issuer, '') AS issuer, regexp_extract(subject_name, '@[^@]*$') AS domain,
       count(*)::INTEGER AS lines, count(DISTINCT lower(subject_name))::INTEGER AS names
     FROM (SELECT 'gateway' AS side, subject_kind, subject_issuer, subject_name FROM gateway_facts
       UNION ALL SELECT 'app', subject_kind, subject_issuer, subject_name FROM app_facts)
     WHERE subject_name IS NOT NULL GROUP BY ALL ORDER BY lines DESC, side, kind, issuer, domain LIMIT 40`,
  )
  return rows.map(({ side, kind, issuer, domain, lines, names }) => ({
    side,
    kind,
    shape: kind === 'client' ? '*' : shapeOf({ issuer, name: `x${domain}` }),
    lines,
    names,
  }))
}
