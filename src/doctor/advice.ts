import type { Config } from '../config/schema.ts'
import type { LedgerState } from '../ledger/state.ts'
import { checkIds } from './checks-ids.ts'
import { checkKernel } from './checks-kernel.ts'
import { checkLogs } from './checks-logs.ts'
import { checkSides } from './checks-sides.ts'
import { FINDINGS, type Finding } from './finding.ts'
import type { Survey } from './survey.ts'

/** What to log in addition and what is wrong; first what helps most lines. */
export function advise(survey: Survey, state: LedgerState, config: Config): Finding[] {
  const found = [
    ...checkIds(survey, config),
    ...checkLogs(survey),
    ...checkSides(survey, state, config),
    ...checkKernel(survey),
  ]
  const rank = (finding: Finding): number => FINDINGS.indexOf(finding.code)
  return found.sort((a, b) => b.lines - a.lines || rank(a) - rank(b))
}
