import { ThroughlineError } from '../../errors.ts'
import { foundAt, withPlace } from './caret.ts'
import type { SyntaxError as ParserError } from './parser.generated.js'

/** What went wrong in words. `offset` may differ from where the parser stopped. */
interface Explanation {
  readonly offset: number
  readonly problem: string
  readonly advice: string
}

/** Turns what the parser threw into the error a user sees. */
export function explain(text: string, error: ParserError): ThroughlineError {
  const offset = error.location.start.offset
  if (error.expected === null)
    return syntaxError(text, KNOWN[error.message]?.(text, offset) ?? unknown(offset))
  const expected = new Set(
    error.expected.map(item => (item.type === 'end' ? 'the end' : (item.description ?? ''))),
  )
  expected.delete('')
  return syntaxError(text, explainMismatch(text, offset, expected))
}

/** @returns FILTER_SYNTAX with the text, a caret under the place, the problem and what to do */
export function syntaxError(text: string, { offset, problem, advice }: Explanation): ThroughlineError {
  const headline = `the filter cannot be read at character ${offset + 1}: ${problem}`
  const message = withPlace(headline, { text, start: offset, end: offset }, advice)
  return new ThroughlineError('FILTER_SYNTAX', message, { filter: text, offset, problem, advice })
}

/** The codes that filter.peggy gives to error(). */
const KNOWN: Readonly<Record<string, (text: string, offset: number) => Explanation>> = {
  escape: (text, offset) => ({
    offset,
    problem: `"${text.slice(offset, offset + 2)}" is no escape, expected a backslash to be doubled`,
    advice: /^\\not(?![^\s():<>"{}])/i.test(text.slice(offset))
      ? 'put quotes around the word to search for the word itself'
      : `write ${doubled(text, offset)} for a value that contains a backslash`,
  }),
  'code-point': (text, offset) => ({
    offset,
    problem: `"${text.slice(offset, offset + 6)}" stands for no character`,
    advice: 'type the character itself',
  }),
  quote: (text, offset) => ({
    offset,
    problem: 'this quote is never closed',
    advice: text.includes('\\"', offset)
      ? 'add a closing quote; \\" is a quote inside the value, so write \\\\" to end it with a backslash'
      : 'add a closing quote; write \\" for a quote that belongs to a value',
  }),
  'edge-space': (_text, offset) => ({
    offset,
    problem: 'found white space at the edge of a value without quotes, which Kibana would drop',
    advice: 'put the value in quotes, or write * for what stands at its edge',
  }),
  null: (_text, offset) => ({
    offset,
    problem: 'found null, which in Kibana is no value',
    advice:
      'write not field:* for requests without a value, or put quotes around the word to search for the word itself',
  }),
  'range-wildcard': (_text, offset) => ({
    offset,
    problem: 'found a value with *, expected a plain value after < <= > >=',
    advice: 'use * after a colon, as in path:/payroll/*, or put the value in quotes to mean the character *',
  }),
  depth: (_text, offset) => ({
    offset,
    problem: 'parentheses and not are nested more than 100 deep',
    advice: 'remove parentheses that are not needed, or split the filter',
  }),
}

const unknown = (offset: number): Explanation => ({
  offset,
  problem: 'found something unexpected',
  advice: 'see docs/filter.md for the language',
})

/** The word around a bad backslash, as it should have been typed. */
function doubled(text: string, offset: number): string {
  const head = /[^\s():<>"*{}]*$/u.exec(before(text, offset))?.[0] ?? ''
  const tail = /^[^\s():<>"*{}\\]*/u.exec(text.slice(offset + 1))?.[0] ?? ''
  return `${head}\\\\${tail}`
}

const NEAR_CHARS = 200

/** What stands before a place; short, as patterns that end in $ take the square of the length. */
const before = (text: string, offset: number): string => text.slice(Math.max(0, offset - NEAR_CHARS), offset)

function explainMismatch(text: string, offset: number, expected: ReadonlySet<string>): Explanation {
  const name = /[^\s():<>"*{}]+(?=\s*$)/u.exec(before(text, offset))
  const second = name === null ? 0 : Math.max(0, offset - NEAR_CHARS) + name.index
  const isOperator = /[:<>]/.test(text[offset] ?? '')
  if (isOperator && expected.has('and') && hasWordBefore(text, second)) {
    return {
      offset: second,
      problem: `found ${foundAt(text, second)}, expected "and" or "or" before it`,
      advice: adviceForForgotten(text, offset, second),
    }
  }
  const found = foundAt(text, offset)
  return {
    offset,
    problem: `found ${found}, expected ${inWords(expected)}`,
    advice: ADVICE.find(entry => entry.when({ text, offset, expected }))?.advice ?? DEFAULT_ADVICE,
  }
}

/** A word before, with space between: two conditions stand side by side. */
const hasWordBefore = (text: string, index: number): boolean => /[^\s(:<>=]\s+$/u.test(before(text, index))

function inWords(expected: ReadonlySet<string>): string {
  const [first] = ['a value', 'a condition such as status:401'].filter(word => expected.has(word))
  if (first !== undefined) return first
  const words = ['and', 'or', ')', '*', 'the end'].filter(word => expected.has(word)).map(inQuotes)
  const last = words.pop() ?? 'something else'
  return words.length === 0 ? last : `${words.join(', ')} or ${last}`
}

const inQuotes = (word: string): string => (word === 'the end' ? word : `"${word}"`)

/** Two conditions seem to stand side by side, the second one beginning at `second` and its operator at `operator`. */
function adviceForForgotten(text: string, operator: number, second: number): string {
  const isTime = /\d{4}-\d\d-\d\d\s+$/.test(before(text, second))
  if (isTime) return 'write T between date and time, as in 2026-07-01T08:30:00Z'
  return text.slice(second, operator) === '=' ? 'write >= or <=' : 'put "and" or "or" between two conditions'
}

interface Place {
  readonly text: string
  readonly offset: number
  readonly expected: ReadonlySet<string>
}

const at =
  (pattern: RegExp, isValue?: boolean) =>
  ({ text, offset, expected }: Place): boolean =>
    pattern.test(text.slice(offset)) && (isValue === undefined || expected.has('a value') === isValue)

const DEFAULT_ADVICE =
  'put "and" or "or" between two conditions, and quotes around a value with special characters'

const NEGATE = 'write "not" before a condition to negate it, as in not status:401'

/** First match wins. */
const ADVICE: readonly { readonly when: (place: Place) => boolean; readonly advice: string }[] = [
  {
    when: at(/^[{}]/),
    advice:
      'nested fields with { } are not part of this language: name the field directly, as in subject:alice',
  },
  {
    when: ({ text, offset }) => /(?:^|[\s(])[!+-][\w@.]+$/.test(before(text, offset)),
    advice: NEGATE,
  },
  { when: at(/^&&/), advice: 'write "and" instead of &&' },
  { when: at(/^\|\|/), advice: 'write "or" instead of ||' },
  { when: ({ text, offset }) => text.slice(offset - 1, offset + 1) === '<>', advice: NEGATE },
  { when: at(/^[<>]=?/, true), advice: 'leave out the colon before < <= > >=, as in status >= 400' },
  {
    when: at(/^\(/, true),
    advice: 'write one value after < <= > >=, and join two comparisons with "and" or "or"',
  },
  {
    when: at(/^(?:and|or|not)(?![^\s():<>"{}])/i, true),
    advice: 'write a value, or put quotes around the word to search for the word itself',
  },
  { when: at(/^\)/, true), advice: 'write at least one value, as in status:(401 or 403)' },
  {
    when: ({ text, offset, expected }) =>
      text[offset] === ')' &&
      expected.has('a condition such as status:401') &&
      /\(\s*$/.test(before(text, offset)),
    advice: 'write a condition between the parentheses',
  },
  {
    when: ({ text, offset, expected }) => text[offset] === ')' && expected.has('and'),
    advice: 'remove this parenthesis or add the one that opens it',
  },
  { when: at(/^(?:and|or)(?![^\s():<>"{}])/i), advice: 'write a condition on each side of "and" and "or"' },
  { when: at(/^\s*$/, true), advice: 'write a value after the operator, or field:* for any value' },
  {
    when: ({ text, offset, expected }) => offset >= text.trimEnd().length && expected.has(')'),
    advice: 'close the parenthesis',
  },
  { when: at(/^\s*$/), advice: 'write a condition after "and", "or" or "not", or remove the word' },
  { when: at(/^\*/), advice: 'write the value without quotes to use * as a wildcard' },
  {
    when: ({ text, offset, expected }) =>
      expected.has('*') ||
      (/^[:<>]/.test(text.slice(offset)) && /\*[\w@.*-]*\s*$/.test(before(text, offset))),
    advice: '* in field names is not part of this language: name each field, and join them with "or"',
  },
  {
    when: ({ text, offset }) => text[offset] === ':' && /:\S*$/.test(before(text, offset)),
    advice: 'put quotes around a value that contains a colon',
  },
  {
    when: at(/^[:<>]/),
    advice: 'a comparison starts with the name of a field, without quotes: field:value or field >= value',
  },
]
