import type { ReaderContext } from '../format.ts'
import { isKernelRow } from '../iis-httperr/index.ts'
import { kernelDialect } from '../iis-httperr/reader.ts'
import { iisDialect } from '../iis-w3c/reader.ts'
import type { RowBinding } from '../w3c/binding.ts'
import type { DayClock } from '../w3c/clock.ts'
import type { Dialect } from '../w3c/dialect.ts'
import { type FoundRow, type Problem, RowDecoder } from '../w3c/row-decoder.ts'

/** Dialects of hosts that are kept; each holds little. */
const MOST_DIALECTS = 1000

/** Host and site of an inner log, where its rows do not say them. */
export interface InnerOrigin {
  readonly host: string | undefined
  readonly site: string | undefined
}

/** What governs the rows of an inner log from a place on. */
export interface InnerFields {
  /** Columns of the rows; the same array for the same names. Undefined: they could not be read. */
  readonly names: readonly string[] | undefined
  readonly mayGuess: boolean
  readonly clock: DayClock
}

/** One kind of rows that may stand in envelopes. */
export interface RowKind {
  /** @returns why the row is rejected, which the caller counts */
  decode(row: FoundRow, fields: InnerFields, origin: InnerOrigin): Problem | undefined
}

class Kind<B extends RowBinding> implements RowKind {
  readonly #context: ReaderContext
  readonly #decoder: RowDecoder<B>
  readonly #open: (context: ReaderContext) => Dialect<B>
  readonly #bindings = new WeakMap<readonly string[], B>()
  readonly #dialects = new Map<string, Dialect<B>>()

  constructor(context: ReaderContext, open: (context: ReaderContext) => Dialect<B>) {
    this.#context = context
    this.#decoder = new RowDecoder(context)
    this.#open = open
  }

  decode(row: FoundRow, { names, mayGuess, clock }: InnerFields, origin: InnerOrigin): Problem | undefined {
    // Each line is in memory of its own, but the decoder cannot know.
    this.#decoder.forget()
    const dialect = this.#dialect(origin)
    const binding = names && this.#bind(names, dialect)
    return this.#decoder.decode(row, { binding, mayGuess, clock }, dialect)
  }

  #dialect({ host, site }: InnerOrigin): Dialect<B> {
    const key = `${host ?? ''}\n${site ?? ''}`
    let dialect = this.#dialects.get(key)
    if (!dialect) {
      dialect = this.#open({ ...this.#context, host, site })
      if (this.#dialects.size >= MOST_DIALECTS) this.#dialects.clear()
      this.#dialects.set(key, dialect)
    }
    return dialect
  }

  /** What columns mean does not depend on who wrote them. */
  #bind(names: readonly string[], dialect: Dialect<B>): B {
    let binding = this.#bindings.get(names)
    if (!binding) {
      binding = dialect.bind(names)
      this.#bindings.set(names, binding)
    }
    return binding
  }
}

/** The kinds of rows that are read out of envelopes. */
export interface RowKinds {
  readonly app: RowKind
  readonly kernel: RowKind
  /** The kind of a row that no directive stands above: as it tells, else as the configured columns do. */
  unannounced(line: string): 'app' | 'kernel'
}

export function rowKinds(context: ReaderContext): RowKinds {
  const subjects = new Map<string, string>()
  const namesReason = context.fields?.some(name => name.toLowerCase() === 's-reason') === true
  return {
    app: new Kind(context, inner => iisDialect(inner, subjects)),
    kernel: new Kind(context, kernelDialect),
    unannounced: line => (namesReason || isKernelRow(line) ? 'kernel' : 'app'),
  }
}
