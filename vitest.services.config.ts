import { defineConfig } from 'vitest/config'
import { longestFirst } from './scripts/longest-first.mjs'

const LONGEST = ['many-stores.test.ts', 'guide.test.ts', 'kills.test.ts', 'kafka-faults.test.ts']

/** Tests against real services: `npm run test:services`. */
export default defineConfig({
  test: {
    include: ['test/services/**/*.test.ts'],
    globalSetup: ['test/services/support/setup.ts'],
    // Services start and are waited for: generous, as no test asserts a time.
    testTimeout: 180_000,
    hookTimeout: 180_000,
    pool: 'forks',
    maxWorkers: 2,
    sequence: { sequencer: longestFirst(LONGEST) },
  },
})
