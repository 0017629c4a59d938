import {
  chmodSync,
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { inProcess } from '../support/program.ts'

let folder: string
let made: string
/** A store of one IIS log, and what belongs to it, made anew for each test. */
let place: string

const LOG = `#Software: Microsoft Internet Information Services 10.0
#Fields: date time s-computername s-ip cs-method cs-uri-stem cs-uri-query s-port cs-username c-ip sc-status sc-substatus sc-win32-status time-taken
2026-07-09 08:00:00 WEB01 10.20.1.11 GET /payroll/slips - 443 CORP\\ann 10.30.0.11 200 0 0 12
2026-07-09 08:00:05 WEB01 10.20.1.11 GET /payroll/slips - 443 CORP\\bob 10.30.0.11 401 2 0 3
`

const run = (...args: string[]) => inProcess([...args, '--store', 'store'], { cwd: place })

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'tl-ledger-'))
  made = join(folder, 'made')
  place = join(folder, 'place')
  mkdirSync(place)
  writeFileSync(join(place, 'u_ex260709.log'), LOG)
  const { code } = await run('ingest', 'u_ex260709.log')
  expect(code).toBe(0)
  cpSync(place, made, { recursive: true })
})
beforeEach(() => {
  rmSync(place, { recursive: true })
  cpSync(made, place, { recursive: true })
})
afterAll(() => rmSync(folder, { recursive: true }))

const keyFolder = () => {
  const keys = join(place, 'config/throughline/keys')
  return join(keys, readdirSync(keys)[0] ?? '')
}
const keyFile = () => join(keyFolder(), readdirSync(keyFolder()).find(name => name.endsWith('.pem')) ?? '')
const fingerprint = async () => /fingerprint\s+(\w+)/.exec((await run('ledger', 'key')).stdout)?.[1] ?? ''
const verdicts = (stdout: string) =>
  Object.fromEntries(
    stdout
      .trim()
      .split('\n')
      .map(line => /^(\w+)\s+(pass|fail|not checked)/.exec(line)?.slice(1, 3) ?? []),
  )

describe('a store that was written', () => {
  test('is signed, verifies, and says what it cannot say by itself', async () => {
    const { stdout, code } = await run('ledger', 'verify')
    expect(verdicts(stdout)).toEqual({
      chain: 'pass',
      key: 'not checked',
      checkpoint: 'pass',
      tiles: 'pass',
      anchor: 'not checked',
    })
    expect(stdout).toMatch(/UNANCHORED/)
    expect(code).toBe(0)
  })

  test('verifies with the key and a checkpoint from elsewhere, also after it has grown', async () => {
    expect((await run('ledger', 'checkpoint', '--out', 'kept')).code).toBe(0)
    await run('ledger', 'anchored', '--where', 'printed')
    const { stdout } = await run(
      'ledger',
      'verify',
      '--key',
      await fingerprint(),
      '--known-checkpoint',
      'kept',
    )
    expect(verdicts(stdout)).toEqual({
      chain: 'pass',
      key: 'pass',
      checkpoint: 'pass',
      tiles: 'pass',
      anchor: 'pass',
    })
    expect((await run('status')).stdout).toMatch(
      /ledger .*signed \(key \w{16}\); \d+ anchored on \d{4}-\d\d-\d\d: printed/,
    )
    expect((await run('ledger', 'checkpoint', '--out', 'kept')).code).toBe(2)
  })

  test('says in its status that it was never anchored', async () => {
    expect((await run('status')).stdout).toMatch(
      /ledger .* not anchored: nothing outside the store vouches for it yet/,
    )
  })
})

describe('what does not fit fails', () => {
  test('another key than the one that was expected', async () => {
    const { stdout, code } = await run('ledger', 'verify', '--key', 'ab'.repeat(32))
    expect(verdicts(stdout).key).toBe('fail')
    expect(code).toBe(1)
  })

  test('an entry that was changed', async () => {
    const file = join(place, 'store/ledger/000/000002.json')
    writeFileSync(file, readFileSync(file, 'utf8').replace('"at":"2', '"at":"3'))
    const { stdout, code } = await run('ledger', 'verify')
    expect(verdicts(stdout)).toEqual({ chain: 'fail' })
    expect(code).toBe(1)
  })

  test('the last entries removed, which the chain alone would not show', async () => {
    const names = readdirSync(join(place, 'store/ledger/000')).sort()
    rmSync(join(place, 'store/ledger/000', names.at(-1) ?? ''))
    const { stdout, code } = await run('ledger', 'verify')
    expect(verdicts(stdout)).toMatchObject({ chain: 'pass', checkpoint: 'fail' })
    expect(stdout).toMatch(/it is of \d+ entries, the ledger has \d+/)
    expect(code).toBe(1)
    const check = await run('store', 'check')
    expect(check.stdout).toMatch(/damaged\s+ledger\/log\/checkpoint/)
    expect(check.code).toBe(3)
    // Nothing is signed that contradicts what was signed.
    const next = await run('ledger', 'anchored', '--where', 'x')
    expect(next.code).not.toBe(0)
  })

  test('tiles that were altered; repair makes them again', async () => {
    const [tile = ''] = readdirSync(join(place, 'store/ledger/log/tile/0/000.p'))
    const file = join(place, 'store/ledger/log/tile/0/000.p', tile)
    writeFileSync(file, readFileSync(file).fill(1, 3, 9))
    expect(verdicts((await run('ledger', 'verify')).stdout).tiles).toBe('fail')
    expect((await run('store', 'check')).code).toBe(1)
    const repaired = await run('store', 'repair')
    expect(repaired.stdout).toMatch(/log\s+its tiles were made again/)
    expect(repaired.code).toBe(0)
    expect(verdicts((await run('ledger', 'verify')).stdout).tiles).toBe('pass')
  })

  test('a tile that a longer one has replaced, and files that no ledger has', async () => {
    const partial = join(place, 'store/ledger/log/tile/0/000.p')
    const [tile = ''] = readdirSync(partial)
    const bytes = readFileSync(join(partial, tile))
    writeFileSync(join(partial, '1'), bytes.subarray(0, 32))
    expect((await run('store', 'check')).code).toBe(0)
    writeFileSync(join(partial, '1'), bytes.subarray(0, 31))
    writeFileSync(join(partial, '999'), bytes)
    writeFileSync(join(place, 'store/ledger/000/000001.json~'), '{}')
    const { stdout, code } = await run('store', 'check')
    expect(code).toBe(1)
    for (const name of [
      '000.p/1 +its hashes are not',
      '000.p/999 +the log has no such tile',
      '000001.json~ +no entry names it',
    ])
      expect(stdout).toMatch(new RegExp(name.replaceAll('.', '\\.')))
    expect((await run('store', 'repair')).code).toBe(0)
    expect(readdirSync(partial)).toEqual([tile])
  })

  test('a checkpoint of another store', async () => {
    writeFileSync(join(place, 'u_ex260710.log'), LOG.replaceAll('2026-07-09', '2026-07-10'))
    const other = await inProcess(['ingest', 'u_ex260710.log', '--store', 'other'], { cwd: place })
    expect(other.code).toBe(0)
    const known = join(place, 'other/ledger/log/checkpoint')
    const { stdout } = await run('ledger', 'verify', '--known-checkpoint', known)
    expect(verdicts(stdout).anchor).toBe('fail')
    expect(stdout).toMatch(/it is of another log/)
  })
})

describe('keys', () => {
  test('that others may read are refused, before anything is touched', async () => {
    chmodSync(keyFile(), 0o644)
    const { code, stderr } = await run('ingest', 'u_ex260709.log')
    expect(code).toBe(2)
    expect(stderr).toMatch(/has mode 644, so that others may read or change it.*chmod 600/)
  })

  test('that are missing do not keep logs out; it is said, and what comes in has no root', async () => {
    rmSync(join(place, 'config'), { recursive: true })
    writeFileSync(join(place, 'u_ex260710.log'), LOG.replaceAll('2026-07-09', '2026-07-10'))
    const { code, stderr } = await run('ingest', 'u_ex260710.log')
    expect(code).toBe(0)
    expect(stderr).toMatch(
      /nothing is signed and new files get no roots: .*signing-\w{16}\.pem and .*salts-\w{16}\.key not found/,
    )
    expect(existsSync(join(place, 'config/throughline/keys'))).toBe(false)
    const { stdout, code: checked } = await run('store', 'check')
    expect(checked).toBe(0)
    expect(stdout).toMatch(
      /roots\s+0 of 1 made again from the rows; 1 not compared, as their secret is not on this machine; 1 files have none/,
    )
    expect((await run('ledger', 'checkpoint')).code).toBe(2)
  })

  test('are rotated: the old one signs for the new one', async () => {
    const old = await fingerprint()
    expect((await run('ledger', 'key', '--rotate')).code).toBe(0)
    expect(await fingerprint()).not.toBe(old)
    const { stdout, code } = await run('ledger', 'verify', '--key', old)
    expect(verdicts(stdout)).toMatchObject({ key: 'pass', checkpoint: 'pass' })
    expect(code).toBe(0)
    expect((await run('store', 'check')).stdout).toMatch(/roots\s+1 of 1 made again/)
  })

  test('that are lost are replaced only when that is said, and it shows', async () => {
    rmSync(keyFile())
    expect((await run('ledger', 'key', '--rotate')).code).toBe(2)
    expect((await run('ledger', 'key', '--rotate', '--lost')).code).toBe(0)
    const { stdout, code } = await run('ledger', 'verify')
    expect(stdout).toMatch(/key\s+fail.*the key before it was lost and has not signed for it/)
    expect(code).toBe(1)
  })
})

test('commands that give data out are recorded; the next writer takes it into the ledger', async () => {
  await run('query', 'status:401')
  await run('query', '--hash')
  await run('export', 'requests')
  await run('trace', 'nobody-has-this-id')
  await run('ledger', 'anchored', '--where', 'x')
  const [file = ''] = readdirSync(join(place, 'store/reads'))
  const lines = readFileSync(join(place, 'store/reads', file), 'utf8')
    .trim()
    .split('\n')
    .map(line => JSON.parse(line))
  const given = lines.flatMap((line, at) =>
    line.command ? [[line.command, lines[at + 1].rows, line.asked]] : [],
  )
  expect(given.sort()).toEqual([
    ['export', 2, expect.stringMatching(/"what":"requests"/)],
    ['query', 1, expect.stringMatching(/"filter":"status:401"/)],
    ['query', 2, expect.stringMatching(/"hash":true/)],
    ['trace', undefined, '{"id":"nobody-has-this-id"}'],
  ])
  expect(lines.filter(line => line.problem)).toMatchObject([
    { problem: expect.stringMatching(/no hop in the store/) },
  ])
  expect((await run('store', 'check')).code).toBe(0)
})

test('a store on media that cannot be written is read, and it is said that nothing was recorded', async () => {
  // Also root cannot make a folder where a file is.
  rmSync(join(place, 'store/readers'), { recursive: true, force: true })
  writeFileSync(join(place, 'store/readers'), '')
  const { code, stdout, stderr } = await run('query', '--count')
  expect(stdout).toBe('2\n')
  expect(code).toBe(0)
  expect(stderr.match(/that data was given out could not be recorded/g)?.length).toBe(1)
})
