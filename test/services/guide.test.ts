import { expect, test } from 'vitest'
import { checkGenerated } from '../support/generate.ts'

/** It needs no service; it takes minutes, as every command of them runs. */
test('README and guide show what their commands print', { timeout: 900_000 }, () => {
  const { status, stderr } = checkGenerated('--console')
  expect(stderr).toBe('')
  expect(status).toBe(0)
})
