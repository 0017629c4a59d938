import { describe, expect, test } from 'vitest'
import type { ReaderContext } from '../format.ts'
import { HttperrReader } from '../iis-httperr/reader.ts'
import { W3cReader } from '../iis-w3c/reader.ts'
import { MAX_LINE_BYTES } from '../lines.ts'
import { outputOf, type ReadResult, readBytes, StageBench } from '../reading.fixture.ts'
import { oneLine } from './one-line.ts'
import { EnvelopeReader } from './reader.ts'
import { SHAPES, type ShippedLine, shipped, wrapped } from './shapes.fixture.ts'

const FIELDS = '#Fields: date time cs-method cs-uri-stem sc-status time-taken X-Correlation-ID'
const HEADER = `#Software: Microsoft Internet Information Services 10.0\r\n#Version: 1.0\r\n#Date: 2026-03-02 08:00:00\r\n${FIELDS}\r\n`
const row = (path: string, second = 0): string =>
  `2026-03-02 08:00:0${second} GET ${path} 200 15 8f14e45fceea167a5a36dedd4bea2543`
const LOG = `${HEADER}${row('/a')}\r\n${row('/b', 1)}\r\n`
const KERNEL = `#Software: Microsoft HTTP API 2.0\r\n#Version: 1.0\r\n#Date: 2026-03-02 08:00:00\r\n#Fields: date time c-ip c-port s-ip s-port cs-version cs-method cs-uri sc-status s-siteid s-reason s-queuename\r\n2026-03-02 08:00:02 10.0.0.9 5000 10.0.0.5 443 HTTP/1.1 GET /c 503 1 QueueFull pool\r\n`
const KERNEL_PATH = 'C:\\Windows\\System32\\LogFiles\\HTTPERR\\httperr1.log'
const NAMES = FIELDS.slice(9).split(' ')

const read = (text: string | Buffer, context: Partial<ReaderContext> = {}): ReadResult =>
  readBytes((c, resume) => new EnvelopeReader(c, resume), text, { host: undefined, ...context })
const filebeat = (lines: readonly ShippedLine[]): string => wrapped(SHAPES.filebeat, lines)

/** Hop ids of a read, sorted. */
function idsOf({ sink }: ReadResult): string[] {
  return sink.chunks
    .flatMap(({ layout, buffer, length }) => {
      const at = layout.columns.indexOf('hop_id')
      return buffer.toString('latin1', 0, length).trimEnd().split('\n').map(line => line.split(' ')[at] ?? '')
    })
    .sort() // biome-ignore format: one chain
}

const direct = idsOf(readBytes((c, resume) => new W3cReader(c, resume), LOG, { host: 'web01' }))

describe('what shippers write', () => {
  test.each(Object.entries(SHAPES))('%s: the hops are those of the log itself', (_, shape) => {
    const result = read(wrapped(shape, shipped(LOG)))
    expect(idsOf(result)).toEqual(direct)
    expect(result.accounting).toMatchObject({ lines: 6, decoded: 2, directives: 4, rejected: 0 })
  })

  test('CRLF between envelopes, blank lines, NULs and a byte order mark', () => {
    const text = filebeat(shipped(LOG)).replaceAll('\n', '\r\n')
    const result = read(`\ufeff${text}\r\n\0\0\n`)
    expect(idsOf(result)).toEqual(direct)
    expect(result.accounting).toMatchObject({ lines: 8, decoded: 2, directives: 6 })
  })

  test('a byte order mark and NULs inside the log', () => {
    const log = shipped(`\ufeff${LOG}`)
    const lines = log.map(line => ({ ...line, text: `${line.text}\0\0` }))
    expect(idsOf(read(filebeat(lines)))).toEqual(direct)
  })

  test('the head of a log in one envelope, and a row with its line end', () => {
    const [, , , , first, second] = shipped(LOG)
    const lines = [{ ...shipped(LOG)[0], text: HEADER }, { ...first, text: `${first?.text}\r\n` }, second] as ShippedLine[]
    const result = read(filebeat(lines))
    expect(idsOf(result)).toEqual(direct)
    expect(result.accounting).toMatchObject({ lines: 3, decoded: 2, directives: 1 })
  }) // biome-ignore format: one line

  test('bytes that are not UTF-8 give the hop of the log that has them', () => {
    const log = Buffer.from(LOG.replace('/a', '/\xff'), 'latin1')
    const own = readBytes((c, resume) => new W3cReader(c, resume), log, { host: 'web01' })
    const result = read(Buffer.from(filebeat(shipped(log.toString('latin1'))), 'latin1'))
    expect(idsOf(result)).toEqual(idsOf(own))
    expect(result.accounting.invalidUtf8).toBe(1)
  })

  test('a value over several lines is one', () => {
    const values = shipped(LOG).map(line =>
      oneLine(Buffer.from(`${JSON.stringify(SHAPES.filebeat(line), null, 2)}\r\n`)),
    )
    expect(idsOf(read(Buffer.concat(values)))).toEqual(direct)
    expect(oneLine(Buffer.from('{"message":"a\nb"}')).toString()).toBe('{"message":"a\tb"}\n')
    expect(read(oneLine(Buffer.from('{"message":"a\nb"}'))).accounting.rejectedBy).toEqual({ 'bad-json': 1 })
    expect(read(oneLine(Buffer.alloc(0))).accounting).toMatchObject({ lines: 1, directives: 1 })
  })
})

describe('many logs in one source', () => {
  const other = LOG.replace(FIELDS, '#Fields: date time sc-status cs-uri-stem').replaceAll(
    /GET (\S+) 200.*/g,
    '404 $1',
  )

  test('each has its own directives', () => {
    const [a, b] = [shipped(LOG), shipped(other, 'web02', 'D:\\logs\\u_ex260302.log')]
    const kernel = shipped(KERNEL, 'web01', KERNEL_PATH)
    const mixed = [...a, ...b, ...kernel].sort((x, y) => x.offset - y.offset)
    const own = [
      ...direct,
      ...idsOf(readBytes((c, resume) => new W3cReader(c, resume), other, { host: 'web02' })),
      ...idsOf(readBytes((c, resume) => new HttperrReader(c, resume), KERNEL, { host: 'web01' })),
    ]
    const result = read(filebeat(mixed))
    expect(idsOf(result)).toEqual(own.sort())
    expect(result.accounting.rejected).toBe(0)
    expect(result.state.format).toMatchObject({ kinds: ['app', 'kernel'] })
  })

  test('a log of HTTP.sys without a row is told of, too', () => {
    const head = shipped(KERNEL, 'web01', KERNEL_PATH).slice(0, 4)
    expect(read(filebeat([...shipped(LOG), ...head])).state.format).toMatchObject({
      kinds: ['app', 'kernel'],
    })
  })

  test('a reject says which log it is of', () => {
    const { sink } = read(filebeat([...shipped(LOG), ...shipped('x\r\n', 'WEB02', 'D:\\b.log')]))
    expect(sink.rejects).toMatchObject([{ reason: 'no-fields', host: 'web02', log: 'D:\\b.log' }])
  })

  test('a log of FTP among them is rejected, not read', () => {
    const ftp =
      '#Software: Microsoft Internet Information Services 10.0\r\n#Fields: date time c-ip cs-username cs-method cs-uri-stem sc-status x-session x-fullpath\r\n2026-03-02 08:00:00 10.0.0.9 ann USER ann 331 s1 -\r\n'
    const result = read(filebeat([...shipped(ftp, 'web01', 'C:\\FTPSVC1\\u_ex.log'), ...shipped(LOG)]))
    expect(idsOf(result)).toEqual(direct)
    expect(result.sink.rejects).toMatchObject([{ reason: 'not-iis', detail: 'its log is an IIS FTP log' }])
  })

  test('the host: of the row, else of the envelope, else of the configuration', async () => {
    const bench = await StageBench.open()
    try {
      const named = LOG.replace('#Fields: date time', '#Fields: date time s-computername').replaceAll('GET', 'DB9 GET')
      const rowOf = async (text: string, context: Partial<ReaderContext>) =>
        (await bench.rows(read(text, context))).map(({ host, site }) => ({ host, site }))[0]
      const innerOrigin = (path: string) => (path.includes('/W3SVC1/') ? { host: 'ruled', site: 'shop' } : {})
      const line = (log: string) => shipped(log)
      const nameless = line(LOG).map(({ text, path, offset }) => ({ message: text, log: { file: { path }, offset } }))
      const asText = nameless.map(json => `${JSON.stringify(json)}\n`).join('')
      expect(await rowOf(filebeat(line(named)), { host: 'given', site: undefined })).toEqual({ host: 'db9', site: null })
      expect(await rowOf(filebeat(line(LOG)), { host: 'given', innerOrigin })).toEqual({ host: 'web01', site: 'shop' })
      expect(await rowOf(asText, { host: 'given', innerOrigin })).toEqual({ host: 'ruled', site: 'shop' })
      expect(await rowOf(asText, { host: 'given', site: 'x' })).toEqual({ host: 'given', site: 'x' })
    } finally {
      bench.close()
    }
  }) // biome-ignore format: a table

  test('path and offset stand among the attributes', async () => {
    const bench = await StageBench.open()
    try {
      const lines = shipped(LOG, 'web01', 'C:\\Program Files\\ü "x"\\a.log')
      const [first] = await bench.rows(read(filebeat(lines)))
      expect(JSON.parse(String(first?.attributes))).toEqual({
        'log.file.path': 'C:\\Program Files\\ü "x"\\a.log',
        'log.offset': String(lines[4]?.offset),
      })
    } finally {
      bench.close()
    }
  })
})

describe('directives', () => {
  const rows = shipped(LOG).slice(4)

  test('that the shipper left out: rows are read by the configured columns, else rejected', () => {
    expect(idsOf(read(filebeat(rows), { fields: NAMES }))).toEqual(direct)
    const { sink } = read(filebeat(rows))
    expect(sink.rejects.map(r => r.reason)).toEqual(['no-fields', 'no-fields'])
  })

  test('that were left out of HTTPERR: the number of columns tells', () => {
    const own = readBytes((c, resume) => new HttperrReader(c, resume), KERNEL, { host: 'web01' })
    const lines = shipped(KERNEL, 'web01', KERNEL_PATH).slice(4)
    expect(idsOf(read(filebeat(lines)))).toEqual(idsOf(own))
    expect(idsOf(read(filebeat(lines), { fields: NAMES }))).toEqual(idsOf(own))
  })

  test('a batch that comes late or twice is read by the columns it was written under', () => {
    const log = `${LOG}${FIELDS.replace('sc-status time-taken', 'time-taken sc-status')}\r\n2026-03-02 08:00:02 GET /c 15 200 -\r\n`
    const lines = shipped(log)
    const [own, again] = [read(filebeat(lines)), read(filebeat([...lines, ...lines.slice(4, 6)]))]
    const late = read(filebeat([...lines.slice(0, 5), ...lines.slice(6), ...lines.slice(5, 6)]))
    expect(idsOf(late)).toEqual(idsOf(own))
    expect(new Set(idsOf(again))).toEqual(new Set(idsOf(own)))
    expect(again.accounting.rejected).toBe(0)
  })

  test('a path that leads to a new file: its columns count, whatever the offsets', () => {
    const changed = `${LOG}#Fields: date time cs-uri-stem\r\n2026-03-02 08:00:02 /c\r\n`
    const next = `${HEADER.replace('08:00:00', '09:00:00')}${Array.from({ length: 9 }, () => row('/d', 3)).join('\r\n')}\r\n`
    const result = read(filebeat([...shipped(changed), ...shipped(next)]))
    expect(result.accounting).toMatchObject({ decoded: 12, rejected: 0 })
  })

  test('that name few columns, further down, are still those of IIS', () => {
    const log = `${LOG}#Fields: date time s-event\r\n2026-03-02 08:00:02 x\r\n`
    expect(read(filebeat(shipped(log))).accounting).toMatchObject({ decoded: 3, rejected: 0 })
    const other = '#Fields: date time s-event\r\n2026-03-02 08:00:02 x\r\n'
    expect(read(filebeat(shipped(other))).accounting.rejectedBy).toEqual({ 'not-iis': 1 })
  })

  test('without a date column the day is that of the directive', () => {
    const log =
      '#Date: 2026-03-02 23:59:58\r\n#Fields: time cs-uri-stem sc-status\r\n23:59:59 /a 200\r\n00:00:01 /b 200\r\n'
    const own = readBytes((c, resume) => new W3cReader(c, resume), log, { host: 'web01' })
    const result = read(filebeat(shipped(log)))
    expect(idsOf(result)).toEqual(idsOf(own))
    expect(result.sink.chunks.map(chunk => chunk.day).sort()).toEqual(own.sink.chunks.map(chunk => chunk.day).sort())
  }) // biome-ignore format: one line

  test('are remembered for a log that goes on, without secrets', () => {
    const lines = shipped(LOG, 'web01', 'C:\\logs\\token=hunter2&x\\a.log')
    const start = read(filebeat(lines.slice(0, 5)))
    const state = JSON.parse(JSON.stringify(start.state)) as typeof start.state
    const rest = readBytes(c => new EnvelopeReader(c, state), filebeat(lines.slice(5)), { host: undefined })
    expect([...idsOf(start), ...idsOf(rest)].sort()).toEqual(direct)
    expect(rest.rows.join()).not.toContain('hunter2')
    expect(JSON.stringify(start.state)).not.toContain('hunter2')
    expect(outputOf(start)).not.toContain('hunter2')
    expect(start.accounting.scrubbed).toBe(1)
  })

  test('of very many logs: those of the oldest are let go, and its rows are rejected', () => {
    const heads = Array.from({ length: 2001 }, (_, i) =>
      shipped(LOG, 'web01', `u_ex${i}.log`).slice(0, 5),
    ).flat()
    const last = shipped(LOG, 'web01', 'u_ex0.log').slice(5)
    const result = read(filebeat([...heads, ...last]))
    expect(result.accounting.decoded).toBe(2001)
    expect(result.accounting.rejectedBy).toEqual({ 'no-fields': 1 })
    expect((result.state.format.logs as unknown[]).length).toBe(1999)
  })
})

describe('what cannot be read', () => {
  const line = (json: object): string => `${JSON.stringify(json)}\n`
  const inside = (text: string, more: object = {}): string =>
    line({ message: text, host: { name: 'web01' }, ...more })
  test.each([
    { name: 'no JSON', text: 'plain\n', want: 'bad-json' },
    { name: 'a JSON array', text: '[{"message":"x"}]\n', want: 'bad-json' },
    { name: 'a text', text: '"x"\n', want: 'bad-json' },
    { name: 'an object that is cut, in the middle of the source', text: '{"message":"x"\n', want: 'bad-json' },
    { name: 'an object that is cut by the end', text: '{"message":"x"', want: 'truncated' },
    { name: 'no message', text: line({ host: 'web01' }), want: 'no-message' },
    { name: 'a message that is no text', text: line({ message: { a: 1 } }), want: 'no-message' },
    { name: 'several rows', text: inside(`${row('/a')}\n${row('/b')}`), want: 'several-rows' },
    { name: 'a line that the shipper has cut', text: inside(row('/a'), { log: { flags: ['truncated'] } }), want: 'truncated' },
    { name: 'no directives', text: inside(row('/a')), want: 'no-fields' },
    { name: 'another JSON inside', text: inside('{"message":"x"}'), want: 'no-fields' },
    { name: 'NULs inside a row', text: inside('2026-03-02 08:00:00 G\0T /a 200 15 -'), want: 'nul-bytes', fields: NAMES },
    { name: 'too few columns', text: inside('2026-03-02 08:00:00 GET /a'), want: 'too-few-columns', fields: NAMES },
    { name: 'a row of 1 MiB and a byte', text: inside(row('/'.padEnd(MAX_LINE_BYTES - row('').length + 1, 'a'))), want: 'too-long', fields: NAMES },
  ])('$name', ({ text, want, fields }) => {
    const { accounting, sink } = read(text, { fields })
    expect(accounting.rejectedBy).toEqual({ [want]: 1 })
    expect(accounting.lines).toBe(accounting.decoded + accounting.directives + accounting.rejected)
    expect(sink.rejects[0]).toMatchObject({ lineNo: 1, byteOffset: 0, length: Buffer.byteLength(text.replace(/\n$/, '')) })
  }) // biome-ignore format: a table

  test('a row of exactly 1 MiB is read, however its bytes are escaped', () => {
    const text = row('/'.padEnd(MAX_LINE_BYTES - row('').length, 'a'))
    const escaped = inside(text).replace(/a{9}/g, run => '\\u0061'.repeat(run.length))
    expect(read(escaped, { fields: NAMES }).accounting).toMatchObject({ decoded: 1, rejected: 0 })
  })

  test('an envelope over 8 MiB', () => {
    const { accounting } = read(inside('x'.repeat(8 * MAX_LINE_BYTES)))
    expect(accounting.rejectedBy).toEqual({ 'too-long': 1 })
  })

  test('the digest is that of the envelope, the excerpt that of the line inside, without secrets', () => {
    const text = inside(`2026-03-02 08:00:00 GET /a?token=hunter2 200`, { password: 'hunter2' })
    const { sink } = read(text, { fields: NAMES })
    const [reject] = sink.rejects
    expect(reject?.excerpt).toMatch(/^2026-03-02 08:00:00 GET/)
    expect(JSON.stringify(reject)).not.toContain('hunter2')
    const broken = read(text.replace('}', '')).sink.rejects[0]
    expect(JSON.stringify(broken)).not.toContain('hunter2')
  })
})

describe('doubts', () => {
  test('no host, no id, no offset', () => {
    const lines = shipped(`#Fields: date time cs-uri-stem\r\n2026-03-02 08:00:00 /a\r\n`)
    const bare = lines.map(({ text }) => `${JSON.stringify({ message: text })}\n`).join('')
    expect(read(bare).accounting.warnings).toEqual(['no-offset', 'host-unknown', 'no-id-field'])
    expect(read(filebeat(shipped(LOG))).accounting.warnings).toEqual([])
    expect(read(wrapped(SHAPES.splunk, shipped(LOG))).accounting.warnings).toEqual(['no-offset'])
  })

  test('two lines at one offset: offsets are not believed any more', () => {
    // As Filebeat 7.14.0 wrote them: the length of the line (elastic/beats#27688).
    const lines = shipped(LOG).map(line => ({ ...line, offset: line.text.length }))
    const result = read(filebeat(lines), { fields: NAMES })
    expect(result.accounting.warnings).toContain('offset-repeats')
    expect(result.rows.join()).toContain('"log.file.path":"C:\\\\inetpub\\\\W3SVC1\\\\u_ex260302.log"} ')
  })
})
