import { readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { inFolder } from '../../test/support/folder.ts'
import { loadTokenKey, pseudonymizer, tokenKeyFile } from './token-key.ts'

test('the key lies where it is told, else below the configuration folder of the user', () => {
  expect(tokenKeyFile({ THROUGHLINE_KEY_FILE: '/k', XDG_CONFIG_HOME: '/x' })).toBe('/k')
  expect(tokenKeyFile({ XDG_CONFIG_HOME: '/x' })).toBe('/x/throughline/token.key')
  expect(tokenKeyFile({})).toMatch(/\/\.config\/throughline\/token\.key$/)
})

test('the key is made once, of 32 bytes, for its owner only', async () => {
  await inFolder(folder => {
    const file = join(folder, 'new/token.key')
    const key = loadTokenKey(file)
    expect(key).toHaveLength(32)
    expect(statSync(file).mode & 0o777).toBe(0o600)
    expect(loadTokenKey(file)).toEqual(key)
    expect(readFileSync(file)).toEqual(key)
    expect(loadTokenKey(join(folder, 'other.key'))).not.toEqual(key)
  })
})

// printf secret-token-value | openssl dgst -sha256 -mac HMAC -macopt hexkey:0707…07 (32 bytes)
test('a credential is a keyed hash and its last four characters; a short one is the hash alone', () => {
  const pseudonym = pseudonymizer(Buffer.alloc(32, 7))
  expect(pseudonym('secret-token-value')).toBe('hmac:57d743b9091143e3.alue')
  expect(pseudonym('twelve-chars')).toMatch(/^hmac:[0-9a-f]{16}\.$/)
  expect(pseudonym('secret-token-value')).not.toBe(pseudonymizer(Buffer.alloc(32, 8))('secret-token-value'))
})
