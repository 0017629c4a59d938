import { dayText } from '../../model/time.ts'
import { utf8Text } from '../encoding.ts'
import type { ReaderContext, ReaderState } from '../format.ts'
import { identityPrefix } from '../identity.ts'
import type { Dialect, Origin } from '../w3c/dialect.ts'
import { RowReader } from '../w3c/reader.ts'
import type { RowColumns } from '../w3c/row-columns.ts'
import { attributesOf, columnOf } from '../w3c/values.ts'
import { bindKernelFields, type KernelBinding, namesByCount } from './fields.ts'

/** A connection that was closed since nothing came over it: no request (HTTP Server API, "Types of errors logged"). */
const IDLE = 'timer_connectionidle'
const ORIGIN_LIMIT = 1000

/**
 * Reads HTTPERR, the log of requests that HTTP.sys refused or dropped before IIS could log them. `time` is when the row
 * was made, in whole UTC seconds.
 */
export class HttperrReader extends RowReader<KernelBinding> {
  constructor(context: ReaderContext, resume?: ReaderState, maxLineBytes?: number) {
    super(context, kernelDialect(context), resume, maxLineBytes)
  }
}

/** How HTTP.sys writes. */
export function kernelDialect(context: ReaderContext): Dialect<KernelBinding> {
  const origins = new Origins(context.host)
  const guessed = new Map<number, KernelBinding | undefined>()
  // Fields that are configured for rows of IIS say nothing about these.
  const isForThese = context.fields?.some(name => name.toLowerCase() === 's-reason') === true
  return {
    fields: isForThese ? context.fields : undefined,
    bind: names => bindKernelFields(names, context),
    guess: ({ count }) => {
      if (!guessed.has(count)) {
        const names = namesByCount(count)
        guessed.set(count, names && bindKernelFields(names, context))
      }
      return guessed.get(count)
    },
    isRecord: (row, { reason }) => row.text(reason).toLowerCase() !== IDLE,
    origin: (row, binding, day) => origins.of(row, binding, day),
    columns: (row, binding, { origin, at, hopId, endSecond, members }) =>
      `${context.sourceId} ${at.lineNo} ${at.byteOffset} ${hopId} ${endSecond} ${origin.columns} ${attributesOf(row, binding.extras, members)} `,
  }
}

/** One log serves all sites of a host: only the host tells apart who refused a request. */
class Origins {
  readonly #configured: string
  readonly #known = new Map<string, Origin>()

  constructor(host = '') {
    this.#configured = host
  }

  of(row: RowColumns, binding: KernelBinding, day: number): Origin {
    const logged = row.isAbsent(binding.host) ? '' : row.text(binding.host)
    const key = `${day} ${logged}`
    let origin = this.#known.get(key)
    if (!origin) {
      const host = (logged ? utf8Text(logged) : this.#configured).toLowerCase()
      origin = { identity: identityPrefix('kernel', host, dayText(day)), columns: columnOf(host) }
      if (this.#known.size > ORIGIN_LIMIT) this.#known.clear()
      this.#known.set(key, origin)
    }
    return origin
  }
}
