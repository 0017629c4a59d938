import { expect, test } from 'vitest'
import { inFolder, writeFiles } from '../support/folder.ts'
import { throughline } from '../support/program.ts'

test.each([
  { name: 'no server is named', args: ['elastic', 'status'], text: 'no server is named' },
  { name: 'an address is none', args: ['elastic', 'setup', '--url', 'es'], text: 'es is no address' },
  { name: 'a prefix is none', args: ['elastic', 'setup', '--url', 'http://es', '--prefix', 'A B'], text: 'prefix' },
  { name: 'certificates are missing', args: ['elastic', 'status', '--url', 'http://es', '--ca', 'no.pem'], text: 'no.pem: cannot be read' },
])('wrong usage where $name', ({ args, text }) =>
  inFolder(async cwd => {
    const { code, stderr } = await throughline(args, { cwd })
    expect([code, stderr]).toEqual([2, expect.stringContaining(text)])
  })) // biome-ignore format: a table

test('nobody at the address is said, with what to do', () =>
  inFolder(async cwd => {
    writeFiles(cwd, { 'throughline.yaml': 'elastic: { url: "http://127.0.0.1:1", deployment: x }\n' })
    const { code, stderr } = await throughline(['elastic', 'setup'], { cwd })
    expect([code, stderr]).toEqual([3, expect.stringContaining('no answer')])
  }))
