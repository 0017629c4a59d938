import type { TestProject } from 'vitest/node'
import { ELASTICSEARCH_VERSIONS, elasticsearchFolder } from './elasticsearch-program.ts'
import { openDesk } from './elasticsearch-shared.ts'
import { collectorProgram } from './otelcol.ts'
import { missing, missingTools } from './tools.ts'

/** Before any service test: says what this machine lacks, and fetches what is not there yet. */
export default async function setup({ provide }: TestProject): Promise<() => Promise<void>> {
  for (const problem of missingTools()) console.error(`\n  MISSING: ${problem}\n`)
  if (!missing('go')) await collectorProgram()
  if (!missing('java') && !missing('mvn'))
    for (const version of ELASTICSEARCH_VERSIONS) await elasticsearchFolder(version)
  const desk = await openDesk()
  provide('elasticsearchDesk', desk.address)
  return () => desk.close()
}
