import { createHmac } from 'node:crypto'

/** What is hidden from a receiver: who, and from where. */
export type Personal = 'subject' | 'address'

/** A stand-in for a personal value: equal values have equal ones, and only who has the key can tell whose it is. */
export type Redactor = (what: Personal, value: string) => string

/**
 * Stand-ins `hmac:` and 16 hex digits of HMAC-SHA256. Case is folded, so that both sides' ways of writing one subject
 * have one stand-in; a subject and an address that are written alike have two.
 */
export function redactor(key: Buffer): Redactor {
  const known = new Map<string, string>()
  return (what, value) => {
    const text = `${what}\u0000${value.toLowerCase()}`
    let found = known.get(text)
    if (found === undefined) {
      found = `hmac:${createHmac('sha256', key).update(text).digest('hex').slice(0, 16)}`
      if (known.size >= MOST_KNOWN) known.clear()
      known.set(text, found)
    }
    return found
  }
}

/** Stand-ins that are remembered, so that memory is bounded. */
const MOST_KNOWN = 50_000
