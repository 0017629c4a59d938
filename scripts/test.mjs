// Installs what is missing, builds, checks and tests. The last line is `N passed, N failed`.
import { execFileSync } from 'node:child_process'
import { readFileSync, rmSync } from 'node:fs'
import { installMissing, root, script } from './install.mjs'

installMissing()
script('build.mjs')
script('check.mjs')
const report = `${root}/node_modules/.vitest-report.json`
rmSync(report, { force: true })
let failed = false
try {
  const args = [
    'run',
    '--reporter=default',
    '--reporter=json',
    `--outputFile.json=${report}`,
    ...process.argv.slice(2),
  ]
  execFileSync(process.execPath, [`${root}/node_modules/vitest/vitest.mjs`, ...args], {
    cwd: root,
    stdio: 'inherit',
  })
} catch {
  failed = true
}
const { numPassedTests, numFailedTests, numFailedTestSuites } = JSON.parse(readFileSync(report, 'utf8'))
const failures = numFailedTests || (failed ? Math.max(1, numFailedTestSuites) : 0)
console.log(`${numPassedTests} passed, ${failures} failed`)
process.exitCode = failures > 0 ? 1 : 0
