import { readFileSync } from 'node:fs'
import { ThroughlineError } from '../errors.ts'

/** Names of the columns of logs without a header, as the command line gives them. */
export function fieldsOf(flags: {
  readonly fields?: string
  readonly fieldsFrom?: string
}): string[] | undefined {
  if (flags.fields !== undefined) return flags.fields.split(/[\s,]+/).filter(name => name !== '')
  if (flags.fieldsFrom === undefined) return undefined
  let text: string
  try {
    text = readFileSync(flags.fieldsFrom, 'utf8').slice(0, 1024 * 1024)
  } catch (cause) {
    throw new ThroughlineError(
      'USAGE',
      `--fields-from ${flags.fieldsFrom}: ${(cause as Error).message}; name a log with a #Fields directive`,
      {},
      cause,
    )
  }
  const names = /^#Fields:[ \t]*(.+)$/im.exec(text)?.[1]?.trim().split(/\s+/)
  if (!names)
    throw new ThroughlineError(
      'USAGE',
      `--fields-from ${flags.fieldsFrom}: it has no #Fields directive; name a log that has one`,
    )
  return names
}
