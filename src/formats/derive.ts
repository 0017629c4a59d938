import { normalizeId } from '../model/ids.ts'
import { SCRUBBED } from '../model/scrub.ts'
import { isSentinel } from '../model/sentinel.ts'
import { parseSubject, type Subject } from '../model/subject.ts'
import type { FieldChoices } from './format.ts'
import { pickFields } from './pick-fields.ts'

/** What a configuration reads out of a stored hop's own values. */
export interface Derived {
  readonly correlation_id: string | null
  readonly correlation_raw: string | null
  readonly correlation_field: string | null
  readonly other_ids: readonly string[] | null
  readonly subject_kind: string | null
  readonly subject_issuer: string | null
  readonly subject_name: string | null
  readonly subject_raw: string | null
}

/** The values of a stored hop that ids and subjects are read from. */
export interface Stored {
  /** By field name: columns without a column of their own in the facts, and the field that the id came from. */
  readonly fields: ReadonlyMap<string, string>
  /** Values that name a person where no field does, best first. */
  readonly users: readonly (string | null)[]
  /** Values that name a client application where nobody is named. */
  readonly clients: readonly (string | null)[]
}

/** Reads ids and subject again, as reading the line with these field choices would. */
export function deriveAgain({ fields, users, clients }: Stored, choices: FieldChoices): Derived {
  const names = [...fields.keys()].map(name => ({ name }))
  const ids = pickFields(choices.correlation, names).flatMap(({ name }) => {
    const raw = fields.get(name) ?? ''
    const id = raw === SCRUBBED ? undefined : normalizeId(raw)
    return id === undefined ? [] : [{ name, raw, id }]
  })
  const [first, ...others] = ids
  const named = pickFields(choices.subject, names).map(({ name }) => fields.get(name) ?? null)
  return {
    correlation_id: first?.id ?? null,
    correlation_raw: first?.raw ?? null,
    correlation_field: first?.name ?? null,
    other_ids: others.length > 0 ? others.map(o => `${o.name}=${o.id}`) : null,
    ...subjectOf([...named, ...users], clients),
  }
}

function subjectOf(users: readonly (string | null)[], clients: readonly (string | null)[]) {
  for (const raw of users) {
    const subject = raw && raw !== SCRUBBED ? parseSubject(raw) : undefined
    if (raw && subject) return columns(subject, raw)
  }
  const client = clients.find(raw => raw !== null && !isSentinel(raw))
  return columns(client ? { kind: 'client', issuer: '', name: client.trim() } : undefined, client ?? null)
}

function columns(subject: Subject | undefined, raw: string | null) {
  return {
    subject_kind: subject?.kind ?? null,
    subject_issuer: subject ? subject.issuer || null : null,
    subject_name: subject?.name ?? null,
    subject_raw: subject ? raw : null,
  }
}
