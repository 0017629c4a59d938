import { Collector, utcDay } from './collect.ts'
import type { Account, DirectoryImport, DirectoryOptions } from './result.ts'

/** Text of one object of a JSON file. */
interface JsonPiece {
  readonly line: number
  readonly text: string
}

type Fields = Readonly<Record<string, unknown>>

/**
 * Reads users as `GET /api/v1/users` answers, an array or one object a line
 * (https://developer.okta.com/docs/api/openapi/okta-management/management/tag/User/): `id`, `status`, `created`,
 * `statusChanged`, `profile.login`, `profile.email`, `profile.secondEmail`. Organisations that import from Active
 * Directory keep the account name as a property of the profile. `credentials` and the rest are not looked at.
 */
export function readOkta(text: string, options: DirectoryOptions): DirectoryImport {
  const collector = new Collector('okta-json')
  for (const { line, text: piece } of objectsOf(text)) {
    const account = readUser(line, piece, options)
    if (typeof account === 'string') collector.refuse(line, account)
    else collector.account(account)
  }
  return collector.result()
}

function readUser(line: number, text: string, { domain }: DirectoryOptions): Account | string {
  let user: Fields | undefined
  try {
    user = fieldsOf(JSON.parse(text))
  } catch {
    return 'not JSON'
  }
  const profile = fieldsOf(user?.profile)
  if (!user || !profile) return 'no user: an object with a profile is expected'
  const account = textOf(
    profile[Object.keys(profile).find(key => key.toLowerCase() === 'samaccountname') ?? ''],
  )
  const names = [textOf(profile.email), textOf(profile.secondEmail), textOf(user.id)]
  const logon = account && domain ? `${domain}\\${account}` : undefined
  const isGone = user.status === 'DEPROVISIONED'
  return {
    line,
    subjects: [textOf(profile.login)],
    names: [...names, logon],
    from: utcDay(textOf(user.created)),
    // Deactivated in the course of that day: the names end with it.
    to: isGone ? utcDay(textOf(user.statusChanged), 1) : undefined,
  }
}

function fieldsOf(value: unknown): Fields | undefined {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Fields) : undefined
}

function textOf(value: unknown): string | undefined {
  return typeof value === 'string' ? value : undefined
}

/** Objects of an array or of lines, each parsed alone so that a bad one spoils no other. */
function objectsOf(text: string): JsonPiece[] {
  const lines = text.split('\n')
  const first = lines.find(line => line.trim() !== '')?.trim() ?? ''
  if (first.startsWith('{') && first.endsWith('}')) {
    return lines.flatMap((line, index) => (line.trim() === '' ? [] : [{ line: index + 1, text: line }]))
  }
  return [...bracedOf(text)]
}

/** Runs from a brace to the one that closes it; braces in strings do not count. What is left open is one piece. */
function* bracedOf(text: string): Generator<JsonPiece> {
  const token = /"(?:[^"\\]|\\.)*"?|[{}\n]/gs
  let [depth, line, start, startLine] = [0, 1, 0, 1]
  for (const { 0: found, index } of text.matchAll(token)) {
    if (found === '{' && depth++ === 0) [start, startLine] = [index, line]
    else if (found === '}' && depth > 0 && --depth === 0)
      yield { line: startLine, text: text.slice(start, index + 1) }
    else line += found.split('\n').length - 1
  }
  if (depth > 0) yield { line: startLine, text: text.slice(start) }
}
