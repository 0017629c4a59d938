import { chmodSync, mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { KeyFiles, keyFolder } from './signing-key.ts'

let folder: string
let files: KeyFiles

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'tl-keys-'))
  files = new KeyFiles(join(folder, 'keys'), 'a/b')
})
afterEach(() => rmSync(folder, { recursive: true }))

const NAME = 'ab'.repeat(32)
const NAME_16 = 'cd'.repeat(8)

test.each([
  { name: 'the configured folder', env: { XDG_CONFIG_HOME: '/x' }, configured: '/k', want: '/k' },
  {
    name: 'the configuration folder',
    env: { XDG_CONFIG_HOME: '/x' },
    configured: undefined,
    want: '/x/throughline/keys',
  },
])('keys are in $name', ({ env, configured, want }) => expect(keyFolder(env, configured)).toBe(want))

describe('what is made', () => {
  test('is read again, by nobody else, and leaves nothing beside it', () => {
    const key = files.makeSigningKey(() => NAME)
    const secret = files.makeSalts(() => NAME_16)
    expect(files.readSigningKey(NAME)?.equals(key)).toBe(true)
    expect(files.readSalts(NAME_16)).toEqual(secret)
    expect(secret.length).toBe(32)
    expect(readdirSync(files.folder).sort()).toEqual([`salts-${NAME_16}.key`, 'signing-abababababababab.pem'])
    for (const name of readdirSync(files.folder))
      expect(statSync(join(files.folder, name)).mode & 0o777).toBe(0o600)
    expect(statSync(files.folder).mode & 0o777).toBe(0o700)
    expect(readdirSync(join(folder, 'keys'))).toEqual(['a%2Fb'])
  })

  test('never takes the place of another key', () => {
    const key = files.makeSigningKey(() => NAME)
    expect(() => files.makeSigningKey(() => NAME)).toThrow(/EEXIST/)
    expect(files.readSigningKey(NAME)?.equals(key)).toBe(true)
  })
})

test('what is not there is not there', () => {
  expect(files.readSigningKey(NAME)).toBe(undefined)
  expect(files.readSalts(NAME_16)).toBe(undefined)
})

describe('refused is', () => {
  test.each([0o640, 0o604, 0o620])('a key of mode %o', mode => {
    files.makeSigningKey(() => NAME)
    chmodSync(files.signingKeyFile(NAME), mode)
    const refusal = expect.objectContaining({
      code: 'KEY_REFUSED',
      message: expect.stringMatching(/has mode 6\d\d, so that others may read or change it.*chmod 600/),
    })
    expect(() => files.readSigningKey(NAME)).toThrow(refusal)
  })

  test('a key that is none', () => {
    files.makeSigningKey(() => NAME)
    writeFileSync(files.signingKeyFile(NAME), '-----BEGIN PRIVATE KEY-----\n')
    expect(() => files.readSigningKey(NAME)).toThrow(expect.objectContaining({ code: 'KEY_REFUSED' }))
  })

  test('a secret that was cut', () => {
    files.makeSalts(() => NAME_16)
    writeFileSync(files.saltsFile(NAME_16), 'short')
    expect(() => files.readSalts(NAME_16)).toThrow(/has 5 bytes, expected 32/)
  })
})
