import type { Config } from '../../config/schema.ts'
import { ThroughlineError } from '../../errors.ts'
import type { FileRecord } from '../../ledger/entry.ts'
import type { ApplicationDay } from '../../ledger/state.ts'
import type { Subject } from '../../model/subject.ts'
import { recordedAliases } from '../../requests/subjects.ts'
import type { Store } from '../../store/store.ts'
import { holdsNaming, subjectsFilesNaming } from './files.ts'
import {
  type Affected,
  affectedSegments,
  around,
  findMentions,
  findOwnHops,
  type Mention,
} from './find-hops.ts'
import { linesMentioning, mentioning } from './lines.ts'
import { entriesOf, isOf, type Person, personOf, tellingNames } from './person.ts'
import { refusalsOf } from './refuse.ts'

export interface EraseRequest {
  readonly subject: Subject
  /** Names of it that are to be erased from requests of others, too. */
  readonly mentions: readonly string[]
}

/** A file, and how many of its lines mention the person. */
export interface FileLines {
  readonly file: FileRecord
  readonly rows: number
}

/** What an erasure changes. */
export interface ErasePlan {
  readonly person: Person
  /** Every name by which it is looked for. */
  readonly names: readonly string[]
  readonly segments: readonly Affected[]
  /** Requests with a hop among them. */
  readonly requests: number
  /** Names that requests of others mention, and those of them that are to be erased there. */
  readonly mentioned: readonly Mention[]
  readonly mentions: readonly string[]
  /** Days whose hops change, and days whose links stay as they are from then on. */
  readonly days: readonly string[]
  readonly frozen: readonly ApplicationDay[]
  readonly rejects: readonly FileLines[]
  readonly reads: readonly FileLines[]
  /** Files of aliases and holds that are not in force and name the person. */
  readonly subjectsFiles: readonly FileRecord[]
  readonly holds: readonly FileRecord[]
  /** Entries of the aliases in force that are the person's. */
  readonly aliases: number
  /** Why it may not be; empty where it may. */
  readonly refusals: readonly string[]
}

/** How far from a day its links look for hops. */
const LINK_DAYS = 1

/**
 * Finds everything that an erasure changes. Writes nothing; the tables erased_hops and erased_requests stay.
 *
 * @throws USAGE where the subject is several, HOLD_UNREADABLE
 */
export async function planErasure(
  store: Store,
  config: Config,
  { subject, mentions: wanted }: EraseRequest,
): Promise<ErasePlan> {
  const recorded = recordedAliases(store)
  const person = personOf(recorded, subject)
  const names = [...new Set([...person.names, ...(await findOwnHops(store, person))])].sort()
  const mentions = mentionsOf(names, wanted)
  const mentioned = await findMentions(store, names, mentions)
  const segments = await affectedSegments(store)
  const days = [...new Set(segments.map(s => s.segment.day))].sort()
  const near = around(days, LINK_DAYS)
  const frozen = [...store.state.days.values()].filter(d => near.has(d.day) && d.lastHopAt)
  const quotes = mentioning(tellingNames(person, names))
  const found = {
    person,
    names,
    segments,
    requests: await requestsIn(store),
    mentioned,
    mentions,
    days,
    frozen: frozen.map(({ application, day }) => ({ application, day })),
    rejects: await linesMentioning(store, 'rejects', quotes),
    reads: await linesMentioning(store, 'reads', quotes),
    subjectsFiles: subjectsFilesNaming(store, quotes),
    holds: holdsNaming(store, quotes),
    aliases: entriesOf(recorded).filter(entry => isOf(entry, person)).length,
  }
  return { ...found, refusals: isEmpty(found) ? [] : await refusalsOf(store, config, { ...found, quotes }) }
}

/**
 * The person's names among those that are to be erased from requests of others.
 *
 * @throws USAGE where one is none of them
 */
function mentionsOf(names: readonly string[], wanted: readonly string[]): string[] {
  return wanted.map(text => {
    const name = names.find(n => n.toLowerCase() === text.toLowerCase())
    if (name !== undefined) return name
    throw new ThroughlineError(
      'USAGE',
      `erase --mentions ${text}: that is no name of the subject; its names are ${names.join(', ')}`,
    )
  })
}

/** Whether there is nothing to erase. */
export function isEmpty(plan: Omit<ErasePlan, 'refusals'>): boolean {
  const { segments, rejects, reads, subjectsFiles, holds, aliases } = plan
  return aliases === 0 && [segments, rejects, reads, subjectsFiles, holds].every(list => list.length === 0)
}

async function requestsIn({ db }: Store): Promise<number> {
  const { n } = await db.row<{ n: string }>(
    'SELECT count(DISTINCT request_id)::VARCHAR AS n FROM erased_requests',
  )
  return Number(n)
}
