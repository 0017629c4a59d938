import { join } from 'node:path'
import { expect, test } from 'vitest'
import { inFolder, writeFiles } from '../../test/support/folder.ts'
import { KERNEL, LOGS } from '../../test/support/refused.ts'
import { ingestInto, withStore } from '../../test/support/store.ts'
import { findById } from '../requests/lookup.ts'
import { KERNEL_COLUMNS, logRecordOf } from './log-record.ts'
import { legsOfFound } from './read-legs.ts'
import { spansOf } from './spans.ts'

/** The spans of the calls with these message ids, and the log record of each row of HTTPERR. */
const traced = (ids: readonly string[]) =>
  inFolder(folder =>
    withStore(join(folder, 'store'), async store => {
      await ingestInto(store, writeFiles(join(folder, 'logs'), LOGS))
      const all = []
      for (const id of ids) {
        const [legs] = (await legsOfFound(store, await findById(store, id))).values()
        if (!legs) throw new Error(`no request ${id}`)
        const spans = spansOf(legs)
        const span = spans.find(s => s.layer === 'kernel')
        const [hop] = legs.apps
        if (!span || !hop) throw new Error(`no kernel span of ${id}`)
        all.push({ spans, span, log: logRecordOf(hop, span, undefined) })
      }
      return all
    }),
  )

test('what HTTP.sys refused or dropped is a span of its own under the call, with the reason as error.type', async () => {
  const [refused, dropped] = await traced(['rrt-4', 'rrt-6'])
  const [, call] = refused?.spans ?? []
  expect(refused?.span).toMatchObject({
    name: 'http.sys w3svc1', kind: 'server', parentId: call?.spanId, status: 503, isError: true, endUs: call?.endUs,
    attributes: { 'error.type': 'QueueFull', 'throughline.kernel.reason': 'QueueFull', 'throughline.kernel.queue': 'pool', 'throughline.link.method': 'time', 'throughline.iis.time_taken_logged': false, 'http.response.status_code': 503, 'url.path': '/4' },
  })
  expect(dropped?.span).toMatchObject({
    status: undefined, isError: true, attributes: { 'error.type': 'Connection_Dropped', 'network.peer.port': 56 },
  })
  for (const { span } of [refused, dropped].flatMap(t => t ?? [])) expect(span.endUs).toBe(span.startUs)
  expect(dropped?.span.attributes).not.toHaveProperty(['http.response.status_code'])
}) // biome-ignore format: long objects

test('its log record is the row of HTTPERR, an error where no answer was sent', async () => {
  const [refused, dropped] = await traced(['rrt-4', 'rrt-6'])
  expect([refused?.log.body, dropped?.log.body]).toEqual([
    KERNEL.find(row => row.includes('GET /4?')),
    KERNEL.find(row => row.includes('GET /6?')),
  ])
  expect(refused?.log.body.split(' ')).toHaveLength(KERNEL_COLUMNS.length)
  expect([refused?.log.severity, dropped?.log.severity]).toEqual([[17, 'ERROR'], [17, 'ERROR']])
}) // biome-ignore format: long lines
