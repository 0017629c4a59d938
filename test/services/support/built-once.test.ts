import { existsSync, mkdirSync, readdirSync, readFileSync, utimesSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { expect, test } from 'vitest'
import { inFolder } from '../../support/folder.ts'
import { builtOnce } from './built-once.ts'

const PACE = { beatMs: 20, deadMs: 60_000 }

function building(text: string, builds: string[] = []) {
  return async (temporary: string) => {
    builds.push(text)
    await sleep(100)
    writeFileSync(join(temporary, 'made'), text)
    return join(temporary, 'made')
  }
}

test('of several who want it at once one builds, and all have it', () =>
  inFolder(async folder => {
    const target = join(folder, 'cache', 'tool')
    const builds: string[] = []
    await Promise.all(['a', 'b', 'c'].map(name => builtOnce(target, building(name, builds), PACE)))
    expect(builds).toHaveLength(1)
    expect(readFileSync(target, 'utf8')).toBe(builds[0])
    expect(readdirSync(join(folder, 'cache'))).toEqual(['tool'])
  }))

test('what is there is not built again', () =>
  inFolder(async folder => {
    const target = join(folder, 'tool')
    writeFileSync(target, 'there')
    const builds: string[] = []
    await builtOnce(target, building('new', builds), PACE)
    expect([builds, readFileSync(target, 'utf8')]).toEqual([[], 'there'])
  }))

test('a build that fails leaves nothing, and the next one may try', () =>
  inFolder(async folder => {
    const target = join(folder, 'tool')
    const failing = async (temporary: string) => {
      writeFileSync(join(temporary, 'half'), '')
      throw new Error('no compiler')
    }
    await expect(builtOnce(target, failing, PACE)).rejects.toThrow('no compiler')
    expect(readdirSync(folder)).toEqual([])
    await builtOnce(target, building('second'), PACE)
    expect(readFileSync(target, 'utf8')).toBe('second')
  }))

test('a builder that was killed is known by its silence, and what it left is removed', () =>
  inFolder(async folder => {
    const target = join(folder, 'tool')
    mkdirSync(`${target}.tmp-abc`)
    writeFileSync(`${target}.lock`, '1\n')
    utimesSync(`${target}.lock`, 1, 1)
    await builtOnce(target, building('after'), PACE)
    expect([readFileSync(target, 'utf8'), readdirSync(folder)]).toEqual(['after', ['tool']])
  }))

test('a builder that says it is alive is waited for', () =>
  inFolder(async folder => {
    const target = join(folder, 'tool')
    writeFileSync(`${target}.lock`, '1\n')
    const builds: string[] = []
    const waiting = builtOnce(target, building('mine', builds), PACE)
    await sleep(200)
    expect([builds, existsSync(target)]).toEqual([[], false])
    writeFileSync(target, 'theirs')
    await waiting
    expect([builds, readFileSync(target, 'utf8')]).toEqual([[], 'theirs'])
  }))
