import { hash } from 'node:crypto'
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'
import { KNOWN, STAMPS } from '../../src/formats/apigee-export/columns.ts'
import { checkGenerated } from '../support/generate.ts'

const root = fileURLToPath(new URL('../..', import.meta.url))
const read = (path: string): string => readFileSync(join(root, path), 'utf8')

/** Pages for people, by path from the root. */
const PAGES = [
  'README.md',
  'CHANGELOG.md',
  'dashboards/README.md',
  ...readdirSync(join(root, 'docs'), { recursive: true, encoding: 'utf8' })
    .filter(name => name.endsWith('.md'))
    .map(name => `docs/${name}`),
]

test('reference pages and schemas say what the program says', () => {
  const { status, stderr } = checkGenerated('--reference')
  expect(stderr).toBe('')
  expect(status).toBe(0)
})

test('pictures of dashboards show what the dashboards ask', () => {
  const { status, stderr } = checkGenerated('--pictures')
  expect(stderr).toBe('')
  expect(status).toBe(0)
})

test('the README stays under 200 lines', () => {
  expect(read('README.md').split('\n').length).toBeLessThan(200)
})

test.each(PAGES)('links of %s lead somewhere', page => {
  const text = read(page).replace(/^```[\s\S]*?^```/gm, '')
  const broken = [...text.matchAll(/\]\((?!https?:)([^)#]*)(?:#([^)]*))?\)/g)].filter(
    ([, path = '', anchor]) => {
      const target = path === '' ? page : join(dirname(page), path)
      if (!existsSync(join(root, target))) return true
      return anchor !== undefined && !anchorsOf(read(target)).includes(anchor)
    },
  )
  expect(broken.map(([link]) => link)).toEqual([])
})

/** As GitHub makes them: lower case, without punctuation, spaces as dashes. */
function anchorsOf(page: string): string[] {
  return [...page.matchAll(/^#+ (.*)$/gm)].map(([, title = '']) =>
    title
      .toLowerCase()
      .replace(/[^\p{L}\p{N} _-]/gu, '')
      .replaceAll(' ', '-'),
  )
}

test('every column of an export that has a place of its own is in docs/formats.md', () => {
  const page = read('docs/formats.md')
  const ends = [STAMPS[0], STAMPS.at(-1)]
  expect([...KNOWN, ...ends].filter(name => !page.includes(`\`${name}`))).toEqual([])
})

test('the example of an id in docs/formats.md is right', () => {
  const example = /<!-- example: app hop id -->\s+```text\n(.*)\n\n([0-9a-f]{32})\n```/.exec(
    read('docs/formats.md'),
  )
  expect(hash('sha256', (example?.[1] ?? '').replaceAll('⏎', '\n'), 'hex').slice(0, 32)).toBe(example?.[2])
})

interface Override {
  readonly includes: readonly string[]
  readonly linter: {
    readonly rules: {
      readonly style: {
        readonly noRestrictedImports: {
          readonly options: { readonly patterns: readonly { readonly group: readonly string[] }[] }
        }
      }
    }
  }
}

/** The rooms of docs/architecture.md, from the top, those side by side in one list. */
function levels(): string[][] {
  const block =
    /Imports point down only:\n\n```text\n([\s\S]*?)```/.exec(read('docs/architecture.md'))?.[1] ?? ''
  return block
    .trim()
    .split('\n')
    .map(line => line.replace(/\s*\(.*$/, '').split(', '))
}

test('the linter forbids what docs/architecture.md forbids', () => {
  const { overrides } = JSON.parse(read('biome.json')) as { overrides: Override[] }
  const rules = new Map(
    overrides.map(({ includes, linter }) => [
      includes[0]?.split('/')[1],
      linter.rules.style.noRestrictedImports.options.patterns.flatMap(p => p.group).sort(),
    ]),
  )
  const order = levels()
  expect(order.flat()).toContain('model')
  for (const [level, rooms] of order.entries()) {
    const above = order.slice(0, level).flat()
    for (const room of rooms) {
      const forbidden = [...above, ...rooms.filter(other => other !== room)]
        .map(name => `**/${name}/**`)
        .sort()
      expect([room, rules.get(room) ?? []]).toEqual([room, forbidden])
    }
  }
})
