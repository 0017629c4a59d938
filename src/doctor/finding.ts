/** What can be wrong, the more it matters the earlier: equal findings by lines keep this order. */
export const FINDINGS = [
  'gateway-missing', 'app-missing', 'id-not-logged', 'field-always-empty', 'id-not-captured', 'ids-never-match',
  'id-repeated', 'stamps-missing', 'fields-missing', 'clock', 'trusted-proxies-missing', 'subjects-differ',
  'subject-missing', 'paths-differ', 'targets-unmarked', 'httperr-missing',
] as const // biome-ignore format: a list

export type FindingCode = (typeof FINDINGS)[number]

/** Something to do, with everything that is needed to do it. */
export interface Finding {
  readonly code: FindingCode
  readonly what: string
  /** Where it was seen, and on how many lines. */
  readonly where: readonly Place[]
  /** Lines that it would help. */
  readonly lines: number
  readonly why: string
  readonly fix: readonly Step[]
}

export interface Place {
  readonly name: string
  readonly lines: number
}

/** A step of a fix: what to do, and the exact text where there is one. */
export interface Step {
  readonly text: string
  readonly code?: string
}
