import { describe, expect, test } from 'vitest'
import { REFUSED_NAMES } from './refused.ts'
import { detectFormat, makeHead } from './registry.ts'

const detected = (content: string | Buffer, fields?: readonly string[], complete = true): string =>
  detectFormat(makeHead(Buffer.from(content), complete), fields).name

const IIS_ROW = '2026-03-01 10:00:00 10.0.0.5 GET /a - 443 - 10.0.0.9 curl/8.0 - 200 0 0 15\n'
const FIELDS =
  'date time s-ip cs-method cs-uri-stem cs-uri-query s-port cs-username c-ip cs(User-Agent) cs(Referer) sc-status sc-substatus sc-win32-status time-taken'
const KERNEL_FIELDS =
  'date time c-ip c-port s-ip s-port cs-version cs-method cs-uri sc-status s-siteid s-reason s-queuename'
const KERNEL_ROW =
  '2026-03-01 10:00:00 10.0.0.9 5000 10.0.0.5 443 HTTP/1.1 GET /a ? 503 1 AppOffline DefaultAppPool'
const RECORD =
  '{"client_received_start_timestamp":"2026-03-01 10:00:00 UTC","gateway_flow_id":"rrt-1","apiproxy":"pay"}\n'
const HEADER = 'client_received_start_timestamp,gateway_flow_id,apiproxy\n'

describe('logs that can be read', () => {
  test.each([
    { name: 'an IIS log', content: `#Software: Microsoft Internet Information Services 10.0\n#Fields: ${FIELDS}\n${IIS_ROW}`, want: 'iis-w3c' },
    { name: 'directives in another order', content: `#Date: 2026-03-01 10:00:00\n#Fields: ${FIELDS}\n#Version: 1.0\n`, want: 'iis-w3c' },
    { name: 'a byte order mark', content: `\ufeff#Fields: ${FIELDS}\n`, want: 'iis-w3c' },
    { name: 'NULs in front', content: `\0\0\0#Fields: ${FIELDS}\n`, want: 'iis-w3c' },
    { name: 'blank lines in front', content: `\r\n\r\n#Fields: ${FIELDS}\n`, want: 'iis-w3c' },
    { name: 'a header without rows', content: '#Software: Microsoft Internet Information Services 10.0\r\n#Version: 1.0\r\n', want: 'iis-w3c' },
    { name: 'few fields', content: '#Fields: date time sc-bytes cs-bytes time-taken\n', want: 'iis-w3c' },
    { name: 'an HTTPERR log', content: `#Software: Microsoft HTTP API 2.0\r\n#Fields: ${KERNEL_FIELDS}\r\n`, want: 'iis-httperr' },
    { name: 'an HTTPERR log that says its fields only', content: `#Fields: ${KERNEL_FIELDS}\n`, want: 'iis-httperr' },
    { name: 'HTTPERR rows of 13 columns without a header', content: `${KERNEL_ROW.replace(' ?', '')}\n`, want: 'iis-httperr' },
    { name: 'HTTPERR rows of 14 columns without a header', content: `${KERNEL_ROW.replace('?', '-')}\n`, want: 'iis-httperr' },
    { name: 'HTTPERR rows of 16 columns without a header', content: `${KERNEL_ROW.replace('?', '- -')} TCP\n`, want: 'iis-httperr' },
    { name: 'an HTTPERR row of IPv6 with zones', content: `${KERNEL_ROW.replace(' ?', '').replaceAll(/10\.0\.0\.\d/g, 'fe80::1%4')}\n`, want: 'iis-httperr' },
    { name: 'NDJSON', content: RECORD, want: 'apigee-export' },
    { name: 'NDJSON whose first line is torn', content: `rt":"x","apiproxy":"pay"}\n${RECORD}`, want: 'apigee-export' },
    { name: 'NDJSON with names in another case', content: RECORD.toUpperCase(), want: 'apigee-export' },
    { name: 'comma', content: HEADER, want: 'apigee-export-delimited' },
    { name: 'pipe', content: HEADER.replaceAll(',', '|'), want: 'apigee-export-delimited' },
    { name: 'tab', content: HEADER.replaceAll(',', '\t'), want: 'apigee-export-delimited' },
    { name: 'a quoted header in upper case', content: '"APIPROXY","CLIENT_RECEIVED_START_TIMESTAMP"\n', want: 'apigee-export-delimited' },
    { name: 'a header with a message count', content: 'apiproxy,message_count,request_verb\n', want: 'apigee-export-delimited' },
    { name: 'envelopes of IIS rows', content: `{"@timestamp":"2026-03-01T10:00:00Z","message":"${IIS_ROW.trim()}"}\n`, want: 'envelope' },
    { name: 'one envelope without a line feed', content: `{"_raw":"#Software: Microsoft Internet Information Services 10.0"}`, want: 'envelope' },
    { name: 'an envelope behind those of other logs', content: `{"@timestamp":"x","message":"user logged in"}\n{"event.original":"#Date: 2026-03-01 10:00:00"}\n`, want: 'envelope' },
    { name: 'an envelope behind a torn one', content: `sage":"x"}\n{"result":{"_raw":"${IIS_ROW.trim()}"}}\n`, want: 'envelope' },
    { name: 'envelopes of FTP and IIS', content: `{"message":"2026-03-01 10:00:00 10.0.0.9 [2]USER ann 331"}\n{"message":"${IIS_ROW.trim()}"}\n`, want: 'envelope' },
  ])('$name', ({ content, want }) => expect(detected(content)).toBe(want)) // biome-ignore format: a table

  test('with configured fields, rows without a header', () => {
    expect(detected(IIS_ROW, FIELDS.split(' '))).toBe('iis-w3c')
    expect(detected(`${'a,'.repeat(20)}2026-03-01 10:00:00 UTC,b\n`, ['apiproxy'])).toBe(
      'apigee-export-delimited',
    )
  })
})

const bytes = (...values: number[]): Buffer => Buffer.from([...values, ...Buffer.from('x'.repeat(100))])
/** One small log of each kind that is refused, in the shape that its writer gives it. */
const REFUSED: Readonly<Record<string, string | Buffer>> = {
  'an empty file': '',
  'a ZIP archive': bytes(0x50, 0x4b, 3, 4),
  'a Zstandard archive': bytes(0x28, 0xb5, 0x2f, 0xfd),
  'an xz archive': bytes(0xfd, 0x37, 0x7a, 0x58),
  'a bzip2 archive': bytes(0x42, 0x5a, 0x68),
  'a 7-Zip archive': bytes(0x37, 0x7a, 0xbc, 0xaf),
  'a Parquet file': bytes(0x50, 0x41, 0x52, 0x31),
  'an Avro file': bytes(0x4f, 0x62, 0x6a, 1),
  'UTF-16 text': Buffer.from(`#Fields: ${FIELDS}\r\n${IIS_ROW}`, 'utf16le'),
  'nothing but NUL bytes': Buffer.alloc(4096),
  'an IIS Advanced Logging log': '#Software: IIS Advanced Logging Module\r\n\r\n#Fields: date-local time-local cs-method\r\n',
  'an IIS FTP log':
    '#Software: Microsoft Internet Information Services 8.5\r\n#Fields: date time c-ip cs-username s-ip s-port cs-method cs-uri-stem sc-status sc-win32-status sc-substatus x-session x-fullpath\r\n',
  'an ASP.NET Core W3CLogger log': '#Version: 1.0\n#Start-Date: 2026-03-01 10:00:00\n#Fields: date time c-ip cs-method time-taken\n',
  'a W3C extended log of another product': '#Version: 1.0\n#Fields: date x-category x-severity\n',
  'W3C rows without a #Fields directive': IIS_ROW,
  'a log in Microsoft IIS format': '10.0.0.9, -, 3/1/26, 10:00:00, W3SVC1, WEB01, 10.0.0.5, 15, 300, 1200, 200, 0, GET, /a, -,\r\n',
  'a log in NCSA format': '10.0.0.9 - ann [01/Mar/2026:10:00:00 +0100] "GET /a HTTP/1.1" 200 1200\r\n',
  'an IIS failed request trace (FREB)': '<?xml version="1.0"?>\n<failedRequest url="https://x/a" siteId="1">\n',
  'Apigee Stats API totals': '{"environments":[{"name":"prod","dimensions":[{"name":"pay","metrics":[]}]}]}',
  'an Apigee debug session': '{"completed":true,"point":[{"id":"StateChange","results":[]}]}',
  'a raw Apigee analytics record file':
    '{"recordType":"APIAnalytics","client_received_start_timestamp":1772359200000,"response_status_code":200}\n',
  'Cloud Logging entries': '{"insertId":"1","logName":"projects/p/logs/apigee","jsonPayload":{"correlationId":"x"}}\n',
  "a log shipper's envelopes, not one a line": `[{"@timestamp":"2026-03-01T10:00:00Z","message":"${IIS_ROW.trim()}"}]`,
  "a log shipper's envelope": '{"@timestamp":"2026-03-01T10:00:00Z","message":"user logged in"}\n',
  'an Apigee asynchronous report': 'apiproxy,request_verb,sum(message_count)\npay,GET,5\n',
  'a delimited Apigee export without a header row': `${'a,'.repeat(20)}2026-03-01 10:00:00.5 UTC,b\n`,
  'JSON of another kind': '{"hello":"world"}\n',
  'a binary file': Buffer.from(Array.from({ length: 300 }, (_, i) => (i % 31) + 1)),
  'text of an unknown kind': 'Dear auditor,\nplease find attached\n',
} // biome-ignore format: a table

describe('logs that are refused by name', () => {
  test.each(Object.keys(REFUSED))('%s', name => expect(detected(REFUSED[name] ?? '')).toBe(name))

  test('every refusal has a log above', () => {
    expect([...REFUSED_NAMES].sort()).toEqual(Object.keys(REFUSED).sort())
  })

  test.each(Object.keys(REFUSED))('%s: the advice is one sentence', name => {
    const refusal = detectFormat(makeHead(Buffer.from(REFUSED[name] ?? ''), true))
    if (!('advice' in refusal)) throw new Error('read as a format')
    expect(refusal.advice).toMatch(/^[^.]{10,140}$/)
  })

  test('results of a search of Splunk in one object', () => {
    expect(detected(`{"preview":false,"init_offset":0,"results":[{"_raw":"${IIS_ROW.trim()}"}]}`)).toBe(
      "a log shipper's envelopes, not one a line",
    )
  })
  test('an indented envelope', () => {
    const json = { '@timestamp': '2026-03-01T10:00:00Z', message: IIS_ROW.trim() }
    expect(detected(JSON.stringify(json, null, 2))).toBe("a log shipper's envelopes, not one a line")
  })

  test('Apigee records that Cloud Logging wrapped', () => {
    const entry = { insertId: '1', jsonPayload: { message: IIS_ROW }, logName: 'x' }
    expect(detected(`${JSON.stringify(entry)}\n`)).toBe('Cloud Logging entries')
  })

  test('an asynchronous report in JSON', () => {
    expect(detected('{"apiproxy":"pay","request_verb":"GET","sum(message_count)":"5"}\n')).toBe('an Apigee asynchronous report')
  }) // biome-ignore format: one line
  test('old FTP rows, which IIS 4 wrote without columns of their own', () => {
    const log = '#Software: Microsoft Internet Information Server 4.0\n#Fields: time c-ip cs-method cs-uri-stem sc-status\n10:00:00 10.0.0.9 [2]USER ann 331\n'
    expect(detected(log)).toBe('an IIS FTP log')
  }) // biome-ignore format: one line
  test('FTP words in a row of an HTTP log make it no FTP log', () => {
    expect(detected(`#Fields: ${FIELDS}\n${IIS_ROW.replace('/a', '/a[2]USER')}`)).toBe('iis-w3c')
  })
})
