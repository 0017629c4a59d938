import { parseSubject, type Subject } from './subject.ts'

/**
 * Reads a subject as people write it in a configuration or an alias file: any form that `parseSubject` knows, with
 * `user:`, `client:` or `host:` before it where the form does not show the kind. `user:["issuer","name"]` says both
 * parts as they are stored.
 */
export function parseSubjectText(text: string): Subject | undefined {
  const [, kind, name = ''] = /^\s*(user|client|host):(.+)$/s.exec(text) ?? []
  if (kind !== 'user' && kind !== 'client' && kind !== 'host') return parseSubject(text)
  const parts = name.startsWith('["') ? readParts(name) : undefined
  if (parts) return { kind, issuer: parts[0], name: parts[1] }
  const found = parseSubject(name, kind)
  return found && { ...found, kind }
}

function readParts(text: string): [string, string] | undefined {
  try {
    const [issuer, name, ...more] = JSON.parse(text) as unknown[]
    const isPair = typeof issuer === 'string' && typeof name === 'string' && name !== '' && more.length === 0
    return isPair ? [issuer, name] : undefined
  } catch {
    return undefined
  }
}

/** A text that `parseSubjectText` reads as this subject: the first of the usual forms that is one. */
export function subjectText(subject: Subject): string {
  const { kind, issuer, name } = subject
  const named = `cn=${name.replace(/[,+"\\<>;=#]/g, '\\$&')},${issuer}`
  const forms =
    issuer === '' ? [name] : [`${issuer}\\${name}`, `${issuer}|${name}`, `${issuer}!${name}`, named]
  const texts = forms.flatMap(form => [form, `${kind}:${form}`])
  return (
    texts.find(text => isSame(parseSubjectText(text), subject)) ?? `${kind}:${JSON.stringify([issuer, name])}`
  )
}

export function isSame(a: Subject | undefined, b: Subject): boolean {
  return a !== undefined && a.kind === b.kind && a.issuer === b.issuer && a.name === b.name
}

/** Subjects with one key are one. Blanks and pluses do not differ: facts of IIS logs keep the plus for a blank. */
export function subjectKey({ kind, issuer, name }: Subject): string {
  return `${kind} ${issuer.length} ${spelled(issuer)} ${spelled(name)}`
}

/** As IIS logs it. */
export function spelled(text: string): string {
  return text.includes(' ') ? text.replaceAll(' ', '+') : text
}
