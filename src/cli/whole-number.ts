import { ThroughlineError } from '../errors.ts'

/** A count that an option gives. @throws USAGE */
export function wholeNumber(flag: string, text: string): number {
  if (/^\d{1,15}$/.test(text)) return Number(text)
  throw new ThroughlineError('USAGE', `${flag} ${text}: expected a whole number, 0 or more`)
}
