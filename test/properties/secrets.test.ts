import { mkdirSync, readdirSync, readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import fc from 'fast-check'
import { expect, test, vi } from 'vitest'
import type { Store } from '../../src/store/store.ts'
import { inFolder, writeFiles } from '../support/folder.ts'
import { runs } from '../support/runs.ts'
import { ingestInto, withStore } from '../support/store.ts'

/** Any part of a secret this long gives it away; of access tokens the last four characters are kept. */
const TELLING = 8

const LETTERS = [...'abcdefghijkmnopqrstuvwxyzABCDEFGHJKLMNPQRSTUVWXYZ23456789']
const secret = fc.string({ unit: fc.constantFrom(...LETTERS), minLength: 20, maxLength: 32 })

const FIELDS =
  '#Fields: date time s-computername cs-method cs-uri-stem cs-uri-query c-ip cs(User-Agent) cs(Cookie) cs(Referer) sc-status time-taken Authorization X-Correlation-ID'

function iisRow(
  changes: { query?: string; cookie?: string; referer?: string; authorization?: string } = {},
): string {
  const { query = '-', cookie = '-', referer = '-', authorization = '-' } = changes
  return `2026-07-01 22:00:00 web01 GET /a ${query} 10.0.0.1 agent ${cookie} ${referer} 200 15 ${authorization} id-1`
}

function jwt(payload: string): string {
  const header = Buffer.from('{"alg":"HS256","typ":"JWT"}').toString('base64url')
  return `${header}.${Buffer.from(JSON.stringify({ sub: payload })).toString('base64url')}.${payload}`
}

/** Rows that hold a secret where logs hold them, the last ones of kinds that are rejected. */
const PLACES: readonly ((s: string) => string)[] = [
  s => iisRow({ query: `access_token=${s}&page=2` }),
  s => iisRow({ query: `page=2&Password=${s}` }),
  s => iisRow({ query: `redirect=https%3A%2F%2Fx.example%2F%3Fcode%3D${s}` }),
  s => iisRow({ query: `t=${jwt(s)}` }),
  s => iisRow({ cookie: `lang=de;+.ASPXAUTH=${s};+theme=dark` }),
  s => iisRow({ cookie: `ASP.NET_SessionId=${s}` }),
  s => iisRow({ referer: `https://x.example/in?api_key=${s}` }),
  s => iisRow({ referer: `https://user:${s}@x.example/` }),
  s => iisRow({ authorization: `Bearer+${s}` }),
  s => iisRow({ authorization: s }),
  s => iisRow({ query: `token=${s}` }).replace(' 200 15 ', ' '),
  s => iisRow({ query: `token=${s}` }).replace('2026-07-01', '2026-02-30'),
  s => iisRow({ query: `token=${s}` }).replace('GET', 'G\0T'),
  s => `garbage token=${s}`,
  s => `{"access_token":"${s}"`,
]

const record = (changes: Readonly<Record<string, string>>): string =>
  JSON.stringify({
    organization: 'org',
    environment: 'test',
    apiproxy: 'p',
    gateway_flow_id: `flow-${Object.keys(changes).join('-')}`,
    request_verb: 'GET',
    client_received_start_timestamp: '2026-07-01 22:00:00 UTC',
    ...changes,
  })

const RECORDS: readonly ((s: string) => string)[] = [
  s => record({ access_token: s }),
  s => record({ request_uri: `/a?access_token=${s}&x=1` }),
  s => record({ dc_authorization: `Bearer ${s}` }),
  s => record({ dc_note: `Basic ${Buffer.from(`user:${s}`).toString('base64')}` }),
  s => record({ dc_api_key: s }),
  s => record({ dc_body: `{"password":"${s}"}` }),
  s => record({ client_received_start_timestamp: 'never', access_token: s }),
  s => record({ access_token: s }).slice(0, -1),
]

/** Everything that a store's files say, as they are and as Parquet values. */
async function contents(store: Store): Promise<[string, string][]> {
  const names = readdirSync(store.root, { recursive: true, encoding: 'utf8' })
  const files = names.map(name => join(store.root, name)).filter(path => statSync(path).isFile())
  const found: [string, string][] = files.map(path => [path, readFileSync(path, 'latin1')])
  for (const path of files.filter(name => name.endsWith('.parquet')))
    found.push([
      `${path} (values)`,
      JSON.stringify(await store.db.rows(`SELECT * FROM read_parquet('${path}')`)),
    ])
  return found
}

function parts(text: string): string[] {
  return Array.from({ length: text.length - TELLING + 1 }, (_, i) => text.slice(i, i + TELLING))
}

test('no file of a store and no temporary file holds a part of a secret that stood in the logs', async () => {
  const secrets = fc.array(secret, {
    minLength: PLACES.length + RECORDS.length + 1,
    maxLength: PLACES.length + RECORDS.length + 1,
  })
  await fc.assert(
    fc.asyncProperty(secrets, fc.integer({ min: 0, max: 19 }), async (all, cut) => {
      const torn = all.at(-1) ?? ''
      const rows = PLACES.map((place, i) => place(all[i] ?? ''))
      const records = RECORDS.map((place, i) => place(all[PLACES.length + i] ?? ''))
      const last = iisRow({ query: `a=1&token=${torn}` })
      const log = [FIELDS, ...rows, last.slice(0, last.indexOf(torn) + torn.length - cut)].join('\r\n')
      await inFolder(async folder => {
        const temporary = join(folder, 'tmp')
        mkdirSync(temporary)
        vi.stubEnv('TMPDIR', temporary)
        const paths = writeFiles(folder, { 'a.log': log, 'export.json': `${records.join('\n')}\n` })
        await withStore(join(folder, 'store'), async store => {
          const { sources } = await ingestInto(store, paths)
          expect(sources.map(s => s.accounting.decoded)).toEqual([10, 6])
          expect(sources.map(s => s.accounting.rejected)).toEqual([6, 2])
          for (const [path, text] of await contents(store))
            for (const [i, one] of all.entries())
              for (const part of parts(one))
                if (text.includes(part)) expect.fail(`${path} tells secret ${i}: ${part}`)
        })
        expect(readdirSync(temporary)).toEqual([])
      }).finally(() => vi.unstubAllEnvs())
    }),
    { ...runs(8), endOnFailure: true },
  )
})

test('a name that the configuration adds is scrubbed too, and changes no id', async () => {
  await inFolder(async folder => {
    const [path = ''] = writeFiles(folder, {
      'a.log': `${FIELDS}\r\n${iisRow({ query: 'kennwort=Geheimnis123&x=1' })}\r\n`,
    })
    const ids: unknown[] = []
    for (const names of [[], ['kennwort']]) {
      await withStore(join(folder, `store-${names.length}`), async store => {
        await ingestInto(store, [path], { config: { scrub: { names, exempt: [] } } })
        const text = (await contents(store)).map(([, content]) => content).join()
        expect(text.includes('Geheimnis123')).toBe(names.length === 0)
        ids.push(
          await store.db.rows(`SELECT hop_id FROM read_parquet('${store.root}/facts/app/*/*.parquet')`),
        )
      })
    }
    expect(ids[0]).toEqual(ids[1])
  })
})
