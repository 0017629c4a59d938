import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { FACT_COLUMNS } from './hop.ts'
import { personalColumns, restColumns } from './leaf-columns.ts'
import { doubleText, type LeafColumn, leafText, parseLeafText } from './leaf-text.ts'

const COLUMNS: readonly LeafColumn[] = [
  { name: 'id', sql: 'UUID' },
  { name: 'at', sql: 'TIMESTAMP' },
  { name: 'path', sql: 'VARCHAR' },
  { name: 'others', sql: 'VARCHAR[]' },
  { name: 'called', sql: 'BOOLEAN' },
  { name: 'day', sql: 'DATE' },
  { name: 'posterior', sql: 'DOUBLE' },
  { name: 'reason', sql: 'VARCHAR', isLater: true },
]

// Worked out by hand from the grammar.
test.each([
  { name: 'nothing', row: {}, text: '\t\t\t\t\t\t\t' },
  {
    name: 'a value of each type',
    row: {
      id: 'ab',
      at: 1772438400000000,
      path: '/a',
      others: ['x=1', 'y=2'],
      called: false,
      day: '2026-03-02',
      posterior: 0.5,
    },
    text: 'ab\t1772438400000000\t/a\tx=1\x1b,y=2\tfalse\t2026-03-02\t0.5\t',
  },
  { name: 'the empty text', row: { path: '' }, text: '\t\t\x1b0\t\t\t\t\t' },
  { name: 'a tab and an escape', row: { path: 'a\tb\x1bt' }, text: '\t\ta\x1btb\x1bet\t\t\t\t\t' },
  { name: 'a list without items', row: { others: [] }, text: '\t\t\t\x1bn\t\t\t\t' },
  { name: 'a list of one empty text', row: { others: [''] }, text: '\t\t\t\x1b0\t\t\t\t' },
  { name: 'a column that came later', row: { reason: 'a=b' }, text: '\t\t\t\t\t\t\treason=a=b\t' },
])('$name', ({ row, text }) => {
  expect(leafText(COLUMNS, row)).toBe(text)
  const whole = Object.fromEntries(
    COLUMNS.map(c => [c.name, (row as Record<string, unknown>)[c.name] ?? null]),
  )
  expect(parseLeafText(COLUMNS, text)).toEqual(whole)
})

test.each([
  { name: 'a column too few', text: '\t\t\t\t\t\t' },
  { name: 'a column too many', text: '\t\t\t\t\t\t\t\t' },
  { name: 'no tab at the end', text: '\t\t\t\t\t\t\ta' },
  { name: 'an unknown column', text: '\t\t\t\t\t\t\tother=1\t' },
  { name: 'an escape that says nothing', text: '\t\t\x1b\t\t\t\t\t' },
  { name: 'a number with a leading zero', text: '\t01\t\t\t\t\t\t' },
  { name: 'a boolean of another case', text: '\t\t\t\tTRUE\t\t\t' },
  { name: 'a double written otherwise', text: '\t\t\t\t\t\t0.50\t' },
  { name: 'nothing at all', text: '' },
])('$name is no text of a row', ({ text }) => expect(parseLeafText(COLUMNS, text)).toBe(undefined))

const odd = fc.string({
  unit: fc.constantFrom('a', '\t', '\x1b', '0', 'n', 't', 'e', ',', '=', '\n', 'ä', '💡'),
  maxLength: 6,
})
const rows = fc.record({
  id: fc.option(fc.stringMatching(/^[0-9a-f]{32}$/)),
  at: fc.option(fc.maxSafeInteger()),
  path: fc.option(odd),
  others: fc.option(fc.array(odd, { maxLength: 3 })),
  called: fc.option(fc.boolean()),
  day: fc.option(fc.stringMatching(/^20[0-9]{2}-0[1-9]-[12][0-9]$/)),
  posterior: fc.option(fc.double()),
  reason: fc.option(odd),
})

test('a row is read back from its text, so that no two rows have one text', () => {
  fc.assert(
    fc.property(rows, row => {
      expect(parseLeafText(COLUMNS, leafText(COLUMNS, row))).toEqual(row)
    }),
  )
})

test('any text is read as a row that has this text, or not at all', () => {
  fc.assert(
    fc.property(odd, odd, (a, b) => {
      const text = `${a}\t\t${b}\t\t\t\t\t`
      const row = parseLeafText(COLUMNS, text)
      if (row) expect(leafText(COLUMNS, row)).toBe(text)
    }),
  )
})

describe('doubles', () => {
  test.each([
    [0, '0.0'],
    [-0, '-0.0'],
    [1, '1.0'],
    [0.1, '0.1'],
    [-1234.5, '-1234.5'],
    [0.0001, '0.0001'],
    [0.00001, '1e-5'],
    [1.5e-7, '1.5e-7'],
    [1e15, '1000000000000000.0'],
    [1e16, '1e16'],
    [5e-324, '5e-324'],
    [Number.POSITIVE_INFINITY, 'inf'],
    [Number.NaN, 'nan'],
  ])('%d is %s', (value, text) => expect(doubleText(value)).toBe(text))
})

// What has been sealed stays: a column that comes anew is to be added to LATER of leaf-columns.ts.
describe('columns of leaves', () => {
  const namesOf = (columns: readonly LeafColumn[]) =>
    columns
      .filter(c => !c.isLater)
      .map(c => c.name)
      .join(' ')
  test('of the gateway', () => {
    expect(namesOf(personalColumns('gateway'))).toBe(
      'developer developer_app developer_email client_id access_token query subject_issuer subject_name subject_raw peer_ip client_ip user_agent attributes',
    )
    expect(namesOf(restColumns('gateway'))).toBe(
      'hop_id field_count source_id line_no byte_offset start_ts end_ts client_received_start_ts client_received_end_ts target_sent_start_ts target_sent_end_ts target_received_start_ts target_received_end_ts client_sent_start_ts client_sent_end_ts stamp_rule resolution_ms clock target_called obfuscated organization environment gateway_source message_id proxy proxy_revision product application method path path_key proxy_basepath proxy_pathsuffix status target_status target target_host target_ip target_url target_basepath cache_hit fault_code fault_policy is_error policy_error target_error total_ms target_ms correlation_id correlation_raw correlation_field other_ids traceparent subject_kind bytes_in bytes_out',
    )
  })
  test('of apps', () => {
    expect(namesOf(personalColumns('app'))).toBe(
      'query username subject_issuer subject_name subject_raw peer_ip client_ip user_agent referer attributes',
    )
    expect(namesOf(restColumns('app'))).toBe(
      'hop_id source_id line_no byte_offset start_ts end_ts duration_us resolution_ms clock host site server_ip server_port host_header application method path path_key arr_log_id status substatus win32_status handshake correlation_id correlation_raw correlation_field other_ids traceparent subject_kind protocol bytes_in bytes_out',
    )
  })
  test.each(['gateway', 'app'] as const)('are all columns of the %s hops', kind => {
    const all = [...personalColumns(kind), ...restColumns(kind)].map(c => c.name).sort()
    expect(all).toEqual(FACT_COLUMNS[kind].map(c => c.name).sort())
  })
})
