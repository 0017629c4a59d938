import { spawnSync } from 'node:child_process'
import { chmodSync, existsSync, mkdirSync, readdirSync, utimesSync, writeFileSync } from 'node:fs'
import { hostname } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { inFolder } from '../../test/support/folder.ts'
import { oldestPin, pinState } from './pins.ts'

const HOUR_MS = 3_600_000

test('readers are known by the entry they are at, until they let go', async () => {
  await inFolder(root => {
    expect(oldestPin(root, 0)).toBe(undefined)
    const [one, two] = [pinState(root, 7), pinState(root, 5)]
    expect(oldestPin(root, 0)).toBe(5)
    two.move(9)
    expect(oldestPin(root, 0)).toBe(7)
    one.release()
    expect(oldestPin(root, 0)).toBe(9)
    two.release()
    expect(oldestPin(root, 0)).toBe(undefined)
  })
})

const pin = (pid: number | undefined, host: string) => JSON.stringify({ pid, host, head: 3 })

test.each<{ name: string; text: () => string; ageMs: number; isKept: boolean }>([
  { name: 'of a process that has ended', text: () => pin(spawnSync('true').pid, hostname()), ageMs: 0, isKept: false },
  { name: 'of a process that runs', text: () => pin(process.ppid, hostname()), ageMs: 90 * HOUR_MS, isKept: true },
  { name: 'of another host, a day old', text: () => pin(1, 'elsewhere'), ageMs: 24 * HOUR_MS, isKept: false },
  { name: 'of another host, younger', text: () => pin(1, 'elsewhere'), ageMs: 23 * HOUR_MS, isKept: true },
  { name: 'that cannot be read', text: () => '{"pid":', ageMs: 0, isKept: false },
])('a note $name is kept: $isKept', async ({ text, ageMs, isKept }) => {
  await inFolder(root => {
    const path = join(root, 'readers', 'x.json')
    const nowMs = Date.UTC(2026, 6, 10)
    mkdirSync(join(root, 'readers'))
    writeFileSync(path, text())
    utimesSync(path, (nowMs - ageMs) / 1000, (nowMs - ageMs) / 1000)
    expect(oldestPin(root, nowMs)).toBe(isKept ? 3 : undefined)
    expect(existsSync(path)).toBe(isKept)
  })
}) // biome-ignore format: a table

test('a store that cannot be written to can be read: there is no note', async () => {
  await inFolder(root => {
    if (process.getuid?.() === 0) writeFileSync(join(root, 'readers'), 'no folder')
    else chmodSync(root, 0o500)
    const reader = pinState(root, 1)
    reader.move(2)
    reader.release()
    chmodSync(root, 0o700)
    expect(readdirSync(root).filter(name => name !== 'readers')).toEqual([])
  })
})
