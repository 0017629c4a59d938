// Installs the packages of package-lock.json where they are missing, so that one command is enough on a fresh clone.
import { execFileSync } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

export const root = fileURLToPath(new URL('..', import.meta.url))

/** npm keeps a copy of the lock beside what it installed; both name the same versions when nothing is missing. */
function isInstalled() {
  const installed = `${root}/node_modules/.package-lock.json`
  if (!existsSync(installed)) return false
  const have = JSON.parse(readFileSync(installed, 'utf8')).packages
  const want = JSON.parse(readFileSync(`${root}/package-lock.json`, 'utf8')).packages
  return Object.entries(want).every(
    ([name, p]) => name === '' || p.optional || have[name]?.version === p.version,
  )
}

export function installMissing() {
  const [major, minor] = process.versions.node.split('.').map(Number)
  if (major < 20 || (major === 20 && minor < 19)) {
    console.error(
      `Throughline needs Node.js 20.19 or later; this is ${process.versions.node}. Install a newer one.`,
    )
    process.exit(2)
  }
  if (isInstalled()) return
  console.error('installing packages (npm install) …')
  // Not `npm ci`: it refuses a lock without the optional packages of platforms that a registry mirror does not carry.
  execFileSync('npm', ['install', '--no-save', '--no-audit', '--no-fund', '--loglevel=error'], {
    cwd: root,
    stdio: ['ignore', 2, 2],
  })
}

/** Runs a program of node_modules with this Node; ends the process with its code where it fails. */
export function tool(name, args, env = {}) {
  try {
    execFileSync(process.execPath, [`${root}/node_modules/${name}`, ...args], {
      cwd: root,
      stdio: 'inherit',
      env: { ...process.env, ...env },
    })
  } catch (error) {
    process.exit(error.status || 1)
  }
}

export function script(name) {
  execFileSync(process.execPath, [`${root}/scripts/${name}`], { cwd: root, stdio: 'inherit' })
}
