import type { CoverageState } from '../coverage/reasons.ts'
import type { CoverageRow, Gap, SourceGroup } from '../coverage/row.ts'
import { DAY_US, dayText, HOUR_US } from '../model/time.ts'
import { type Colors, safe } from './output.ts'

/** How states are drawn: by their sign alone where there is no colour. */
const SIGNS: Readonly<Record<CoverageState, string>> = {
  complete: '█',
  partial: '▄',
  missing: '×',
  unknown: '?',
}
/** An hour in which the group is not expected. */
const NONE = '·'
const SCALE = '0     6     12    18    '
const DAY_WIDTH = 10

export const LEGEND =
  '█ complete   ▄ partial   × missing   ? unknown   · not expected (long before its first line or behind its last)'

export function paint(colors: Colors, state: CoverageState, text: string): string {
  if (state === 'complete') return colors.green(text)
  if (state === 'partial') return colors.yellow(text)
  return state === 'missing' ? colors.red(text) : colors.cyan(text)
}

/** A group in words. */
export function groupName(group: SourceGroup): string {
  const { side, applications, host, site, log, target, organization, environment } = group
  if (side === 'gateway') {
    if (environment === undefined && organization === undefined)
      return `gateway ${applications.map(safe).join(', ')}: no export known`
    return `gateway ${safe(organization ?? '(no organization)')} / ${safe(environment ?? '(no environment)')}`
  }
  const application = safe(applications[0])
  if (target !== undefined)
    return `app ${application}: unknown log${target === '' ? '' : ` behind ${safe(target)}`}`
  if (host !== undefined) return `app ${application}: ${safe(host)}${site ? ` ${safe(site)}` : ''}`
  return log === undefined ? `app ${application}: no log known` : `app ${application}: ${safe(log)}`
}

/**
 * A row of 24 signs for each UTC day.
 *
 * @param rows of one group, in order of time
 * @param shown the hours that are shown of any group; others stay blank
 */
export function dayLines(rows: readonly CoverageRow[], shown: Gap, colors: Colors): string[] {
  const days = new Map<number, Map<number, CoverageState>>()
  for (const { hourUs, state } of rows) {
    const day = Math.floor(hourUs / DAY_US)
    const hours = days.get(day) ?? new Map<number, CoverageState>()
    days.set(day, hours)
    hours.set((hourUs % DAY_US) / HOUR_US, state)
  }
  const sign = (us: number, state: CoverageState | undefined): string => {
    if (state !== undefined) return paint(colors, state, SIGNS[state])
    return us >= shown.fromUs && us < shown.toUs ? colors.dim(NONE) : ' '
  }
  const lines = [...days].map(([day, hours]) => {
    const signs = Array.from({ length: 24 }, (_, hour) =>
      sign(day * DAY_US + hour * HOUR_US, hours.get(hour)),
    )
    return `  ${dayText(day)}  ${signs.join('')}`.trimEnd()
  })
  return [colors.dim(`  ${' '.repeat(DAY_WIDTH)}  ${SCALE}`.trimEnd()), ...lines]
}
