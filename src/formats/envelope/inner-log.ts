import type { Head } from '../format.ts'
import { iisHttperr } from '../iis-httperr/index.ts'
import { iisW3c } from '../iis-w3c/index.ts'
import { isLookalike, refusalOf } from '../refused.ts'
import { DayClock } from '../w3c/clock.ts'
import { fieldNames, isDate, parseDirective } from '../w3c/directive.ts'
import type { InnerOrigin } from './row-kind.ts'

/** Layouts that one log is known by; older ones are let go. */
const MOST_BLOCKS = 64
/** Directives that tell who writes, when, and what; so many since the last row are looked at. */
const TELLING = new Set(['software', 'date', 'start-date', 'fields'])
const MOST_HEAD_LINES = 8

/** What a block of directives says of the rows below it. */
export interface Block {
  readonly kind: 'app' | 'kernel' | 'other'
  /** Offset of its #Fields in the log; NaN where the shipper does not tell. */
  readonly offset: number
  /** #Date of the block, as written; empty without one. */
  readonly date: string
  readonly names: readonly string[] | undefined
  readonly clock: DayClock
  /** What the log is, where it is none of IIS or HTTP.sys. */
  readonly refusal?: string
}

/** What tells inner logs apart, without secrets. */
export interface InnerName {
  readonly host: string | undefined
  readonly path: string | undefined
  /** Values that were replaced in both. */
  readonly scrubbed: number
}

/**
 * One log of one host, whose lines come in envelopes. Which #Fields governs a row is told by offset where the shipper
 * says it, so that batches that come late or twice are read by the columns they were written under.
 */
export class InnerLog {
  readonly name: InnerName
  readonly origin: InnerOrigin
  /** Its path, as a member of the attributes of a row; empty without a path. */
  readonly member: string
  /** Ascending by offset. */
  blocks: Block[] = []
  /** Whether offsets tell lines apart: two lines at one offset show that they do not. */
  hasOffsets = true
  #lastOffset = Number.NaN
  #lastText = ''
  /** Directives since the last row that say what comes. */
  head: string[] = []

  constructor(name: InnerName, origin: InnerOrigin, member: string) {
    this.name = name
    this.origin = origin
    this.member = member
  }

  /** Compares a line with the one that was read before it. Source of the need: elastic/beats#27688, sizes written as offsets. */
  look(offset: number, text: string): void {
    if (offset === this.#lastOffset && text !== this.#lastText) this.hasOffsets = false
    this.#lastOffset = offset
    this.#lastText = text
  }

  /** The block that governs the rows at an offset; NaN stands for the last one. */
  blockAt(offset: number): Block | undefined {
    if (Number.isNaN(offset)) return this.blocks.at(-1)
    return this.blocks.findLast(block => Number.isNaN(block.offset) || block.offset <= offset)
  }

  /** A row ends a block of directives. */
  endBlock(): void {
    if (this.head.length > 0) this.head = []
  }

  /**
   * Takes a directive.
   *
   * @param intern gives the one array for names
   */
  directive(text: string, offset: number, intern: (names: readonly string[]) => readonly string[]): void {
    const directive = parseDirective(text)
    if (!TELLING.has(directive.name)) return
    if (this.head.length === MOST_HEAD_LINES) this.head.shift()
    this.head.push(text)
    if (isDate(directive)) this.blockAt(offset)?.clock.set(directive.value)
    if (directive.name !== 'fields') return
    const names = fieldNames(directive.value)
    const before = this.blockAt(offset)?.clock
    const clock = new DayClock(before?.day, before?.second)
    const date = this.head.map(parseDirective).findLast(isDate)?.value ?? ''
    if (date) clock.set(date)
    this.#place({ offset, date, clock, names: names && intern(names), ...this.#kind(offset) })
  }

  #kind(offset: number): Pick<Block, 'kind' | 'refusal'> {
    const text = `${this.head.join('\n')}\n`
    const head: Head = { bytes: Buffer.from(text), text, complete: false }
    const refusal = refusalOf(head)
    if (!isLookalike(refusal)) {
      if (iisHttperr.detect(head)) return { kind: 'kernel' }
      if (iisW3c.detect(head)) return { kind: 'app' }
      // Columns alone do not make another writer of the one that was told before.
      const before = this.blockAt(offset)
      if (before && !/^#Software/im.test(text))
        return { kind: before.kind, ...(before.refusal ? { refusal: before.refusal } : {}) }
    }
    return { kind: 'other', refusal: refusal.name }
  }

  #place(block: Block): void {
    const { offset, names, kind } = block
    const first = this.blocks[0]
    const same = this.blocks.find(b => b.offset === offset)
    // A block where another one stood, or before all of them: the path leads to another file by now.
    const isNewFile = same ? !isSame(same, block) : first !== undefined && !(offset >= first.offset)
    if (first === undefined || Number.isNaN(offset) || isNewFile) {
      this.blocks = [block]
      return
    }
    if (same) return
    const before = this.blockAt(offset)
    const hasDate = names?.some(name => name.toLowerCase() === 'date') === true
    // IIS repeats its directives many times a day.
    if (hasDate && before?.names === names && before?.kind === kind) return
    const place = this.blocks.findIndex(b => b.offset > offset)
    this.blocks.splice(place === -1 ? this.blocks.length : place, 0, block)
    if (this.blocks.length > MOST_BLOCKS) this.blocks.shift()
  }
}

/** A batch that is sent again may begin between #Date and #Fields: no date says nothing against it. */
function isSame(a: Block, b: Block): boolean {
  return a.names === b.names && a.kind === b.kind && (a.date === b.date || a.date === '' || b.date === '')
}
