/** Settings of a property: a fixed seed, or the one in TEST_SEED; a failure prints seed, path and counterexample. */
export function runs(numRuns: number): { numRuns: number; seed: number } {
  return { numRuns, seed: Number(process.env.TEST_SEED ?? 20260710) }
}
