import { textIn } from './facts.ts'
import { joins, type LinkFacts, type RequestRecord } from './record.ts'
import { type HopPlace, populationLine } from './record-columns.ts'

/** Where the hops of a line of population.ndjson lie. */
export function placesOf(text: string): HopPlace[] | undefined {
  const cut = text.lastIndexOf(',"hops":[')
  if (cut < 0 || !text.endsWith('}')) return undefined
  try {
    const places = JSON.parse(text.slice(cut + 8, -1)) as unknown[]
    const isPlace = (place: unknown): place is HopPlace =>
      Array.isArray(place) && place.length === 2 && place.every(Number.isSafeInteger)
    return places.length > 0 && places.every(isPlace) ? places : undefined
  } catch {
    return undefined
  }
}

/** Whether link rows are those that a request of this state has. */
export function areOfState(state: string, record: RequestRecord, links: readonly LinkFacts[]): boolean {
  const id = textIn(record, 'request_id')
  const isAtGateway = record.gateway_hop_id !== undefined
  const isOwn = ({ facts }: LinkFacts): boolean =>
    textIn(facts, isAtGateway ? 'gateway_hop_id' : 'app_hop_id') === id
  if (!links.every(isOwn)) return false
  switch (state) {
    case 'joined':
      return links.length === record.app_hops && links.every(l => !l.isBorder && joins(l.facts))
    case 'partner-pruned':
      return links.length > 0 && links.every(l => l.isBorder !== isAtGateway && joins(l.facts))
    case 'ambiguous':
    case 'callout':
      return links.length > 0 && links.every(l => !l.isBorder && textIn(l.facts, 'verdict') === state)
    default:
      return links.length === 0
  }
}

/** Which column of a record differs from a line. */
export function difference(record: RequestRecord, text: string): string {
  try {
    const said = JSON.parse(text) as Record<string, unknown>
    const derived = JSON.parse(populationLine(record, [])) as Record<string, unknown>
    for (const column of new Set([...Object.keys(said), ...Object.keys(derived)])) {
      if (column === 'hops' || JSON.stringify(said[column]) === JSON.stringify(derived[column])) continue
      return `${column} is ${JSON.stringify(said[column]) ?? 'absent'}, its hops and links say ${JSON.stringify(derived[column]) ?? 'nothing'}`
    }
    return 'it is not written as it must be'
  } catch {
    return 'it is no JSON'
  }
}
