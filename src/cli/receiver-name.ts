import { ThroughlineError } from '../errors.ts'
import { safe } from './output.ts'

/**
 * The name that a user gives a receiver; it becomes a folder of the store.
 *
 * @throws USAGE
 */
export function receiverNameOf(name: string): string {
  if (/^\w[\w.-]{0,99}$/.test(name)) return name
  throw new ThroughlineError(
    'USAGE',
    `--name ${safe(name)}: expected letters, digits, dots, dashes and underscores, 100 at most`,
  )
}
