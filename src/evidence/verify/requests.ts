import type { LedgerState } from '../../ledger/state.ts'
import type { HopKind } from '../../model/hop.ts'
import type { BoundFilter } from '../../requests/filter/index.ts'
import { asksFindings, FINDING_COLUMNS } from '../../requests/findings-source.ts'
import type { Redaction } from '../schema.ts'
import { hourOfRecord, type Period, requestExceptions } from './accounts.ts'
import type { AliasTable } from './alias-table.ts'
import { CSV_HEADER, csvRecord } from './csv.ts'
import { type DisclosedHop, type DisclosedLink, readHop, readLink } from './disclosure.ts'
import { evaluate } from './evaluate.ts'
import { type Facts, numberIn, textIn } from './facts.ts'
import type { Findings } from './findings.ts'
import { isUnasked, serverHop } from './kernel.ts'
import type { Line, LineReader } from './lines.ts'
import { areOfState, difference, placesOf } from './population-lines.ts'
import type { ProvenFile } from './proofs.ts'
import { type Days, type LinkFacts, type RequestRecord, recordOf } from './record.ts'
import { type HopPlace, populationLine, stampText } from './record-columns.ts'
import { sampleEntry } from './sample-entry.ts'
import { noTotals, type Totals } from './totals.ts'
import type { Crypto } from './world.ts'

/** First line of population.csv. */
export const CSV_FIRST = `${CSV_HEADER}\r`

/** Files that are read side by side, a request at a time. */
export interface RequestFiles {
  readonly population: LineReader
  readonly csv: LineReader
  readonly facts: LineReader
  readonly links: LineReader
  readonly exceptions: LineReader
}

export interface RequestRules {
  readonly state: LedgerState
  readonly segments: readonly ProvenFile[]
  readonly generations: readonly ProvenFile[]
  readonly aliases: AliasTable
  readonly filter: BoundFilter | undefined
  readonly period: Period
  readonly redaction: Redaction
  readonly sampleSeed: string
  /** Requests that sample.json shows, and all that findings name. */
  readonly shown: ReadonlySet<string>
  readonly named: ReadonlySet<string>
  readonly crypto: Crypto
  readonly findings: Findings
}

/** Where in a bundle a check begins, and what it adds to. */
export interface Begin {
  readonly request: number
  readonly totals: Totals
  /** What goes to exceptions.ndjson, instead of being compared with it. */
  readonly except: (text: string) => void
}

/** Derives every request again from its disclosed hops and links, and compares what the bundle says of it. */
export class RequestCheck {
  readonly totals: Totals
  readonly #rules: RequestRules
  readonly #files: RequestFiles
  readonly #days: Days
  readonly #withheld: ReadonlySet<string>
  #first: readonly [startUs: number, id: string] | undefined
  #last: readonly [startUs: number, id: string] = [Number.NEGATIVE_INFINITY, '']
  readonly #kindOf: (segment: number) => HopKind | undefined
  readonly #begin: Begin | undefined
  /** Number of the next request. */
  #request: number

  constructor(files: RequestFiles, rules: RequestRules, begin?: Begin) {
    const { state, redaction } = rules
    this.#files = files
    this.#rules = rules
    this.#kindOf = n => rules.segments[n]?.kind
    this.#withheld = new Set([...redaction.withheld, ...redaction.pseudonyms, ...FINDING_COLUMNS])
    this.#days = {
      isClosed: (application, day) => state.days.get(`${application} ${day}`)?.state === 'closed',
      prunedBefore: state.pruning?.before,
    }
    this.#begin = begin
    this.#request = begin?.request ?? 0
    this.totals = begin?.totals ?? noTotals(rules)
  }

  /** The start and the id of the request that was checked first. */
  get first(): readonly [startUs: number, id: string] {
    return this.#first ?? this.#last
  }

  /** The same of the last. */
  get last(): readonly [startUs: number, id: string] {
    return this.#last
  }

  /** Checks requests from the middle of a bundle; whether its lines are just those that they need. */
  async runPart(): Promise<boolean> {
    const { population, csv, facts, links } = this.#files
    for (let line = await population.next(); line; line = population.take() ?? (await population.next())) await this.#check(line)
    for (const reader of [csv, facts, links]) if (await reader.next()) return false
    return true
  } // biome-ignore format: one loop

  async run(): Promise<void> {
    const { population, csv } = this.#files
    const header = await csv.next()
    if (header?.text !== CSV_FIRST) this.#fail('soundness', header, csv, 'it has another header')
    for (let line = population.take() ?? (await population.next()); line; line = population.take() ?? (await population.next()))
      await this.#check(line)
    await this.#nothingLeft()
    this.say()
  } // biome-ignore format: one loop

  async #check(line: Line): Promise<void> {
    const { population, csv } = this.#files
    const n = this.#request++
    this.totals.requests++
    const places = placesOf(line.text)
    if (!places) return this.#fail('soundness', line, population, 'it names no hops')
    const hops = await this.#hops(places)
    const links = await this.#linksOf(n)
    const legs = hops && this.#legs(hops, links)
    if (!legs) return this.#fail('soundness', line, population, 'its hops are not those of one request')
    const record = recordOf(legs, this.#days)
    const shown = this.#shown(record)
    if (populationLine(shown, places) !== line.text) {
      this.#fail('soundness', line, population, difference(shown, line.text))
    }
    this.#fits(record, line, legs.links)
    const row = csv.take() ?? (await csv.next())
    if (row?.text !== `${csvRecord(shown)}\r`)
      this.#fail('soundness', row, csv, `it differs from request ${record.request_id} in population.ndjson`)
    for (const exception of requestExceptions(record, legs.gateway))
      await this.expect(JSON.stringify(exception))
    this.#count(record)
    this.#meet(String(record.request_id), hops)
  }

  /** The next line of exceptions.ndjson must be this one. */
  async expect(text: string): Promise<void> {
    this.totals.exceptions++
    if (this.#begin) return this.#begin.except(text)
    const { exceptions } = this.#files
    const line = exceptions.take() ?? (await exceptions.next())
    if (line?.text !== text) this.#fail('completeness', line, exceptions, `expected ${text}`)
  }

  /** Columns that are withheld are not compared. */
  #shown(record: RequestRecord): RequestRecord {
    const { redacted, withheld } = this.#rules.redaction
    if (!redacted) return record
    return { ...record, ...Object.fromEntries(withheld.map(column => [column, undefined])) }
  }

  async #hops(places: readonly HopPlace[]): Promise<DisclosedHop[] | undefined> {
    const { facts } = this.#files
    const { crypto, segments, redaction } = this.#rules
    const hops: DisclosedHop[] = []
    for (const [segment, index] of places) {
      const line = facts.take() ?? (await facts.next())
      const hop = line && readHop(crypto, line, this.#kindOf)
      if (!hop) {
        this.#fail('integrity', line, facts, 'it is not a disclosed hop as it must be written')
        return undefined
      }
      if (hop.segment !== segment || hop.index !== index) {
        this.#fail('integrity', line, facts, `it is hop ${hop.index} of segment ${hop.segment}, population.ndjson has hop ${index} of segment ${segment}`)
        return undefined
      }
      if ((hop.pseudonyms !== undefined) !== redaction.redacted)
        this.#fail('integrity', line, facts, 'redaction.json says otherwise of what is withheld')
      segments[segment]?.leaves.add(index, hop.leaf)
      hops.push(hop)
      this.totals.hops++
      count(this.totals.sources, numberIn(hop.facts, 'source_id') ?? -1)
    }
    return hops
  } // biome-ignore format: one message

  async #linksOf(n: number): Promise<DisclosedLink[]> {
    const { links } = this.#files
    const { crypto, generations } = this.#rules
    const found: DisclosedLink[] = []
    const head = `{"request":${n},`
    for (;;) {
      const line = links.take() ?? (await links.next())
      if (!line) return found
      if (!line.text.startsWith(head)) {
        links.putBack(line)
        return found
      }
      const link = readLink(crypto, line)
      const generation = link?.place && generations[link.place.generation]
      if (!link || (link.place && !generation))
        this.#fail('integrity', line, links, 'it is not a disclosed link as it must be written')
      else {
        if (link.place && link.leaf) generation?.leaves.add(link.place.index, link.leaf)
        else this.totals.borders++
        found.push(link)
      }
      this.totals.links++
    }
  }

  /** Undefined where the hops cannot be one request. */
  #legs(hops: readonly DisclosedHop[], links: readonly DisclosedLink[]) {
    const { segments, aliases } = this.#rules
    const apps: Facts[] = []
    const gateways: Facts[] = []
    for (const { segment, facts, pseudonyms } of hops) {
      const kind = segments[segment]?.kind
      if (kind === undefined) continue
      const hop = serverHop(pseudonyms ? { ...facts, ...pseudonyms } : aliases.apply(facts, kind), kind)
      if (kind === 'gateway') gateways.push(hop)
      else apps.push(hop)
    }
    const [gateway, ...more] = gateways
    if (more.length > 0 || hops.length !== gateways.length + apps.length) return undefined
    if (!gateway && (apps.length !== 1 || apps.some(isUnasked))) return undefined
    const all: LinkFacts[] = links.map(({ facts, place }) => ({ facts, isBorder: place === undefined }))
    return { gateway, apps, links: all }
  }

  /** Whether a request belongs into the bundle, at this place, with these links. */
  #fits(record: RequestRecord, line: Line, links: readonly LinkFacts[]): void {
    const { population } = this.#files
    const { filter, period } = this.#rules
    const [startUs, id] = [Number(record.start_ts), String(record.request_id)]
    if (startUs < period.fromUs || startUs >= period.toUs)
      this.#fail('soundness', line, population, `it began at ${stampText(startUs)}, outside the period`)
    const fulfils = filter && evaluate(filter, record, this.#withheld)
    if (fulfils === false)
      this.#fail('soundness', line, population, `request ${id} does not fulfil the filter`)
    if (fulfils === 'unknown') this.totals.unknown++
    const [lastUs, lastId] = this.#last
    if (startUs < lastUs || (startUs === lastUs && id <= lastId))
      this.#fail('soundness', line, population, `request ${id} is not behind the one before it`)
    this.#last = [startUs, id]
    this.#first ??= this.#last
    if (!areOfState(textIn(record, 'state') ?? '', record, links))
      this.#fail('soundness', line, population, `its links do not go with the state ${record.state}`)
  }

  #count(record: RequestRecord): void {
    count(this.totals.hours, hourOfRecord(record))
    this.totals.sample.add(String(record.request_id))
    this.totals.hash?.add(record)
  }

  #meet(id: string, hops: readonly DisclosedHop[]): void {
    const { shown, named, state, segments } = this.#rules
    // A part of a text keeps the whole in memory: what is kept is a text of its own.
    if (named.has(id)) this.totals.met.add(` ${id}`.slice(1))
    if (!shown.has(id)) return
    const lines = hops.map(({ segment, facts }) => ({ side: segments[segment]?.kind ?? 'app', facts }))
    this.totals.sampled.set(id, sampleEntry(id, lines, state))
  }

  async #nothingLeft(): Promise<void> {
    const { csv, facts, links, exceptions } = this.#files
    for (const [reader, part] of [[csv, 'soundness'], [facts, 'soundness'], [links, 'soundness'], [exceptions, 'completeness']] as const) {
      const line = await reader.next()
      if (line) this.#fail(part, line, reader, 'no request has it')
    }
    const unused = this.#rules.aliases.unused()
    if (unused.length > 0)
      this.#rules.findings.fail('soundness', 'aliases.ndjson', `no hop has the name ${JSON.stringify(unused[0]?.name)}`)
  } // biome-ignore format: a table

  /** Says what was not checked. */
  say(): void {
    const { unknown, borders, requests } = this.totals
    const { findings, filter, redaction } = this.#rules
    const why = [
      ...(redaction.redacted ? ['people are withheld'] : []),
      ...(filter && asksFindings(filter) ? ['findings are judged by the store'] : []),
    ]
    if (unknown > 0)
      findings.skip('soundness', `${why.join(', and ')}: whether ${unknown} of ${requests} requests fulfil the conditions on them is the word of who made the bundle`)
    if (borders > 0)
      findings.notChecked('soundness', `${borders} links that are kept of pruned days: their trees were dropped with the days`)
  } // biome-ignore format: two messages

  #fail(part: 'integrity' | 'soundness' | 'completeness', line: Line | undefined, reader: LineReader, what: string): void {
    this.#rules.findings.fail(part, line ? `${reader.name} line ${line.no}` : `${reader.name}, behind its end`, what)
  } // biome-ignore format: one line
}

function count<Key>(counts: Map<Key, number>, key: Key): void {
  counts.set(key, (counts.get(key) ?? 0) + 1)
}
