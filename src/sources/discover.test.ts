import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { discoverInputs } from './discover.ts'

const root = mkdtempSync(join(tmpdir(), 'throughline-discover-'))
const store = join(root, 'logs/store')

beforeAll(() => {
  for (const path of ['logs/b.log', 'logs/a.log', 'logs/web01/u_ex.log', 'logs/.hidden.log', 'logs/.git/config', 'logs/store/facts.parquet', 'logs/a[1].log', 'logs/storehouse.log']) {
    mkdirSync(dirname(join(root, path)), { recursive: true })
    writeFileSync(join(root, path), 'x')
  }
  mkdirSync(join(root, 'empty'))
  mkdirSync(join(root, 'only-dots'))
  writeFileSync(join(root, 'only-dots/.x'), 'x')
  symlinkSync(join(root, 'nowhere'), join(root, 'dangling'))
}) // biome-ignore format: a table
afterAll(() => rmSync(root, { recursive: true, force: true }))

async function found(...arguments_: string[]): Promise<string[]> {
  const inputs = await discoverInputs(
    arguments_.map(a => (a === '-' ? a : join(root, a))),
    store,
  )
  return inputs.map(input => `${input.path.replace(`${root}/`, '')}${input.named ? ' (named)' : ''}`)
}

describe('what a name stands for', () => {
  test.each([
    { name: 'a file', arguments_: ['logs/a.log'], want: ['logs/a.log (named)'] },
    { name: 'standard input', arguments_: ['-'], want: ['- (named)'] },
    { name: 'a folder: all files below it, without dotfiles and the store', arguments_: ['logs'], want: ['logs/a.log', 'logs/a[1].log', 'logs/b.log', 'logs/storehouse.log', 'logs/web01/u_ex.log'] },
    { name: 'a folder with a slash', arguments_: ['logs/web01/'], want: ['logs/web01/u_ex.log'] },
    { name: 'a pattern', arguments_: ['logs/*.log'], want: ['logs/a.log', 'logs/a[1].log', 'logs/b.log', 'logs/storehouse.log'] },
    { name: 'a pattern over folders', arguments_: ['logs/**/u_*.log'], want: ['logs/web01/u_ex.log'] },
    { name: 'a file whose name looks like a pattern', arguments_: ['logs/a[1].log'], want: ['logs/a[1].log (named)'] },
    { name: 'a dotfile, when named', arguments_: ['logs/.hidden.log'], want: ['logs/.hidden.log (named)'] },
    { name: 'the same twice is one, in the order of paths', arguments_: ['logs/b.log', 'logs/a.log', 'logs/./b.log'], want: ['logs/a.log (named)', 'logs/b.log (named)'] },
    { name: 'a name counts more than a folder that holds it', arguments_: ['logs/web01/u_ex.log', 'logs/web01'], want: ['logs/web01/u_ex.log (named)'] },
  ])('$name', async ({ arguments_, want }) => expect(await found(...arguments_)).toEqual(want)) // biome-ignore format: a table
})

describe('what is not there is said', () => {
  test.each([
    { name: 'no such file', argument: 'logs/none.log', want: /no such file or folder/ },
    { name: 'a link that leads nowhere', argument: 'dangling', want: /no such file or folder/ },
    { name: 'an empty folder', argument: 'empty', want: /holds no files/ },
    { name: 'a folder of dotfiles', argument: 'only-dots', want: /holds no files/ },
    { name: 'a pattern that matches nothing', argument: 'logs/*.gz', want: /holds no files/ },
  ])('$name', async ({ argument, want }) => {
    await expect(found(argument)).rejects.toMatchObject({ code: 'SOURCE_NOT_FOUND', message: expect.stringMatching(want) })
  }) // biome-ignore format: a table
})
