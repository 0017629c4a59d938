import { createHash } from 'node:crypto'
import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { writeFiles } from '../../../test/support/folder.ts'
import { ingestInto, NOON } from '../../../test/support/store.ts'
import { redactor } from '../../model/redact.ts'
import { ALWAYS } from '../../store/facts.ts'
import type { Store } from '../../store/store.ts'
import { line, NOT_CALLED, record, withLogs } from '../requests.fixture.ts'
import { type ExportedOnce, exportLive, exportOnce, SETTLE_MS } from './export.ts'
import { DayExport, type ExportOptions, type Outlets } from './export-day.ts'
import type { Wanted } from './plan-day.ts'
import { Receiver } from './receiver.ts'

type Item = Parameters<Outlets['spans']['send']>[0][number]

interface Setting {
  readonly wanted?: Partial<Wanted>
  readonly name?: string
  readonly nowMs?: number
  readonly redact?: ExportOptions['redact']
  /** Takes so many spans, then fails. */
  readonly failsAfter?: number
  readonly logs?: boolean
  readonly again?: boolean
}

interface Sent {
  readonly found: ExportedOnce | undefined
  readonly spans: readonly Item[]
  readonly logs: readonly Parameters<NonNullable<Outlets['logs']>['send']>[0][number][]
}

/** Later than `SETTLE_MS` after the test's logs were read. */
const LATER = NOON + SETTLE_MS

/** Exports once to a receiver that takes what it is given at once. */
async function send(store: Store, setting: Setting = {}): Promise<Sent> {
  const { name = 'otlp-test', nowMs = LATER, failsAfter = Number.POSITIVE_INFINITY } = setting
  const receiver = Receiver.open(store, name, 'http://test')
  const spans: Item[] = []
  const logs: Sent['logs'][number][] = []
  try {
    if (setting.again) receiver.forget(() => true)
    const dayExport = new DayExport(store, receiver, {
      wanted: { filter: '', range: ALWAYS, sample: 1, open: false, nowMs, ...setting.wanted },
      redact: setting.redact,
      version: '0',
      nowMs: () => nowMs,
    })
    const outlets: Outlets = {
      spans: {
        send: async items => {
          for (const item of items) {
            if (spans.length >= failsAfter) throw new Error('the receiver is gone')
            spans.push(item)
            dayExport.progress.taken('spans', spans.length)
          }
        },
        flush: async () => undefined,
      },
      logs: setting.logs
        ? {
            send: async items => {
              logs.push(...items)
              dayExport.progress.taken('logs', logs.length)
            },
            flush: async () => undefined,
          }
        : undefined,
    }
    const period = { range: ALWAYS, settleMs: SETTLE_MS, nowMs: () => nowMs, isStopped: () => false }
    const found = await exportOnce(store, receiver, dayExport, outlets, period).catch(error => {
      if (failsAfter === Number.POSITIVE_INFINITY) throw error
      dayExport.progress.save()
    })
    return { found: found ?? undefined, spans, logs }
  } finally {
    receiver.close()
  }
}

const idsOf = (spans: readonly Item[]): string[] => spans.map(s => s.spanContext().spanId).sort()
const call = (n: number, changes: Record<string, string> = {}): string =>
  record({ gateway_flow_id: `rrt-${n}`, dc_correlation_id: `id-${n}-0123456789`, ...changes })
const answer = (n: number): string => line({ id: `id-${n}-0123456789` })
const numbers = (count: number): number[] => Array.from({ length: count }, (_, i) => i)
const CALLS = numbers(5).map(n => call(n))
const ANSWERS = numbers(5).map(answer)
/** Declares both sides whole and closes the day, as `ingest --covers` does. */
async function close(store: Store): Promise<void> {
  for (const side of ['gateway', 'app'] as const)
    store.append({ kind: 'coverage', side, from: '2026-06-30', to: '2026-07-03' })
  await ingestInto(store, [])
}

describe('what is settled', () => {
  test('joined by ids and quiet for long enough: all three spans of each', async () => {
    await withLogs(CALLS, ANSWERS, async store => {
      const { spans, found } = await send(store)
      expect(spans).toHaveLength(15)
      expect(found).toMatchObject({ requests: 5, unsettled: 0 })
    })
  })

  test.each([
    { name: 'a moment earlier nothing is', nowMs: LATER - 1, want: 0 },
    { name: 'at the moment everything is', nowMs: LATER, want: 15 },
  ])('$name', async ({ nowMs, want }) => {
    await withLogs(CALLS, ANSWERS, async store => {
      expect((await send(store, { nowMs })).spans).toHaveLength(want)
    })
  })

  test('what waits for its other leg is not, until its day is closed or it is asked for', async () => {
    await withLogs(CALLS, [line({ id: '-' })], async store => {
      const open = await send(store)
      expect(open).toMatchObject({ spans: [], found: { unsettled: 6 } })
      const asked = await send(store, { wanted: { open: true }, name: 'otlp-open' })
      expect(asked.spans).toHaveLength(11)
      await close(store)
      expect((await send(store)).spans).toHaveLength(11)
    })
  })

  test('a call that never reached its target waits for nothing', async () => {
    await withLogs([call(1, NOT_CALLED)], [], async store => {
      expect((await send(store)).spans).toHaveLength(1)
    })
  })
})

describe('again', () => {
  test('what was taken is not sent twice, and a settled day is not even looked at', async () => {
    await withLogs(CALLS, ANSWERS, async store => {
      await close(store)
      await send(store)
      const second = await send(store)
      expect(second).toMatchObject({ spans: [], found: { doneBefore: 1, requests: 0 } })
    })
  })

  test('another receiver gets the same spans', async () => {
    await withLogs(CALLS, ANSWERS, async store => {
      const first = await send(store)
      const other = await send(store, { name: 'otlp-other' })
      const shape = (spans: readonly Item[]) =>
        spans.map(s => [
          s.spanContext(),
          s.parentSpanContext?.spanId,
          s.name,
          s.startTime,
          s.endTime,
          s.attributes,
        ])
      // What decided the trace is now that it has left before.
      expect(JSON.stringify(shape(other.spans))).toBe(JSON.stringify(shape(first.spans)))
    })
  })

  test('--again: the same spans once more', async () => {
    await withLogs(CALLS, ANSWERS, async store => {
      const first = await send(store)
      expect(idsOf((await send(store, { again: true })).spans)).toEqual(idsOf(first.spans))
    })
  })

  test.each(numbers(15))(
    'a receiver that fails after %i spans gets the rest with the next run',
    async failsAfter => {
      await withLogs(CALLS, ANSWERS, async store => {
        const all = idsOf((await send(store, { name: 'otlp-whole' })).spans)
        const before = await send(store, { failsAfter })
        const after = await send(store)
        expect(new Set([...idsOf(before.spans), ...idsOf(after.spans)])).toEqual(new Set(all))
        // At most the request in which it failed is sent twice.
        expect(before.spans.length + after.spans.length - all.length).toBeLessThanOrEqual(2)
      })
    },
  )

  test('one process at a time sends to a receiver', async () => {
    await withLogs(CALLS, ANSWERS, async store => {
      const receiver = Receiver.open(store, 'otlp-test', 'http://test')
      expect(() => Receiver.open(store, 'otlp-test', 'http://test')).toThrow(/EXPORT_BUSY|another process/)
      receiver.close()
    })
  })
})

describe('a leg that comes later', () => {
  const later = (store: Store, lines: readonly string[]) =>
    ingestInto(
      store,
      writeFiles(join(store.root, '..'), {
        'later.log': [
          '#Fields: date time s-sitename s-computername s-ip s-port cs-method cs-uri-stem cs-username c-ip cs-version cs(User-Agent) sc-status sc-substatus sc-win32-status time-taken X-Correlation-ID traceparent',
          ...lines,
          '',
        ].join('\r\n'),
      }),
    )

  test('goes out as its own span, under the span and in the trace that left before', async () => {
    await withLogs(CALLS, ANSWERS.slice(1), async store => {
      const first = await send(store, { wanted: { open: true } })
      expect(first.spans).toHaveLength(14)
      await later(store, [answer(0)])
      const second = await send(store, { wanted: { open: true }, nowMs: LATER + SETTLE_MS })
      const [app] = second.spans
      expect(second.spans).toHaveLength(1)
      const target = first.spans.find(s => s.spanContext().spanId === app?.parentSpanContext?.spanId)
      expect(target?.spanContext().traceId).toBe(app?.spanContext().traceId)
    })
  })

  test('a trace that has left stays, whatever would decide it now', async () => {
    const trace = '0af7651916cd43dd8448eb211c80319c'
    await withLogs(CALLS, [], async store => {
      const first = await send(store, { wanted: { open: true } })
      const traces = new Set(first.spans.map(s => s.spanContext().traceId))
      await later(store, [line({ id: 'id-0-0123456789', trace: `00-${trace}-b7ad6b7169203331-01` })])
      const [app, ...more] = (await send(store, { wanted: { open: true } })).spans
      expect(more).toEqual([])
      expect(traces.has(app?.spanContext().traceId ?? '')).toBe(true)
      expect(app?.links).toMatchObject([{ context: { traceId: trace } }])
    })
  })

  test('an app hop that left alone keeps its trace, and the gateway that comes later joins it there', async () => {
    await withLogs([], [answer(0)], async store => {
      const [app] = (await send(store, { wanted: { open: true } })).spans
      await ingestInto(store, writeFiles(join(store.root, '..'), { 'later.json': `${call(0)}\n` }))
      const { spans } = await send(store, { wanted: { open: true } })
      expect(spans.map(s => s.name)).toEqual(['apigee p', 'app.example'])
      for (const span of spans) expect(span.spanContext().traceId).toBe(app?.spanContext().traceId)
    })
  })
})

describe('what is asked for', () => {
  test('a filter', async () => {
    await withLogs([...CALLS, call(9, { ...NOT_CALLED, response_status_code: '401' })], ANSWERS, async store => {
      const { spans } = await send(store, { wanted: { filter: 'status:401' } })
      expect(spans.map(s => s.attributes['http.response.status_code'])).toEqual([401])
      expect((await send(store)).spans).toHaveLength(15)
    })
  })

  test('a share of traces, by trace id, and every trace with a failure', async () => {
    const calls = numbers(200).map(n => call(n, { ...NOT_CALLED, ...(n % 50 === 0 ? { response_status_code: '500' } : {}) }))
    await withLogs(calls, [], async store => {
      const { spans, found } = await send(store, { wanted: { sample: 0.25 } })
      const isKept = (id: string): boolean => BigInt(`0x${id.slice(18)}`) >= (3n << 54n)
      const traceOf = (n: number): string => createHash('sha256').update(`trace id-${n}-0123456789`).digest('hex').slice(0, 32)
      const want = numbers(200).filter(n => n % 50 === 0 || isKept(traceOf(n)))
      expect(spans.map(s => s.spanContext().traceId).sort()).toEqual(want.map(traceOf).sort())
      expect(found?.sampledOut).toBe(200 - want.length)
    })
  })

  test('stand-ins for people and where they came from, nowhere the names', async () => {
    await withLogs(CALLS, [...ANSWERS.slice(1), line({ user: 'CORP\\ann', id: 'id-0-0123456789' })], async store => {
      const redact = redactor(Buffer.alloc(32, 9))
      const { spans, logs } = await send(store, { redact, logs: true, wanted: { open: true } })
      const text = JSON.stringify([spans.map(s => s.attributes), logs.map(l => [l.body, l.attributes])])
      expect(text).not.toMatch(/ann|198\.51\.100\.7|10\.9\.9\.9|client7/i)
      expect(text).toContain(redact('subject', 'ann'))
      expect(text).toContain(redact('address', '10.9.9.9'))
    })
  })
}) // biome-ignore format: short calls

test('IIS lines as log records, with the ids of their spans', async () => {
  await withLogs([call(0)], [answer(0)], async store => {
    const { spans, logs } = await send(store, { logs: true })
    const app = spans.find(s => s.name.startsWith('iis'))
    expect(logs).toHaveLength(1)
    expect(logs[0]).toMatchObject({
      spanContext: app?.spanContext(),
      severityText: 'INFO',
      body: '2026-07-01 12:00:00 w3svc2 web01 10.0.0.1 GET /a - 8443 - 10.9.9.9 HTTP/1.1 agent/1.0 - - 200 0 0 - - 10',
      attributes: { 'throughline.source.line': 2 },
    })
    expect(String(logs[0]?.attributes['log.file.path'])).toMatch(/a\.log$/)
  })
})

test('live: what settles is sent once, after it was quiet; lists of a day are merged', async () => {
  await withLogs(CALLS, ANSWERS, async store => {
    let nowMs = NOON
    let pauses = 0
    const receiver = Receiver.open(store, 'otlp-live', 'http://test')
    const spans: Item[] = []
    const dayExport = new DayExport(store, receiver, {
      wanted: { filter: '', range: ALWAYS, sample: 1, open: false, nowMs },
      redact: undefined,
      version: '0',
      nowMs: () => nowMs,
    })
    const sentAt = new Map<string, number>()
    const outlets: Outlets = {
      spans: {
        send: async items => {
          for (const item of items) {
            expect(sentAt.has(item.spanContext().spanId)).toBe(false)
            sentAt.set(item.spanContext().spanId, nowMs)
            spans.push(item)
          }
          dayExport.progress.taken('spans', spans.length)
        },
        flush: async () => undefined,
      },
      logs: undefined,
    }
    const rounds = 120
    await exportLive(store, receiver, dayExport, outlets, {
      range: ALWAYS,
      settleMs: SETTLE_MS,
      nowMs: () => nowMs,
      isStopped: () => pauses >= rounds,
      pause: async () => {
        pauses++
        nowMs += 20_000
        // Another call every five rounds.
        if (pauses % 5 === 0 && pauses < 100) {
          const n = 100 + pauses
          const files = { [`more-${n}.json`]: `${call(n, NOT_CALLED)}\n` }
          await ingestInto(store, writeFiles(join(store.root, '..'), files))
        }
      },
    })
    receiver.close()
    expect(spans).toHaveLength(15 + 19)
    const first = Math.min(...sentAt.values())
    expect(first).toBeGreaterThanOrEqual(NOON + SETTLE_MS)
    const lists = readdirSync(join(store.root, 'exports', 'otlp-live', 'date=2026-07-01'))
    expect(lists.length).toBeLessThanOrEqual(17)
  })
})
