import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { inFolder } from '../../test/support/folder.ts'
import { createExclusively, publish, writeDurably } from './durable.ts'

test('a file is written whole, in folders that need not exist', async () => {
  await inFolder(folder => {
    const path = join(folder, 'a/b/c')
    writeDurably(path, 'long text')
    writeDurably(path, Buffer.from([0, 255]))
    expect([...readFileSync(path)]).toEqual([0, 255])
  })
})

test('publishing moves a file to its name', async () => {
  await inFolder(folder => {
    writeFileSync(join(folder, 'temporary'), 'x')
    expect(publish(join(folder, 'temporary'), join(folder, 'final/name'))).toBe(true)
    expect(readFileSync(join(folder, 'final/name'), 'utf8')).toBe('x')
    expect(existsSync(join(folder, 'temporary'))).toBe(false)
  })
})

test('publishing never changes a file that has the name', async () => {
  await inFolder(folder => {
    writeFileSync(join(folder, 'temporary'), 'x')
    writeFileSync(join(folder, 'name'), 'of another writer')
    expect(publish(join(folder, 'temporary'), join(folder, 'name'))).toBe(false)
    expect(readFileSync(join(folder, 'name'), 'utf8')).toBe('of another writer')
    expect(readFileSync(join(folder, 'temporary'), 'utf8')).toBe('x')
  })
})

test('a file is created exclusively: never over another one, and without leftovers', async () => {
  await inFolder(folder => {
    const path = join(folder, 'entries/1')
    const temporary = join(folder, 'entries/.tmp')
    expect(createExclusively(path, 'first', temporary)).toBe(true)
    expect(createExclusively(path, 'second', temporary)).toBe(false)
    expect(readFileSync(path, 'utf8')).toBe('first')
    expect(readdirSync(join(folder, 'entries'))).toEqual(['1'])
  })
})
