// A file system that is really full: a tmpfs of every size from almost nothing to almost enough.
import { spawnSync } from 'node:child_process'
import { cpSync, mkdirSync, readdirSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { look } from './look.mjs'

const mount = (...args) => spawnSync('mount', args).status === 0

/** @returns how many disks were filled; says so loudly where none may be mounted */
export async function fullDisk(place, fail, note) {
  const disk = place.path('disk')
  mkdirSync(disk)
  let filled = 0
  for (const step of place.steps.slice(0, 4)) {
    const needed = sizeOf(step.from) + 16 * 1024
    for (const more of [0.02, 0.1, 0.25, 0.5, 0.75, 1]) {
      const size = Math.ceil(needed + more * 200 * 1024)
      if (!mount('-t', 'tmpfs', '-o', `size=${size}`, 'tmpfs', disk)) {
        note('SKIPPED: no tmpfs can be mounted here (root is needed), so no disk was really full')
        return 0
      }
      try {
        const found = await onDisk(place, step, join(disk, 'store'), disk)
        if (found === 'fitted') continue
        filled++
        if (found) fail(`${step.name}, disk of ${size} bytes: ${found}`)
      } finally {
        spawnSync('umount', [disk])
      }
    }
  }
  return filled
}

async function onDisk(place, step, store, disk) {
  if (sizeOf(step.from) > 0) cpSync(step.from, store, { recursive: true })
  const { code, stderr } = await place.run(step.args, store)
  if (code === 0) return 'fitted'
  if (code !== 3) return `exit code ${code}: ${stderr.slice(0, 300)}`
  if (!/store \S+: .*(?:no space left|No space left).*; free some space/s.test(stderr))
    return `it said: ${stderr.slice(0, 400)}`
  if (step.before) {
    const now = await look(store)
    if (now.head === step.before.head && now.same !== step.before.same) return 'other content than before'
    if (now.problems.length > 0) return now.problems.join('; ')
  }
  mount('-o', 'remount,size=64m', disk)
  return place.heal(step, store)
}

function sizeOf(folder) {
  try {
    const files = readdirSync(folder, { recursive: true }).map(name => statSync(join(folder, name)))
    return files.reduce((sum, file) => sum + Math.ceil(file.size / 4096) * 4096 + 4096, 0)
  } catch {
    return 0
  }
}
