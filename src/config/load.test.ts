import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { inFolder } from '../../test/support/folder.ts'
import { loadConfig, parseConfig } from './load.ts'

test('an empty file is the defaults', () => {
  for (const text of ['', '# nothing yet\n', '{}']) {
    expect(parseConfig(text, 'c.yaml')).toMatchObject({
      store: 'throughline-store',
      trustedProxies: [],
      engine: { memoryMiB: 640 },
    })
  }
})

test('what a file says goes before the defaults, key by key', () => {
  const config = parseConfig('fields:\n  app:\n    correlation: [x-my-id]\nengine: { threads: 3 }', 'c.yaml')
  expect(config.fields.app.correlation).toEqual(['x-my-id'])
  expect(config.fields.gateway.correlation).toContain('traceparent')
  expect(config.engine).toEqual({ threads: 3, memoryMiB: 640 })
})

test('every problem of a file is told, each with its key', () => {
  const parse = () => parseConfig('stor: x\nengine: { threads: 0 }', 'c.yaml')
  expect(parse).toThrow('config c.yaml: stor: unknown key; did you mean store?')
  expect(parse).toThrow('config c.yaml: engine.threads: got 0; ')
})

test.each([
  { text: 'hosts: [{ path: "*", hots: web }]', words: 'hosts.0.hots: unknown key; did you mean host?' },
  { text: 'zzzzzzzz: 1', words: 'zzzzzzzz: unknown key (known here: ' },
  {
    text: 'trustedProxies: ["10.0.0.0/99"]',
    words: 'trustedProxies.0: got "10.0.0.0/99"; expected an IP address',
  },
])('$text is refused: $words', ({ text, words }) => {
  expect(() => parseConfig(text, 'c.yaml')).toThrow(words)
})

test('a file that is named is read; one that does not exist is an error that says so', async () => {
  await inFolder(folder => {
    const path = join(folder, 'mine.yaml')
    expect(() => loadConfig(path)).toThrow(
      /mine\.yaml: no such file; name an existing YAML file with --config/,
    )
    writeFileSync(path, 'store: elsewhere\n')
    expect(loadConfig(path)).toMatchObject({ file: path, config: { store: 'elsewhere' } })
  })
})
