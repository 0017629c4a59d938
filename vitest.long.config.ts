import { defineConfig } from 'vitest/config'

/** Measurements that take minutes and write their figures into bench/results.md: `npm run findings:accuracy`, `coverage:accuracy`. */
export default defineConfig({
  test: {
    include: ['test/**/*.long.ts'],
    testTimeout: 1_800_000,
    pool: 'forks',
    maxWorkers: 1,
  },
})
