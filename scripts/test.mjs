// Installs what is missing, builds, checks and tests. The last line is `N passed, N failed`.
import { installMissing, script } from './install.mjs'
import { runTests } from './run-tests.mjs'

installMissing()
script('build.mjs')
script('check.mjs')
await runTests('tests', process.argv.slice(2), true)
