import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { endsInQuotes, parseHeader, splitRecord } from './delimited.ts'

describe('splitRecord', () => {
  test.each([
    { name: 'plain values', text: 'a,b,', want: ['a', 'b', ''] },
    { name: 'a quoted comma', text: '"a,b",c', want: ['a,b', 'c'] },
    { name: 'a doubled quote', text: '"a ""b""",c', want: ['a "b"', 'c'] },
    { name: 'an empty quoted value', text: '"",""', want: ['', ''] },
    { name: 'a line feed in quotes', text: '"a\nb",c', want: ['a\nb', 'c'] },
    { name: 'a quote inside a plain value', text: 'a 5" screen,b', want: ['a 5" screen', 'b'] },
    { name: 'a quote that is not closed', text: '"a,b', want: undefined },
    { name: 'text behind a closing quote', text: '"a"b,c', want: undefined },
  ])('$name', ({ text, want }) => expect(splitRecord(text, ',')).toEqual(want))

  test('reads what RFC 4180 writes', () => {
    const value = fc.string({ unit: fc.constantFrom(...'a",|\t\n\r ') })
    fc.assert(
      fc.property(fc.array(value, { minLength: 1, maxLength: 6 }), fc.constantFrom(',', '|', '\t'), (values, delimiter) => {
        const record = values.map(v => `"${v.replaceAll('"', '""')}"`).join(delimiter)
        expect(splitRecord(record, delimiter)).toEqual(values)
        expect(endsInQuotes(record, delimiter, false)).toBe(false)
        expect(endsInQuotes(record.slice(0, -1), delimiter, false)).toBe(true)
      }),
    ) // biome-ignore format: one property
  })
})

describe('endsInQuotes', () => {
  test.each([
    { name: 'a value that is open', text: 'a,"b', isOpen: false, want: true },
    { name: 'a value that is closed', text: 'a,"b"', isOpen: false, want: false },
    { name: 'a stray quote in a plain value', text: 'a 5" screen,b', isOpen: false, want: false },
    { name: 'a line that closes the value before', text: 'b",c', isOpen: true, want: false },
    { name: 'a line that closes it and opens another', text: 'b","c', isOpen: true, want: true },
    { name: 'a doubled quote closes nothing', text: 'b"",c', isOpen: true, want: true },
    { name: 'a line without quotes', text: 'b', isOpen: true, want: true },
  ])('$name', ({ text, isOpen, want }) => expect(endsInQuotes(text, ',', isOpen)).toBe(want))
})

describe('parseHeader', () => {
  test.each([
    { name: 'comma', text: 'apiproxy,request_verb', want: { delimiter: ',', names: ['apiproxy', 'request_verb'] } },
    { name: 'pipe, quoted, any case', text: '"ApiProxy"|"Request_Verb"', want: { delimiter: '|', names: ['apiproxy', 'request_verb'] } },
    { name: 'tab and blanks', text: ' apiproxy \t request_verb ', want: { delimiter: '\t', names: ['apiproxy', 'request_verb'] } },
    { name: 'letters that are not ASCII keep their bytes', text: 'apiproxy,request_verb,dc_\xc3\x80', want: { delimiter: ',', names: ['apiproxy', 'request_verb', 'dc_\xc3\x80'] } },
    { name: 'a row', text: 'pay,GET,200', want: undefined },
    { name: 'a table of something else', text: 'name,status,apiproxies', want: undefined },
  ])('$name', ({ text, want }) => expect(parseHeader(text)).toEqual(want)) // biome-ignore format: a table
})
