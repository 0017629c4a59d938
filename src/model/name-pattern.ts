/** Characters that a name goes on with: `ann` does not stand in `ann@corp.example`, `joann` or `ann-marie`. */
const NAME_CHARACTER = String.raw`\p{L}\p{N}._@\-`
/** An escape of a URL, once or more, that is none of these. */
const ESCAPED_END = '%(?:25)*(?:2[0-9a-cf]|3[a-f]|5[b-e]|60|7[b-e])'
const BEFORE = `(^|[^${NAME_CHARACTER}%]|${ESCAPED_END})`
const AFTER = `($|[^${NAME_CHARACTER}%]|${ESCAPED_END})`

/**
 * A regular expression for a name as logs write it: in any case, percent-encoded, blanks as plus signs, escaped in JSON.
 * Both RE2 and JavaScript (flags `iu`) read it.
 *
 * @param name not empty
 */
export function nameExpression(name: string): string {
  return [...name].map(characterExpression).join('')
}

/**
 * The same for a name that stands for itself, between two groups with what is around it: put back as `\1` and `\2`.
 * Names that share one character between them are found one after the other: replace twice.
 */
export function standingName(names: readonly string[]): string {
  return `${BEFORE}(?:${names.map(nameExpression).join('|')})${AFTER}`
}

function characterExpression(character: string): string {
  if (/[a-z0-9]/i.test(character)) return character
  const ways = new Set([character, character.toLowerCase(), character.toUpperCase()].flatMap(waysToWrite))
  if (character === ' ' || character === '+') for (const way of [' ', '+', '%20', '%2B']) ways.add(way)
  return `(?:${[...ways].map(literal).join('|')})`
}

/** As it stands, in a URL, in a URL that was encoded twice, and in JSON. */
function waysToWrite(character: string): string[] {
  const url = [...new TextEncoder().encode(character)].map(byte => `%${hex(byte, 2)}`).join('')
  const json = [...character].flatMap(c => JSON.stringify(c).slice(1, -1))
  const units = Array.from({ length: character.length }, (_, i) => `\\u${hex(character.charCodeAt(i), 4)}`)
  return [character, url, url.replaceAll('%', '%25'), ...json, units.join('')]
}

function hex(value: number, digits: number): string {
  return value.toString(16).padStart(digits, '0')
}

/** Both kinds of expressions take these, and only these, behind a backslash. */
function literal(text: string): string {
  return text.replace(/[\\^$.*+?()[\]{}|/]/g, '\\$&')
}
