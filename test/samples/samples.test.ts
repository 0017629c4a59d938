import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { gunzipSync } from 'node:zlib'
import { describe, expect, test } from 'vitest'
import { readBytes } from '../../src/formats/reading.fixture.ts'
import { detectFormat, HEAD_BYTES, makeHead } from '../../src/formats/registry.ts'

/**
 * Reads every file below a folder of real logs: each is either read with exact accounting or refused by name.
 * THROUGHLINE_SAMPLES names the folder; THROUGHLINE_SAMPLES_TABLE a file for the table of verdicts.
 */
const { THROUGHLINE_SAMPLES: folder, THROUGHLINE_SAMPLES_TABLE: table } = process.env

if (folder === undefined) {
  test.skip('skipped: no THROUGHLINE_SAMPLES, a folder of real logs', () => undefined)
} else {
  const verdicts: string[] = []
  describe(`every file below ${folder} is read with exact accounting or refused`, () => {
    test.each(filesBelow(folder))('%s', path => {
      const raw = readFileSync(join(folder, path))
      const bytes = raw[0] === 0x1f && raw[1] === 0x8b ? gunzipSync(raw) : raw
      const head = makeHead(bytes.subarray(0, HEAD_BYTES), bytes.length <= HEAD_BYTES)
      const format = detectFormat(head)
      if (!('open' in format)) {
        expect(format.name).not.toBe('')
        verdicts.push(`| ${path} | refused: ${format.name} (${format.advice}) | | | | |`)
        return
      }
      const { accounting: a } = readBytes(context => format.open(context), bytes)
      expect(a.lines).toBe(a.decoded + a.directives + a.rejected)
      expect(Object.values(a.rejectedBy).reduce((sum, n) => sum + n, 0)).toBe(a.rejected)
      expect(a.bytes).toBe(bytes.length)
      const reasons = Object.entries(a.rejectedBy).map(([reason, n]) => `${reason} ${n}`)
      verdicts.push(
        `| ${path} | ${format.name} | ${a.lines} | ${a.decoded} | ${a.directives} | ${reasons.join(', ') || '0'} |`,
      )
    })
    test('the verdicts are written down', () => {
      const head = '| file | found | lines | decoded | directives | rejected |\n|---|---|---|---|---|---|\n'
      if (table !== undefined) writeFileSync(table, `${head}${verdicts.join('\n')}\n`)
      expect(verdicts.length).toBeGreaterThan(0)
    })
  })
}

function filesBelow(root: string): string[] {
  return readdirSync(root, { recursive: true, withFileTypes: true })
    .filter(entry => entry.isFile())
    .map(entry => join(entry.parentPath, entry.name).slice(root.length).replace(/^\/+/, ''))
    .sort()
}
