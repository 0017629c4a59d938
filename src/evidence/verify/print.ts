import { PARTS, type Part } from './findings.ts'
import type { Verification } from './verify.ts'

/** What each part answers. */
export const MEANINGS: Readonly<Record<Part, string>> = {
  integrity: 'nothing was altered since the store signed it',
  soundness: 'every row follows from its log lines and fulfils the query',
  completeness: 'rows and exceptions add up to what the store took in',
  agreement: 'the store gives the same rows again',
}

/** 0: nothing is wrong; 1: something is; 3: it could not be read. */
export function exitCodeOf({ unreadable, parts }: Verification): 0 | 1 | 3 {
  if (unreadable !== undefined) return 3
  return PARTS.some(part => parts[part].verdict === 'FAIL') ? 1 : 0
}

/** A verification as lines for people. */
export function verdictLines(verification: Verification): string[] {
  const { unreadable, parts, anchors, manifest, query, fingerprint } = verification
  if (unreadable !== undefined) return [`This cannot be checked: ${oneLine(unreadable)}`]
  const lines: string[] = []
  if (query) {
    lines.push(`query      ${query.filter === '' || query.filter === '*' ? 'every request' : oneLine(query.filter)}`)
    lines.push(`period     ${oneLine(query.from)} up to ${oneLine(query.to)} (UTC)`)
    lines.push(`asked by   ${oneLine(query.requester)}, ${oneLine(query.requestedAt)}: ${oneLine(query.purpose)}`)
  }
  if (manifest) {
    const { counts, storeId, checkpoint } = manifest.predicate
    lines.push(`holds      ${counts.requests} requests, ${counts.exceptions} exceptions`)
    lines.push(`store      ${oneLine(storeId)}, ${checkpoint.size} ledger entries`)
  }
  if (fingerprint) lines.push(`key        ${fingerprint}`)
  lines.push('')
  for (const part of PARTS) {
    const { verdict, failed, failures, notChecked } = parts[part]
    lines.push(`${part.toUpperCase().padEnd(13)} ${verdict.padEnd(11)} ${MEANINGS[part]}`)
    for (const { where, what } of failures) lines.push(`    ${oneLine(where)}: ${oneLine(what)}`)
    if (failed > failures.length) lines.push(`    and ${failed - failures.length} more`)
    for (const what of notChecked) lines.push(`    NOT CHECKED: ${oneLine(what)}`)
  }
  lines.push('')
  if (anchors.length > 0) lines.push(`ANCHORED      by the ${anchors.join(' and the ')} that you gave`)
  else lines.push(...UNANCHORED)
  return lines
} // biome-ignore format: one line each

const UNANCHORED = [
  'UNANCHORED    It agrees with itself. Whoever has another key can make a bundle that does so, too.',
  '              Ask the owner of the store, not the bundle, for the fingerprint of the key: --key FINGERPRINT,',
  '              or for a checkpoint that was kept elsewhere: --known-checkpoint FILE.',
]

/** Text of a bundle on one line, without what a terminal would obey. */
function oneLine(text: string): string {
  return String(text).replace(/[\p{Cc}\p{Cf}\u2028\u2029]/gu, c => `\\u${(c.codePointAt(0) ?? 0).toString(16).padStart(4, '0')}`)
} // biome-ignore format: one line
