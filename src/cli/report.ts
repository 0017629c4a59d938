import { CommanderError } from 'commander'
import { ERRORS, ThroughlineError } from '../errors.ts'

/**
 * Says on standard error why a command failed.
 *
 * @returns the exit code
 */
export function report(error: unknown): number {
  if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : 2
  if (error instanceof ThroughlineError) {
    process.stderr.write(`throughline: ${error.message}\n`)
    return ERRORS[error.code].exit
  }
  process.stderr.write(`throughline: a bug: ${error instanceof Error ? error.stack : String(error)}\n`)
  return 3
}
