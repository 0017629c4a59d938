import { spawnSync } from 'node:child_process'
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { hostname } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { inFolder } from '../../test/support/folder.ts'
import { acquireLock } from './lock.ts'

test('a lock names its holder, keeps others out and goes when released', async () => {
  await inFolder(root => {
    const release = acquireLock(root)
    expect(JSON.parse(readFileSync(join(root, 'writer.lock'), 'utf8'))).toEqual({
      pid: process.pid,
      host: hostname(),
    })
    expect(() => acquireLock(root)).toThrow(expect.objectContaining({ code: 'STORE_BUSY' }))
    release()
    expect(readdirSync(root)).toEqual([])
    acquireLock(root)()
  })
})

test.each<{ name: string; lock: () => string; isTaken: boolean }>([
  { name: 'whose process has ended', lock: () => holder(spawnSync('true').pid), isTaken: true },
  { name: 'that cannot be read', lock: () => '{"pid":', isTaken: true },
  { name: 'of a process that lives', lock: () => holder(process.ppid), isTaken: false },
  { name: 'of another host, which cannot be asked', lock: () => holder(1, 'elsewhere'), isTaken: false },
])('a lock $name is taken over: $isTaken', async ({ lock, isTaken }) => {
  await inFolder(root => {
    writeFileSync(join(root, 'writer.lock'), lock())
    if (isTaken) acquireLock(root)()
    else
      expect(() => acquireLock(root)).toThrow(
        /is writing to it; wait until it ends, or remove .*writer\.lock/,
      )
    expect(existsSync(join(root, 'writer.lock'))).toBe(!isTaken)
  })
})

function holder(pid: number, host = hostname()): string {
  return JSON.stringify({ pid, host })
}
