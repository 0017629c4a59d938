import { describe, expect, test } from 'vitest'
import { LINE_COLUMNS, logRecordOf } from './log-record.ts'
import { legsOf, line, record } from './requests.fixture.ts'
import { spansOf } from './spans.ts'

async function logOf(changes: Parameters<typeof line>[0], path?: string) {
  const [legs] = await legsOf([record()], [line(changes)])
  const span = legs && spansOf(legs).find(s => s.layer === 'app')
  const [hop] = legs?.apps ?? []
  if (!hop || !span) throw new Error('no app hop')
  return { log: logRecordOf(hop, span, path), span, hop }
}

test('the line, a value a column, `-` where there is none', async () => {
  const { log } = await logOf({ user: 'CORP\\ann', took: '12' })
  expect(log.body).toBe(
    '2026-07-01 12:00:00 w3svc2 web01 10.0.0.1 GET /a - 8443 CORP\\ann 10.9.9.9 HTTP/1.1 agent/1.0 - - 200 0 0 - - 12',
  )
  expect(log.body.split(' ')).toHaveLength(LINE_COLUMNS.length)
})

test('it carries the ids of its span, the logged time, and where it stands', async () => {
  const { log, span, hop } = await logOf({}, 'logs/u_ex.log')
  expect(log).toMatchObject({
    traceId: span.traceId,
    spanId: span.spanId,
    atUs: hop.end_us,
    resource: span.resource,
  })
  expect(log.attributes).toMatchObject({ 'log.file.path': 'logs/u_ex.log', 'throughline.source.line': 2 })
  expect(log.attributes['throughline.source.offset']).toBeGreaterThan(0)
})

describe('severity', () => {
  test.each([
    { status: '200', want: [9, 'INFO'] },
    { status: '399', want: [9, 'INFO'] },
    { status: '400', want: [13, 'WARN'] },
    { status: '499', want: [13, 'WARN'] },
    { status: '500', want: [17, 'ERROR'] },
  ])('$status is $want', async ({ status, want }) => {
    expect((await logOf({ status: `${status} 0 0` })).log.severity).toEqual(want)
  })
})
