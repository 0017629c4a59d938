// Runs vitest to its end and sums up: `N passed, N failed` is the last line, and the exit code agrees with it.
import { spawn } from 'node:child_process'
import { existsSync, readFileSync, rmSync } from 'node:fs'
import { root } from './install.mjs'

/**
 * @param name names the report below node_modules
 * @param args arguments of `vitest run`
 * @param maySkip whether skipped tests are allowed; they count as failed otherwise
 */
export async function runTests(name, args, maySkip) {
  const report = `${root}/node_modules/.vitest-report-${name}.json`
  rmSync(report, { force: true })
  const reporters = ['--reporter=default', '--reporter=json', `--outputFile.json=${report}`]
  const code = await ended([`${root}/node_modules/vitest/vitest.mjs`, 'run', ...reporters, ...args])
  const { passed, failed, skipped } = existsSync(report)
    ? counts(JSON.parse(readFileSync(report, 'utf8')))
    : { passed: 0, failed: 0, skipped: 0 }
  if (skipped > 0) console.log(`${skipped} SKIPPED: a line marked MISSING above says why and what to do`)
  const wrong = failed + (maySkip ? 0 : skipped)
  const failures = wrong || (code === 0 ? 0 : 1)
  console.log(`${passed} passed, ${failures} failed`)
  process.exitCode = failures > 0 ? 1 : 0
}

/** A file that could not be run has no tests to count: it counts as one. */
function counts({ numPassedTests, numFailedTests, numPendingTests, testResults }) {
  const broken = testResults.filter(
    ({ status, assertionResults }) =>
      status === 'failed' && !assertionResults.some(a => a.status === 'failed'),
  )
  return { passed: numPassedTests, failed: numFailedTests + broken.length, skipped: numPendingTests }
}

/** Whoever ends this process ends vitest, which ends what it started. */
function ended(args) {
  const child = spawn(process.execPath, args, { cwd: root, stdio: 'inherit' })
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => child.kill(signal))
  return new Promise(resolve => child.on('exit', code => resolve(code ?? 1)))
}
