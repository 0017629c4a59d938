// Tests against real services, which are fetched, built and kept in the user's cache folder by the tests themselves.
// The last line is `N passed, N failed`. In continuous integration a skipped test is a failure.
import { installMissing, script } from './install.mjs'
import { runTests } from './run-tests.mjs'

installMissing()
script('build.mjs')
const isCi = !['', '0', 'false'].includes(process.env.CI ?? '')
await runTests('services', ['--config', 'vitest.services.config.ts', ...process.argv.slice(2)], !isCi)
