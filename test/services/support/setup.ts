import { collectorProgram } from './otelcol.ts'
import { missing, missingTools } from './tools.ts'

/** Before any service test: says what this machine lacks, and fetches what is not there yet. */
export default async function setup(): Promise<void> {
  for (const problem of missingTools()) console.error(`\n  MISSING: ${problem}\n`)
  if (!missing('go')) await collectorProgram()
}
