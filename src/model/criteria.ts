/**
 * Criteria of SOC 2 that panels speak to, in a few words of our own. Source: AICPA, Trust Services Criteria 2017
 * (TSP section 100, with the points of focus of 2022).
 */
export const CRITERIA = {
  'CC4.1': 'whether controls are present and working is evaluated',
  'CC6.1': 'logical access to protected information is restricted',
  'CC6.3': 'access follows roles and least privilege, and is changed or removed',
  'CC6.6': 'access from outside the boundaries of the system is guarded',
  'CC7.2': 'systems are watched for anomalies, which are analysed',
  'CC7.3': 'security events are evaluated',
} as const satisfies Record<string, string>

export type Criterion = keyof typeof CRITERIA

/** The sentence at the end of a panel's description; empty without criteria. */
export function criteriaText(criteria: readonly Criterion[]): string {
  if (criteria.length === 0) return ''
  return `SOC 2 ${criteria.map(c => `${c} (${CRITERIA[c]})`).join('; ')}.`
}
