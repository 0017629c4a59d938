import { describe, expect, test } from 'vitest'
import { ThroughlineError } from '../../errors.ts'
import { MAX_FILTER_CHARS, parseFilter } from './parse.ts'

const lines = (...text: string[]) => text.join('\n')

describe('errors', () => {
  test.each([
    {
      name: 'a forgotten operator',
      text: 'status:401 adn subject:alice',
      want: lines(
        'the filter cannot be read at character 16: found "subject", expected "and" or "or" before it',
        '  status:401 adn subject:alice',
        '                 ^',
        'put "and" or "or" between two conditions',
      ),
    },
    {
      name: 'an unescaped backslash',
      text: 'subject:DOMAIN\\alice',
      want: lines(
        'the filter cannot be read at character 15: "\\a" is no escape, expected a backslash to be doubled',
        '  subject:DOMAIN\\alice',
        '                ^',
        'write DOMAIN\\\\alice for a value that contains a backslash',
      ),
    },
    {
      name: 'nested fields',
      text: 'user:{ name:alice }',
      want: lines(
        'the filter cannot be read at character 6: found "{", expected a value',
        '  user:{ name:alice }',
        '       ^',
        'nested fields with { } are not part of this language: name the field directly, as in subject:alice',
      ),
    },
    {
      name: 'an open quote',
      text: 'subject:"alice',
      want: lines(
        'the filter cannot be read at character 9: this quote is never closed',
        '  subject:"alice',
        '          ^',
        'add a closing quote; write \\" for a quote that belongs to a value',
      ),
    },
    {
      name: 'an open parenthesis',
      text: '(status:401 or status:403',
      want: lines(
        'the filter cannot be read at character 26: found the end, expected "and", "or" or ")"',
        '  (status:401 or status:403',
        '                           ^',
        'close the parenthesis',
      ),
    },
    {
      name: 'a colon before a comparison',
      text: 'status:>=400',
      want: lines(
        'the filter cannot be read at character 8: found ">=", expected a value',
        '  status:>=400',
        '         ^',
        'leave out the colon before < <= > >=, as in status >= 400',
      ),
    },
    {
      name: 'the caret counts columns, and control characters take one',
      text: 'subject:渡辺\tfoo)',
      want: lines(
        'the filter cannot be read at character 15: found ")", expected "and", "or" or the end',
        '  subject:渡辺 foo)',
        '                  ^',
        'remove this parenthesis or add the one that opens it',
      ),
    },
    {
      name: 'only the line in question is shown',
      text: 'status:401\nor {\nor a',
      want: lines(
        'the filter cannot be read at character 15: found "{", expected a condition such as status:401',
        '  or {',
        '     ^',
        'nested fields with { } are not part of this language: name the field directly, as in subject:alice',
      ),
    },
    {
      name: 'a long line is cut',
      text: `${'x'.repeat(150)})${'y'.repeat(100)}`,
      want: lines(
        'the filter cannot be read at character 151: found ")", expected "and", "or" or the end',
        `  …${'x'.repeat(60)})${'y'.repeat(39)}…`,
        `   ${' '.repeat(60)}^`,
        'remove this parenthesis or add the one that opens it',
      ),
    },
  ])('$name', ({ text, want }) => expect(messageOf(text)).toBe(want))
})

function messageOf(text: string): string {
  try {
    parseFilter(text)
  } catch (error) {
    if (error instanceof ThroughlineError && error.code === 'FILTER_SYNTAX') return error.message
    throw error
  }
  return 'no error'
}

describe('advice', () => {
  test.each([
    ['a and', 6, 'write a condition after "and", "or" or "not", or remove the word'],
    ['a or or b', 6, 'write a condition on each side of "and" and "or"'],
    ['and', 1, 'write a condition on each side of "and" and "or"'],
    ['status:and', 8, 'write a value, or put quotes around the word to search for the word itself'],
    ['()', 2, 'write a condition between the parentheses'],
    ['status:()', 9, 'write at least one value, as in status:(401 or 403)'],
    ['status:', 8, 'write a value after the operator, or field:* for any value'],
    ['a && b', 3, 'write "and" instead of &&'],
    ['a || b', 3, 'write "or" instead of ||'],
    ['!status:401', 8, 'write "not" before a condition to negate it, as in not status:401'],
    ['status<>401', 8, 'write "not" before a condition to negate it, as in not status:401'],
    ['status => 401', 8, 'write >= or <='],
    [
      'status >= (401 or 402)',
      11,
      'write one value after < <= > >=, and join two comparisons with "and" or "or"',
    ],
    ['start >= 2026-07-01 08:30:00', 21, 'write T between date and time, as in 2026-07-01T08:30:00Z'],
    ['path:a:b', 7, 'put quotes around a value that contains a colon'],
    [
      '"a":b',
      4,
      'a comparison starts with the name of a field, without quotes: field:value or field >= value',
    ],
    ['path:"a"*', 9, 'write the value without quotes to use * as a wildcard'],
    [
      'path >= a*',
      9,
      'use * after a colon, as in path:/payroll/*, or put the value in quotes to mean the character *',
    ],
    ['path:\\u0020a', 6, 'put the value in quotes, or write * for what stands at its edge'],
    ['path:*a\u3000', 6, 'put the value in quotes, or write * for what stands at its edge'],
    [
      'path:null',
      6,
      'write not field:* for requests without a value, or put quotes around the word to search for the word itself',
    ],
    [
      'sub*:alice',
      5,
      '* in field names is not part of this language: name each field, and join them with "or"',
    ],
    ['*:alice', 3, '* in field names is not part of this language: name each field, and join them with "or"'],
    ['DOMAIN\\andrew', 7, 'write DOMAIN\\\\andrew for a value that contains a backslash'],
    ['subject:\\not', 9, 'put quotes around the word to search for the word itself'],
    ['"DOMAIN\\nancy"', 8, 'write DOMAIN\\\\nancy for a value that contains a backslash'],
    [
      '"abc\\"',
      1,
      'add a closing quote; \\" is a quote inside the value, so write \\\\" to end it with a backslash',
    ],
    ['\\u0000', 1, 'type the character itself'],
    ['a\0', 2, 'remove the character and type it again'],
    ['a \ud800', 3, 'remove the character and type it again'],
    [
      '1 not 2',
      3,
      'put "and" or "or" between two conditions, and quotes around a value with special characters',
    ],
    [`${'('.repeat(101)}a`, 102, 'remove parentheses that are not needed, or split the filter'],
    [`${'not '.repeat(101)}a`, 404, 'remove parentheses that are not needed, or split the filter'],
    [`s:${'('.repeat(101)}a`, 104, 'remove parentheses that are not needed, or split the filter'],
  ])('%j', (text, character, advice) => {
    const message = messageOf(text)
    expect(message).toContain(`at character ${character}: `)
    expect(message.split('\n').at(-1)).toBe(advice)
  })
})

test('nesting and length are accepted up to the limit', () => {
  expect(parseFilter(`${'('.repeat(100)}a${')'.repeat(100)}`)).toMatchObject({
    kind: 'text',
    value: { text: 'a' },
  })
  expect(parseFilter('x'.repeat(MAX_FILTER_CHARS)).kind).toBe('text')
  expect(messageOf('x'.repeat(MAX_FILTER_CHARS + 1))).toContain('expected at most 65536')
  expect(parseFilter(Array(5000).fill('(a)').join(' or '))).toMatchObject({
    kind: 'or',
    items: { length: 5000 },
  })
})

test.each(['(', 'a(', 'a:', ':', 'a ', '"a" ', '(a) ', 'not ', '\\', 'a\\\\', '*'])(
  'a long run of %j is answered at once',
  piece => {
    const started = performance.now()
    messageOf(piece.repeat(Math.floor(MAX_FILTER_CHARS / piece.length)))
    expect(performance.now() - started).toBeLessThan(2000)
  },
)
