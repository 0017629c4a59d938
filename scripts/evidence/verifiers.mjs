// The three programs that check a bundle, each asked about files that are handed over: the checks themselves, verify.mjs in a
// Node of its own, and verify.html in a browser without a network.
import { execFileSync, spawnSync } from 'node:child_process'
import { mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { chromium } from 'playwright-core'

const FLAGS = [
  '--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking',
  '--disable-component-update', '--disable-sync',
] // biome-ignore format: a list

/** What the checks answer in this process. */
export function inProcess({ verifyBundle, NODE_CRYPTO, exitCodeOf }) {
  return async (files, key) => {
    const read = async function* (name) {
      if (files.get(name).length > 0) yield files.get(name)
    }
    const verification = await verifyBundle({ names: [...files.keys()], read }, NODE_CRYPTO, { key })
    return {
      ...plain(verification),
      exitCode: exitCodeOf(verification),
      fingerprint: verification.fingerprint,
    }
  }
}

/** @param program verify.mjs @param folder where files may be written */
export function inProgram(program, folder) {
  return (files, key) => {
    rmSync(folder, { recursive: true, force: true })
    for (const [name, bytes] of files) {
      mkdirSync(dirname(join(folder, name)), { recursive: true })
      writeFileSync(join(folder, name), bytes)
    }
    const { status, stdout } = spawnSync(process.execPath, [program, folder, '--key', key, '--json'], { encoding: 'utf8', env: {} })
    return { ...plain(JSON.parse(stdout)), exitCode: status }
  } // biome-ignore format: one line each
}

/**
 * One page for all; of a changed bundle only what differs from its base is handed over.
 *
 * @param page verify.html
 * @param bases files by name of bundle
 */
export async function inBrowser(page, bases) {
  const browser = await chromium.launch({ executablePath: programPath(), headless: true, args: FLAGS })
  const context = await browser.newContext({ offline: true })
  const tab = await context.newPage()
  await tab.goto(pathToFileURL(page).href)
  await tab.evaluate(() => {
    window.bytesOf = text => Uint8Array.from(atob(text), c => c.charCodeAt(0))
    window.bases = new Map()
  })
  for (const [name, files] of bases)
    await tab.evaluate(
      ([base, list]) => void window.bases.set(base, new Map(list.map(([n, text]) => [n, window.bytesOf(text)]))),
      [name, [...files].map(([n, bytes]) => [n, bytes.toString('base64')])],
    )
  const check = async (name, files, key) => {
    const base = bases.get(name)
    const changes = [...files].map(([n, bytes]) => [n, base.get(n) === bytes ? null : bytes.toString('base64')])
    const found = await tab.evaluate(
      ([of, list, known]) => {
        const own = window.bases.get(of)
        return window.checkFiles(list.map(([n, text]) => [n, text === null ? own.get(n) : window.bytesOf(text)]), known)
      },
      [name, changes, key],
    )
    return { ...plain(found), exitCode: found.exitCode }
  }
  return { check, close: () => browser.close() }
} // biome-ignore format: one line each

/** What the three must agree in. */
function plain({ parts, unreadable, anchors }) {
  return JSON.parse(JSON.stringify({ parts, unreadable: unreadable ?? null, anchors }))
}

export function isSameAnswer(a, b) {
  const of = ({ parts, unreadable, anchors, exitCode }) =>
    JSON.stringify([parts, unreadable, anchors, exitCode])
  return of(a) === of(b)
}

function programPath() {
  const named = process.env.CHROMIUM ?? 'chromium'
  return named.includes('/') ? named : execFileSync('which', [named], { encoding: 'utf8' }).trim()
}
