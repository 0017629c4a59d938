import { spawnSync } from 'node:child_process'
import { hash } from 'node:crypto'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'
import { inFolder } from '../support/folder.ts'

const root = fileURLToPath(new URL('../..', import.meta.url))

type Row = Readonly<Record<string, unknown>>

/** The record hash, written from docs/formats.md alone. */
function recordHash(row: Row): string {
  const values = [
    row.request_id, row.state, micros(row.start_ts), micros(row.end_ts), row.method, row.path, row.query, row.status,
    row.gateway_status, row.target_status, row.app_status, row.app_substatus, row.subject_kind, row.subject_issuer,
    row.subject, row.app_subject, row.client_id, row.outcome, row.decided_by, row.gateway_hop_id,
    (row.app_hop_ids as string[]).join(','),
  ] // biome-ignore format: a table
  return hash('sha256', values.map(value => String(value ?? '\\N')).join('\x1f'), 'hex')
}

function micros(time: unknown): number {
  const [, second = '', fraction = ''] = /^(.*?)(?:\.(\d+))?Z$/.exec(String(time)) ?? []
  return Date.parse(`${second}Z`) * 1000 + Number(fraction.padEnd(6, '0'))
}

test('the population hash can be computed from docs/formats.md and the requests', () =>
  inFolder(folder => {
    const throughline = (...args: string[]): string => {
      const { status, stdout, stderr } = spawnSync(
        process.execPath,
        [join(root, 'dist/cli/main.js'), ...args],
        {
          cwd: folder,
          encoding: 'utf8',
          maxBuffer: 64 * 1024 * 1024,
          env: { ...process.env, THROUGHLINE_KEY_FILE: join(folder, 'token.key') },
        },
      )
      expect([status, status === 0 ? '' : stderr]).toEqual([0, ''])
      return stdout
    }
    throughline('simulate', 'traffic', '--hours', '0.25')
    throughline('ingest', 'traffic/apigee', 'traffic/iis', '--store', 'store')
    const rows = throughline('query', '--format', 'ndjson', '--store', 'store')
      .trim()
      .split('\n')
      .map(line => JSON.parse(line) as Row)
      .sort((a, b) => (String(a.request_id) < String(b.request_id) ? -1 : 1))
    const population = hash('sha256', rows.map(row => `${recordHash(row)}\n`).join(''), 'hex')
    expect(rows.length).toBeGreaterThan(500)
    expect(throughline('query', '--hash', '--store', 'store').trim()).toBe(`${rows.length} ${population}`)
  }))
