import { defineConfig } from 'vitest/config'

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
  },
})
