import type { FilterNode } from './ast.ts'
import { explain, syntaxError } from './explain.ts'
import { SyntaxError as ParserError, parse } from './parser.generated.js'

/** Far beyond what is typed; keeps a pasted file from being parsed. */
export const MAX_FILTER_CHARS = 65_536

/**
 * Reads a filter. Fields are not looked up and values are not typed: that is bindFilter.
 *
 * @param text nothing or only white space matches everything
 * @throws ThroughlineError FILTER_SYNTAX, whose message shows the text with a caret under the place
 * @example parseFilter('subject:"alice" and path:/payroll/* and status >= 400')
 */
export function parseFilter(text: string): FilterNode {
  if (text.length > MAX_FILTER_CHARS) {
    throw syntaxError(text, {
      offset: MAX_FILTER_CHARS,
      problem: `it is ${text.length} characters long, expected at most ${MAX_FILTER_CHARS}`,
      advice: 'split the filter, or use wildcards',
    })
  }
  const bad = /[\p{Surrogate}\0]/u.exec(text)
  if (bad !== null) {
    throw syntaxError(text, {
      offset: bad.index,
      problem: 'found a code that is no character',
      advice: 'remove the character and type it again',
    })
  }
  try {
    return parse(text)
  } catch (error) {
    throw error instanceof ParserError ? explain(text, error) : error
  }
}
