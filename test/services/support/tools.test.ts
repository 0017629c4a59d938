import { chmodSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, describe, expect, test, vi } from 'vitest'
import { inFolder } from '../../support/folder.ts'
import { missing, needs } from './tools.ts'

afterEach(() => {
  vi.unstubAllEnvs()
})

/** Acts where the only program is a `go` that prints this; none at all without. */
function withGo<T>(says: string | undefined, action: () => T): Promise<T> {
  return inFolder(folder => {
    vi.stubEnv('PATH', folder)
    const program = join(folder, 'go')
    if (says !== undefined) {
      writeFileSync(program, `#!/bin/sh\necho '${says}'\n`)
      chmodSync(program, 0o755)
    }
    return action()
  })
}

test.each([
  { name: 'the version that is needed', says: 'go version go1.25.0 linux/amd64' },
  { name: 'a later minor version', says: 'go version go1.100 linux/amd64' },
  { name: 'a later major version', says: 'go version go2.0 linux/amd64' },
])('nothing is missing with $name', ({ says }) =>
  expect(withGo(says, () => missing('go'))).resolves.toBeUndefined(),
)

test.each([
  { name: 'an older one', says: 'go version go1.24.9 linux/amd64', seen: 'found "go version go1.24.9' },
  { name: 'something else', says: 'Go, go, go!', seen: 'found "Go, go, go!"' },
  { name: 'none', says: undefined, seen: 'go was not found' },
])('what is missing is said, with $name', async ({ says, seen }) => {
  const problem = await withGo(says, () => missing('go'))
  expect(problem).toContain('Go 1.25 or later')
  expect(problem).toContain(seen)
  expect(problem).toContain('https://go.dev/dl/')
})

test('tests without their tool are skipped, and fail in continuous integration', async () => {
  vi.stubEnv('CI', '')
  expect(await withGo(undefined, () => needs('go'))).not.toBe(describe)
  expect(await withGo('go1.26', () => needs('go'))).toBe(describe)
  vi.stubEnv('CI', 'true')
  await expect(withGo(undefined, () => needs('openssl', 'go'))).rejects.toThrow(
    /openssl 1\.1.*\n.*go was not found/,
  )
})
