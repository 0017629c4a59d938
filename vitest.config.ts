import { configDefaults, defineConfig } from 'vitest/config'
import { longestFirst } from './scripts/longest-first.mjs'

const LONGEST = ['properties/linking.test.ts', 'store/ready.test.ts', 'traces/export/export.test.ts']

export default defineConfig({
  test: {
    include: ['src/**/*.test.ts', 'test/**/*.test.ts'],
    // Tests of real services are run by vitest.services.config.ts.
    exclude: [...configDefaults.exclude, 'test/services/**'],
    // Chunks, DuckDB and child processes: generous, as no test asserts a time.
    testTimeout: 120_000,
    hookTimeout: 120_000,
    // The built program is run as it is.
    server: { deps: { external: [/\/dist\//] } },
    pool: 'forks',
    maxWorkers: 2,
    sequence: { sequencer: longestFirst(LONGEST) },
  },
})
