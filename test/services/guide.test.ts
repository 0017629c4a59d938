import { spawnSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'

const root = fileURLToPath(new URL('../..', import.meta.url))

/** It needs no service; it takes minutes, as every command of them runs. */
test('README and guide show what their commands print', { timeout: 900_000 }, () => {
  const { status, stderr } = spawnSync(
    process.execPath,
    ['scripts/generate.mjs', '--check', '--console'],
    { cwd: root, encoding: 'utf8' },
  ) // biome-ignore format: one call
  expect(stderr).toBe('')
  expect(status).toBe(0)
})
