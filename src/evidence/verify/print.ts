import { PARTS, type Part, type Verdict } from './findings.ts'
import type { StoreVerification, Verification } from './verify.ts'

/** What the answer of each part means. */
export const MEANINGS: Readonly<Record<Part, Readonly<Record<Verdict, string>>>> = {
  integrity: {
    PASS: 'nothing was altered since the store signed it',
    FAIL: 'it is not, or not shown to be, what the store has signed',
    'NOT CHECKED': 'whether anything was altered since the store signed it',
  },
  soundness: {
    PASS: 'every row follows from its log lines and fulfils the query',
    FAIL: 'not every row follows from its log lines and fulfils the query',
    'NOT CHECKED': 'whether every row follows from its log lines and fulfils the query',
  },
  completeness: {
    PASS: 'rows and exceptions add up to what the store took in',
    FAIL: 'rows and exceptions do not add up to what the store took in',
    'NOT CHECKED': 'whether rows and exceptions add up to what the store took in',
  },
  agreement: {
    PASS: 'the store gives the same rows again',
    FAIL: 'the store gives other rows',
    'NOT CHECKED': 'whether the store gives the same rows again',
  },
}

/** 0: nothing is wrong; 1: something is; 3: it could not be read. */
export function exitCodeOf({ unreadable, parts }: Verification): 0 | 1 | 3 {
  if (unreadable !== undefined) return 3
  return PARTS.some(part => parts[part].verdict === 'FAIL') ? 1 : 0
}

/** A verification as lines for people. */
export function verdictLines(verification: Verification): string[] {
  const { unreadable, parts } = verification
  if (unreadable !== undefined) return [`This cannot be checked: ${oneLine(unreadable)}`]
  const lines = [...headLines(verification), '']
  for (const part of PARTS) {
    const { verdict, failed, failures, notChecked } = parts[part]
    lines.push(`${part.toUpperCase().padEnd(13)} ${verdict.padEnd(11)} ${MEANINGS[part][verdict]}`)
    for (const { where, what } of failures) lines.push(`    ${oneLine(where)}: ${oneLine(what)}`)
    if (failed > failures.length) lines.push(`    and ${grouped(failed - failures.length)} more`)
    for (const what of notChecked) lines.push(`    NOT CHECKED: ${oneLine(what)}`)
  }
  return [...lines, '', ...resultLines(verification)]
}

/** What was asked, by whom, and what is held. */
function headLines({ manifest, query, fingerprint, stores }: Verification): string[] {
  const lines: string[] = []
  if (query) {
    lines.push(`query      ${query.filter === '' || query.filter === '*' ? 'every request' : oneLine(query.filter)}`)
    lines.push(`period     ${moment(query.from)} up to ${moment(query.to)} (UTC)`)
    lines.push(`asked by   ${oneLine(query.requester)}, ${oneLine(query.requestedAt)}`)
    lines.push(`purpose    ${oneLine(query.purpose)}`)
  }
  if (manifest) {
    const { counts, storeId, checkpoint } = manifest.predicate
    lines.push(`holds      ${grouped(counts.requests)} requests, ${grouped(counts.exceptions)} exceptions`)
    lines.push(`store      ${oneLine(storeId)}, ${grouped(checkpoint.size)} ledger entries`)
  }
  if (fingerprint) lines.push(`key        ${fingerprint}`)
  if (stores) lines.push(...storeLines(stores))
  return lines
} // biome-ignore format: one line each

/** The bundles of several stores, a line each. */
function storeLines(stores: readonly StoreVerification[]): string[] {
  const requests = stores.map(store => grouped(store.requests))
  const [names, counts] = [stores.map(store => oneLine(store.name)), requests].map(texts => texts.reduce((most, text) => Math.max(most, text.length), 0))
  const lines = stores.map(({ name, fingerprint = 'none', verdicts, anchors }, i) => {
    const failed = PARTS.filter(part => verdicts[part] === 'FAIL').map(part => part.toUpperCase())
    const verdict = failed.length > 0 ? `FAIL ${failed.join(', ')}` : anchors.length > 0 ? 'PASS' : 'PASS, UNANCHORED'
    return `  ${oneLine(name).padEnd(names ?? 0)}  ${(requests[i] ?? '').padStart(counts ?? 0)} requests  key ${fingerprint}  ${verdict}`
  })
  return [`holds      ${grouped(stores.reduce((sum, store) => sum + store.requests, 0))} requests of ${grouped(stores.length)} stores, a bundle each`, ...lines]
} // biome-ignore format: one line each

/** In one word, and what it is tied to. */
function resultLines(verification: Verification): string[] {
  const { anchors } = verification
  if (exitCodeOf(verification) !== 0)
    return [`RESULT        FAIL: do not rely on this bundle${anchors.length > 0 ? '' : ' (UNANCHORED)'}`]
  if (anchors.length === 0) return ['RESULT        PASS, but UNANCHORED: it agrees with itself only', ...UNANCHORED]
  return [`ANCHORED      by the ${anchors.join(' and the ')} that you gave`, 'RESULT        PASS, as far as it was checked']
} // biome-ignore format: one line each

const UNANCHORED = [
  '              Whoever has another key can make a bundle that does so, too. Ask the owner of the store,',
  '              not the bundle, for the fingerprint of the key: --key FINGERPRINT,',
  '              or for a checkpoint that was kept elsewhere: --known-checkpoint FILE.',
]

function grouped(n: number): string {
  return String(n).replace(/\B(?=(?:\d{3})+$)/g, ',')
}

/** `2026-07-01T00:00:00.000000Z` as `2026-07-01 00:00`. */
function moment(text: string): string {
  const short = /^(\d{4}-\d\d-\d\d)T(\d\d:\d\d)(:\d\d)(\.\d{6})Z$/.exec(text)
  if (!short) return oneLine(text)
  const [, day, time, seconds, fraction] = short
  return `${day} ${time}${fraction !== '.000000' ? `${seconds}${fraction}` : seconds !== ':00' ? seconds : ''}`
}

/** Text of a bundle on one line, without what a terminal would obey. */
function oneLine(text: string): string {
  return String(text).replace(/[\p{Cc}\p{Cf}\u2028\u2029]/gu, c => `\\u${(c.codePointAt(0) ?? 0).toString(16).padStart(4, '0')}`)
} // biome-ignore format: one line
