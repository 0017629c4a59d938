import { hash } from 'node:crypto'
import { basename, dirname, join, relative, sep } from 'node:path'
import type { FileRecord, SourceRecord } from '../ledger/entry.ts'
import { noErasures } from '../ledger/erasure.ts'
import type { Pruning } from '../ledger/pruning.ts'
import { type DayState, emptyState, type LedgerState, type StatePart } from '../ledger/state.ts'

/** A store that is open for reading, among others. */
export interface OpenLedger {
  /** Absolute. */
  readonly root: string
  readonly state: LedgerState
}

/** The nearest folder that holds all of these. */
export function folderOfAll(roots: readonly string[]): string {
  let common = dirname(roots[0] ?? sep)
  const holds = (root: string): boolean => root.startsWith(common.endsWith(sep) ? common : common + sep)
  while (!roots.every(holds) && dirname(common) !== common) common = dirname(common)
  return common
}

/** Names of stores by which a person tells them apart: the last part of their folders, where that differs. */
export function namesOfStores(roots: readonly string[]): string[] {
  const names = roots.map(root => basename(root))
  return new Set(names).size === names.length ? names : [...roots]
}

/**
 * What several stores hold together, as the state of one that had read everything: for readers. Paths of files count from
 * `root`, sources are numbered on. Applications are expected to lie whole in one store; where hops of one day of an
 * application lie in several, the links of all count, and the day is closed where it is closed in each.
 */
export function unite(stores: readonly OpenLedger[], root: string): LedgerState {
  const parts = partsOf(stores, root)
  const united: LedgerState = {
    ...emptyState(),
    storeId: parts.map(part => part.state.storeId).join(' '),
    // Grows with each entry of any of them.
    head: parts.reduce((sum, part) => sum + part.state.head + 1, -1),
    headDigest: digestOf(parts.map(part => part.state.headDigest)),
    configDigest: common(parts.map(part => part.state.configDigest)),
    configParts: configParts(parts),
    isStale: parts.some(part => part.state.isStale),
    erasures: noErasures(),
    pruning: prunings(parts),
    parts,
  }
  for (const part of parts) add(united, part)
  const days = [...united.days].sort(([, a], [, b]) =>
    a.day + a.application < b.day + b.application ? -1 : 1,
  )
  return { ...united, days: new Map(days) }
}

function partsOf(stores: readonly OpenLedger[], folder: string): StatePart[] {
  const names = namesOfStores(stores.map(store => store.root))
  const parts: StatePart[] = []
  const shipped = new Map<string, number>()
  let sourceOffset = 0
  for (const [i, { root, state }] of stores.entries()) {
    const renumbered = new Map<number, number>()
    for (const { id, shipped: it } of state.sources.values()) {
      const there = it && shipped.get(it.source)
      if (there !== undefined) renumbered.set(id, there)
      else if (it) shipped.set(it.source, id + sourceOffset)
    }
    parts.push({
      name: names[i] ?? root,
      root,
      below: relative(folder, root),
      state,
      sourceOffset,
      renumbered,
    })
    sourceOffset += [...state.sources.keys()].reduce((most, id) => Math.max(most, id + 1), 0)
  }
  return parts
}

function add(united: LedgerState, part: StatePart): void {
  const { state, sourceOffset, renumbered } = part
  const placed = placedFrom(part)
  const numberOf = (id: number): number => renumbered.get(id) ?? id + sourceOffset
  for (const [id, source] of state.sources) {
    const own = { ...source, id: numberOf(id) }
    united.sources.set(own.id, oneSource(united.sources.get(own.id), own))
  }
  for (const [id, at] of state.readAt) {
    // RFC 3339 in UTC: later is greater.
    if (at > (united.readAt.get(numberOf(id)) ?? '')) united.readAt.set(numberOf(id), at)
  }
  for (const [key, seen] of state.seen)
    if (seen.us > (united.seen.get(key)?.us ?? Number.NEGATIVE_INFINITY)) united.seen.set(key, seen)
  for (const [path, refused] of state.refused) united.refused.set(path, refused)
  for (const segment of state.segments) united.segments.push(placed(segment))
  for (const index of state.indexes) united.indexes.push(placed(index))
  for (const file of state.rejects)
    united.rejects.push({ ...placed(file), sources: file.sources.map(numberOf) })
  for (const key of state.unlinkedDays) united.unlinkedDays.add(key)
  for (const [key, day] of state.days) united.days.set(key, together(united.days.get(key), day, placed))
  for (const [id, suppression] of state.suppressions) {
    const known = united.suppressions.get(id)
    if (!known || known.at < suppression.at) united.suppressions.set(id, suppression)
  }
}

/**
 * A source of which collectors sent the lines of each application elsewhere: read as far as any store knows, with what
 * all of them took.
 */
function oneSource(known: SourceRecord | undefined, own: SourceRecord): SourceRecord {
  if (!known?.shipped || !own.shipped) return own
  const { elsewhere: _, ...accounting } = (known.accounting.lines >= own.accounting.lines ? known : own)
    .accounting
  const taken = { ...known.shipped.taken, ...own.shipped.taken }
  const rows = Object.values(taken).reduce((sum, it) => sum + it.rows, 0)
  const left = accounting.decoded - rows
  return {
    ...(known.accounting.lines >= own.accounting.lines ? known : own),
    shipped: { ...own.shipped, taken },
    accounting: {
      ...accounting,
      duplicates: known.accounting.duplicates + own.accounting.duplicates,
      possibleDuplicates: known.accounting.possibleDuplicates + own.accounting.possibleDuplicates,
      ...(left > 0 ? { elsewhere: left } : {}),
    },
  }
}

type Placed = <File extends Pick<FileRecord, 'path'>>(file: File) => File

/** Files of a part with their paths from the folder that holds all parts. */
export function placedFrom({ below }: StatePart): Placed {
  return file => ({ ...file, path: join(below, file.path) })
}

/** A day of one application in two stores; in one, as nearly always, it is what it is there. */
function together(known: DayState | undefined, day: DayState, placed: Placed): DayState {
  const link = day.link && { ...day.link, ...(day.link.file ? { file: placed(day.link.file) } : {}) }
  const own = { ...day, link, earlierLinks: day.earlierLinks.map(placed) }
  if (!known) return own
  const open = [known, own].find(it => it.state === 'open' && it.lastHopAt !== undefined)
  const files = [own.link?.file ?? [], known.further ?? []].flat()
  const lastHopAt = [known.lastHopAt ?? '', own.lastHopAt ?? ''].sort().at(-1)
  return {
    ...known,
    ...(known.link?.file ? {} : { link: own.link }),
    state: open ? 'open' : known.state,
    reason: open ? open.reason : known.reason,
    lastHopAt: lastHopAt === '' ? undefined : lastHopAt,
    earlierLinks: [...known.earlierLinks, ...own.earlierLinks],
    further: known.link?.file ? files : (known.further ?? []),
  }
}

/** Files of links that are kept of pruned days, of all stores; days before the latest of their bounds lack some. */
function prunings(parts: readonly StatePart[]): Pruning | undefined {
  const all = parts.flatMap(part => {
    const { pruning } = part.state
    if (!pruning) return []
    const placed = placedFrom(part)
    return [{ ...pruning, borders: new Map([...pruning.borders].map(([key, file]) => [`${part.name} ${key}`, placed(file)])) }]
  }) // biome-ignore format: one line
  const [last] = [...all].sort((a, b) => (a.before < b.before ? 1 : -1))
  if (!last) return undefined
  return {
    ...last,
    borders: new Map(all.flatMap(it => [...it.borders])),
    frozen: new Set(all.flatMap(it => [...it.frozen])),
  }
}

/** Parts of the configuration that all have alike; others get a digest that no configuration has. */
function configParts(parts: readonly StatePart[]): Record<string, string> {
  const names = [...new Set(parts.flatMap(part => Object.keys(part.state.configParts)))]
  return Object.fromEntries(
    names.map(name => [name, common(parts.map(part => part.state.configParts[name] ?? ''))]),
  )
}

/** The digest that all have, or one of all of them. */
function common(digests: readonly string[]): string {
  const [first = ''] = digests
  return digests.every(digest => digest === first) ? first : digestOf(digests)
}

function digestOf(texts: readonly string[]): string {
  return hash('sha256', texts.join(' '), 'hex')
}
