// The heading of a result: when, which commit, on what.
import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { cpus, totalmem } from 'node:os'
import { root } from '../scripts/install.mjs'

/** @param command that repeats it */
export function heading(command) {
  const git = args => execFileSync('git', args, { cwd: root, encoding: 'utf8' }).trim()
  const dirty = git(['status', '--porcelain', '--untracked-files=no']) ? 'dirty' : 'clean'
  const packages = `${root}/node_modules/@duckdb/node-api/package.json`
  const duckdb = JSON.parse(readFileSync(packages, 'utf8')).version
  const cores = cpus()
  const memory = Math.round(totalmem() / 2 ** 30)
  return `## ${new Date().toISOString().slice(0, 10)} ${git(['rev-parse', '--short', 'HEAD'])} (${dirty})\n\n${cores.length} x ${cores[0].model}, ${memory} GiB, Node ${process.versions.node}, DuckDB ${duckdb}; \`${command}\``
}
