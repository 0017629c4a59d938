import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { DAY_US, dayText } from '../../src/model/time.ts'
import { writeFiles } from '../support/folder.ts'
import { type Ended, throughline } from '../support/program.ts'
import { type Call, logFiles } from '../support/traffic.ts'
import { ELASTICSEARCH_VERSIONS } from './support/elasticsearch-program.ts'
import { sharedElasticsearch } from './support/elasticsearch-shared.ts'
import { needs } from './support/tools.ts'

const call = (n: number): Call => ({
  atMs: n * 1000, takenMs: 500, host: 'web01', method: 'GET', path: `/a/${n}`, id: `id-${n}-0123456789`, form: 'plain', status: 200,
  recorded: 'both', hasTwin: false,
}) // biome-ignore format: one call

needs('java', 'mvn')('the commands, on a server', () => {
  describe.each(ELASTICSEARCH_VERSIONS)('%s', version => {
    let endpoint = ''
    let cwd = ''
    let prefix = ''
    let nth = 0
    beforeAll(async () => {
      endpoint = await sharedElasticsearch(version)
    })
    beforeEach(() => {
      cwd = mkdtempSync(join(tmpdir(), 'tl-elastic-'))
      prefix = `cmd${process.pid}-${nth++}`
      writeFiles(join(cwd, 'logs'), logFiles(Array.from({ length: 30 }, (_, n) => call(n))))
    })
    afterEach(() => rmSync(cwd, { recursive: true, force: true }))

    const elastic = (...args: readonly string[]): Promise<Ended> =>
      throughline(['elastic', ...args, '--url', endpoint, '--prefix', prefix], { cwd })
    const indices = async (): Promise<string[]> => {
      const rows = (await (await fetch(`${endpoint}/_cat/indices/${prefix}-*?format=json`)).json()) as { index: string }[]
      return rows.map(row => row.index).sort()
    }

    test('from setup to uninstall', async () => {
      expect((await throughline(['ingest', 'logs'], { cwd })).code).toBe(0)
      const dry = await elastic('setup', '--dry-run')
      expect([dry.code, await indices()]).toEqual([0, []])
      expect(dry.stdout).toContain(`/_index_template/${prefix}-requests`)

      for (const args of [['setup'], ['publish'], ['status'], ['verify']]) {
        const { code, stderr } = await elastic(...args)
        expect([args, code, stderr]).toEqual([args, 0, expect.not.stringMatching(/bug/)])
      }
      const deep = await elastic('verify', '--deep')
      expect([deep.code, deep.stdout]).toEqual([0, expect.stringContaining('proved')])
      expect((await elastic('verify')).stdout).not.toContain('proved')
      const published = await indices()
      expect(published.some(name => name.startsWith(`${prefix}-requests-2026.`))).toBe(true)

      // Prune deletes days before, and nothing else.
      expect((await elastic('prune', '--before', '2026-01-01')).code).toBe(0)
      expect(await indices()).toEqual(published)
      expect((await elastic('prune', '--before', '2026-12-31', '--dry-run')).code).toBe(0)
      expect(await indices()).toEqual(published)
      expect((await elastic('prune', '--before', '2026-12-31')).code).toBe(0)
      expect(await indices()).toEqual(published.filter(name => !name.startsWith(`${prefix}-requests-`)))

      expect((await elastic('uninstall')).code).toBe(0)
      expect((await elastic('uninstall', '--data')).code).toBe(0)
      expect(await indices()).toEqual([])
      const gone = await fetch(`${endpoint}/_index_template/${prefix}-requests`)
      expect(gone.status).toBe(404)
    })

    test('a document that somebody changed is named, and makes it end with 1', async () => {
      await throughline(['ingest', 'logs'], { cwd })
      await elastic('setup')
      await elastic('publish')
      const [index = ''] = (await indices()).filter(name => name.startsWith(`${prefix}-requests-2026.`))
      const found = (await (await fetch(`${endpoint}/${index}/_search?size=1`)).json()) as { hits: { hits: { _id: string; _source: object }[] } }
      const [hit] = found.hits.hits
      await fetch(`${endpoint}/${index}/_doc/${hit?._id}?refresh=true&version=8000000000000000&version_type=external`, {
        method: 'PUT',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({ ...hit?._source, 'user.name': 'somebody else' }),
      })
      const { code, stdout } = await elastic('verify', '--deep')
      expect([code, stdout]).toEqual([1, expect.stringContaining(String(hit?._id))])
      expect(stdout).not.toContain('proved')
    })

    test('a day that a wrong clock puts into the future is published, and a warning', async () => {
      const day = dayText(Math.floor((Date.now() * 1000) / DAY_US) + 30)
      writeFiles(join(cwd, 'logs'), {
        'future.log': `#Fields: date time s-computername cs-method cs-uri-stem sc-status time-taken\r\n${day} 12:00:00 web01 GET /late 200 5\r\n`,
      })
      await throughline(['ingest', 'logs'], { cwd })
      await elastic('setup')
      const { code, stderr } = await elastic('publish')
      expect([code, stderr]).toEqual([0, expect.stringContaining(day)])
      expect(await indices()).toContain(`${prefix}-requests-${day.replaceAll('-', '.')}`)
    })
  })
}) // biome-ignore format: long calls
