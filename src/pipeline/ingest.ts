import type { Input } from '../sources/discover.ts'
import type { Store } from '../store/store.ts'
import { type IngestResult, IngestRun, type RunReading } from './ingest-run.ts'
import type { IntakeOptions } from './intake.ts'
import { StoreIntake } from './store-intake.ts'

/** Reads inputs into the store. */
export async function ingest(
  store: Store,
  inputs: readonly Input[],
  options: IntakeOptions & RunReading,
): Promise<IngestResult> {
  const run = new IngestRun(await StoreIntake.open(store, options), options)
  try {
    for (const input of inputs) await run.take(input)
    await run.commit()
  } finally {
    await run.close()
  }
  return run.result()
}
