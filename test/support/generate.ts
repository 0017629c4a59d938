import { spawnSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'

const root = fileURLToPath(new URL('../..', import.meta.url))

/** Compares generated pages, of one kind, with what would be generated now. */
export function checkGenerated(kind: '--reference' | '--pictures' | '--console') {
  const { status, stderr } = spawnSync(process.execPath, ['scripts/generate.mjs', '--check', kind], {
    cwd: root,
    encoding: 'utf8',
  })
  return { status, stderr }
}
