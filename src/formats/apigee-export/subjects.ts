import { SCRUBBED } from '../../model/scrub.ts'
import { isSentinel } from '../../model/sentinel.ts'
import { parseSubject, type Subject } from '../../model/subject.ts'
import { byteString, utf8Text } from '../encoding.ts'

const MEMO_LIMIT = 100_000

/** A subject as byte strings, and the value it was read from. */
export interface FoundSubject extends Subject {
  readonly raw: string
}

/** Finds who a record speaks of. Rows of one subject are many, so what a value means is kept. */
export class GatewaySubjects {
  readonly #users = new Map<string, FoundSubject | undefined>()
  readonly #clients = new Map<string, FoundSubject | undefined>()

  /**
   * @param users values of the configured subject columns, best first
   * @param clients client id and the e-mail of its developer: who called where no user is known
   */
  of(users: readonly string[], clients: readonly string[]): FoundSubject | undefined {
    for (const raw of users) {
      const found = raw === '' ? undefined : memo(this.#users, raw, parseUser)
      if (found) return found
    }
    for (const raw of clients) {
      const found = raw === '' ? undefined : memo(this.#clients, raw, parseClient)
      if (found) return found
    }
    return undefined
  }
}

function memo(
  known: Map<string, FoundSubject | undefined>,
  raw: string,
  parse: (text: string) => Subject | undefined,
): FoundSubject | undefined {
  let found = known.get(raw)
  if (found === undefined && !known.has(raw)) {
    const subject = parse(utf8Text(raw))
    found = subject && {
      kind: subject.kind,
      issuer: byteString(subject.issuer),
      name: byteString(subject.name),
      raw,
    }
    if (known.size > MEMO_LIMIT) known.clear()
    known.set(raw, found)
  }
  return found
}

function parseUser(text: string): Subject | undefined {
  return text === SCRUBBED ? undefined : parseSubject(text)
}

/** Client ids are opaque: case is kept, and no domain is read into them. */
function parseClient(text: string): Subject | undefined {
  return isSentinel(text) ? undefined : { kind: 'client', issuer: '', name: text.trim() }
}
