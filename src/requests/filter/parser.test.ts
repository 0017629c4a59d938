import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'

test('the generated parser is up to date: run node scripts/parser.mjs', async () => {
  const script: { parserFiles: () => Promise<Record<string, string>> } = await import(
    new URL('../../../scripts/parser.mjs', import.meta.url).href
  )
  const files = await script.parserFiles()
  expect(Object.keys(files)).toEqual(['parser.generated.js', 'parser.generated.d.ts'])
  for (const [name, content] of Object.entries(files)) {
    expect(readFileSync(new URL(name, import.meta.url), 'utf8')).toBe(content)
  }
})
