// Runs the commands that a page shows and puts what they print below them, so that no page shows an output of its own.
// A block is fenced as `console`; a line that begins with `$ ` is a command, `> ` goes on with it, the rest is output.
import { spawnSync } from 'node:child_process'
import { chmodSync, mkdirSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { delimiter, join } from 'node:path'
import { root } from './install.mjs'

/** Shown in place of the temporary folder that the commands run in. */
const SHOWN_FOLDER = '/home/you/throughline'

/** What differs from run to run or machine to machine: keys, times, rates, sizes of compressed files, versions. */
const VARYING = [/\(key [0-9a-f]{16}\)/, /^done in .*$/, /^holds {5}.*$/, /^(?:node|duckdb) .*$/]

const masked = text => text.split('\n').map(line => VARYING.reduce((l, v) => l.replace(v, '~'), line)).join('\n') // biome-ignore format: one step

/**
 * The page with fresh output. Where the output only differs in what varies, the page keeps its own.
 *
 * @param setup commands that the page takes for granted
 */
export function withOutput(page, setup = []) {
  const folder = realpathSync(mkdtempSync(join(tmpdir(), 'throughline-docs-')))
  try {
    const run = shell(folder)
    for (const command of setup) run(command)
    return page.replace(/(?<=^```console\n)[\s\S]*?(?=^```$)/gm, block => refreshed(block, run))
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

function refreshed(block, run) {
  return block
    .split(/^(?=\$ )/m)
    .map(part => {
      const [typed = ''] = /^\$ .*\n(?:> .*\n)*/.exec(part) ?? []
      const shown = part.slice(typed.length)
      const output = run(typed.replace(/^[$>] /gm, ''))
      return typed + (masked(output) === masked(shown) ? shown : output)
    })
    .join('')
}

/** A shell in a folder where `throughline` is the built program. Output is stdout and stderr as a terminal mixes them. */
function shell(folder) {
  const bin = join(folder, '.bin')
  mkdirSync(bin)
  const program = join(bin, 'throughline')
  writeFileSync(program, `#!/bin/sh\nexec "${process.execPath}" "${root}/dist/cli/main.js" "$@"\n`)
  chmodSync(program, 0o755)
  const env = {
    PATH: `${bin}${delimiter}${process.env.PATH}`,
    HOME: folder,
    THROUGHLINE_KEY_FILE: join(bin, 'token.key'),
    NO_COLOR: '1',
    LC_ALL: 'C.UTF-8',
  }
  return command => {
    const { stdout, error } = spawnSync('sh', ['-c', `exec 2>&1\n${command}`], {
      cwd: folder,
      env,
      encoding: 'utf8',
      maxBuffer: 64 * 1024 * 1024,
    })
    if (error) throw error
    // Neither the CR of IIS logs nor blanks at an end of a line can be seen on a page.
    return stdout
      .replaceAll(folder, SHOWN_FOLDER)
      .replace(/[ \t\r]+$/gm, '')
      .replace(/\n+$/, '\n')
  }
}
