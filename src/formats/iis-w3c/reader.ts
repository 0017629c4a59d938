import type { ReaderContext, ReaderState } from '../format.ts'
import type { Dialect } from '../w3c/dialect.ts'
import { RowReader } from '../w3c/reader.ts'
import { attributesOf } from '../w3c/values.ts'
import { bindFields, type FieldBinding } from './fields.ts'
import { RowValues } from './row-values.ts'

/**
 * Reads IIS W3C extended log lines (IIS 6 to 10, Azure App Service).
 * `time` is the end of the request in whole UTC seconds; start = end - time-taken.
 */
export class W3cReader extends RowReader<FieldBinding> {
  constructor(context: ReaderContext, resume?: ReaderState, maxLineBytes?: number) {
    super(context, iisDialect(context), resume, maxLineBytes)
  }
}

/**
 * How IIS writes.
 *
 * @param subjects what names were read as, where logs of several hosts share it
 */
export function iisDialect(context: ReaderContext, subjects?: Map<string, string>): Dialect<FieldBinding> {
  const values = new RowValues(context, subjects)
  return {
    fields: context.fields,
    bind: names => bindFields(names, context),
    isRecord: () => true,
    origin: (row, binding, day) => values.origin(row, binding, day),
    columns: (row, binding, { origin, at, hopId, endSecond, members }) =>
      `${context.sourceId} ${origin.columns} ${at.lineNo} ${at.byteOffset} ${hopId} ${endSecond} ${values.durationUs(row, binding.timeTaken)} ${values.ids(row, binding)} ${values.subject(row, binding)} ${values.forwardedFor(row, binding.forwardedFor)} ${attributesOf(row, binding.extras, members)} `,
  }
}
