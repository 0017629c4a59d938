import { spawnSync } from 'node:child_process'
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { hostname } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { inFolder } from '../../test/support/folder.ts'
import { acquireLock } from './lock.ts'

test('a lock names its holder, keeps others out and goes when released', async () => {
  await inFolder(root => {
    const lock = acquireLock(root)
    expect(JSON.parse(readFileSync(join(root, 'writer.lock'), 'utf8'))).toMatchObject({
      pid: process.pid,
      host: hostname(),
    })
    expect(() => acquireLock(root)).toThrow(expect.objectContaining({ code: 'STORE_BUSY' }))
    lock.release()
    expect(readdirSync(root)).toEqual([])
    acquireLock(root).release()
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
    if (isTaken) acquireLock(root).release()
    else
      expect(() => acquireLock(root)).toThrow(
        /is writing to it; wait until it ends, or remove .*writer\.lock/,
      )
    expect(existsSync(join(root, 'writer.lock'))).toBe(!isTaken)
  })
})

test('a lock whose process number another process has by now is taken over', async () => {
  await inFolder(root => {
    writeFileSync(
      join(root, 'writer.lock'),
      JSON.stringify({ pid: process.ppid, host: hostname(), started: 'x.1' }),
    )
    expect(acquireLock(root).isTakenOver).toBe(true)
  })
})

test('releasing leaves the lock of another process that has taken its place', async () => {
  await inFolder(root => {
    const lock = acquireLock(root)
    writeFileSync(join(root, 'writer.lock'), holder(process.ppid))
    lock.release()
    expect(readFileSync(join(root, 'writer.lock'), 'utf8')).toBe(holder(process.ppid))
  })
})

function holder(pid: number | undefined, host = hostname()): string {
  return JSON.stringify({ pid, host })
}
