import { normalizeId, storedRaw, traceIdOf } from '../../model/ids.ts'
import { parseSubject } from '../../model/subject.ts'
import { dayText } from '../../model/time.ts'
import { jsonBytes, utf8Text } from '../encoding.ts'
import type { ReaderContext } from '../format.ts'
import { identityPrefix } from '../identity.ts'
import type { Origin } from '../w3c/dialect.ts'
import type { RowColumns } from '../w3c/row-columns.ts'
import { columnOf } from '../w3c/values.ts'
import type { FieldBinding } from './fields.ts'

const MEMO_LIMIT = 100_000
const ORIGIN_LIMIT = 1000

/** Computes the chunk columns that stand before the raw row. All are byte strings without spaces; `-` is "none". */
export class RowValues {
  readonly #context: ReaderContext
  readonly #origins = new Map<string, Origin>()
  readonly #subjects: Map<string, string>
  #lastDay = Number.NaN
  #lastOrigin: Origin | undefined

  constructor(context: ReaderContext, subjects = new Map<string, string>()) {
    this.#context = context
    this.#subjects = subjects
  }

  /** Host and site of a row: its own columns, else the configured ones. */
  origin(row: RowColumns, binding: FieldBinding, day: number): Origin {
    const logsOrigin = binding.host >= 0 || binding.site >= 0
    if (!logsOrigin && day === this.#lastDay && this.#lastOrigin) return this.#lastOrigin
    const host = row.text(binding.host)
    const site = row.text(binding.site)
    const memo = `${day} ${host} ${site}`
    let origin = this.#origins.get(memo)
    if (!origin) {
      origin = this.#newOrigin(host, site, day)
      if (this.#origins.size > ORIGIN_LIMIT) this.#origins.clear()
      this.#origins.set(memo, origin)
    }
    if (!logsOrigin) {
      this.#lastDay = day
      this.#lastOrigin = origin
    }
    return origin
  }

  #newOrigin(host: string, site: string, day: number): Origin {
    const named = (value: string, fallback = ''): string =>
      (value && value !== '-' ? utf8Text(value) : fallback).toLowerCase()
    const names = [named(host, this.#context.host), named(site, this.#context.site)]
    return {
      identity: identityPrefix('app', ...names, dayText(day)),
      columns: names.map(columnOf).join(' '),
    }
  }

  /** time-taken in µs; decimals, as some writers log, are kept to the µs. */
  durationUs(row: RowColumns, index: number): string {
    if (row.isAbsent(index)) return '-'
    const text = row.text(index)
    return text.includes('.') ? String(Math.round(Number(text) * 1000)) : `${text}000`
  }

  /** correlation_id correlation_raw correlation_field other_ids traceparent */
  ids(row: RowColumns, binding: FieldBinding): string {
    if (binding.ids.length === 0 && binding.traceparent < 0) return '- - - - -'
    let primary = '- - -'
    let others = ''
    for (const { index, name } of binding.ids) {
      if (row.isAbsent(index)) continue
      const raw = row.text(index)
      const id = normalizeId(raw)
      if (id === undefined) continue
      const { idFields } = this.#context.accounting
      idFields[name] = (idFields[name] ?? 0) + 1
      if (primary === '- - -') primary = `${id} ${storedRaw(id, raw) ?? '-'} ${name}`
      else others += `${others ? ',' : ''}${jsonBytes(`${name}=${id}`)}`
    }
    const traceparent = row.isAbsent(binding.traceparent) ? '-' : row.text(binding.traceparent)
    const valid = traceparent !== '-' && traceIdOf(traceparent) !== undefined
    return `${primary} ${others ? `[${others}]` : '-'} ${valid ? traceparent : '-'}`
  }

  /** subject_kind subject_issuer subject_name subject_raw */
  subject(row: RowColumns, binding: FieldBinding): string {
    for (const index of binding.subjects) {
      const found = row.isAbsent(index) ? '' : this.#subjectColumns(row.text(index))
      if (found) return found
    }
    return (!row.isAbsent(binding.username) && this.#subjectColumns(row.text(binding.username))) || '- - - -'
  }

  #subjectColumns(raw: string): string {
    let columns = this.#subjects.get(raw)
    if (columns === undefined) {
      const subject = parseSubject(utf8Text(raw))
      columns = subject ? `${subject.kind} ${columnOf(subject.issuer)} ${columnOf(subject.name)} ${raw}` : ''
      if (this.#subjects.size > MEMO_LIMIT) this.#subjects.clear()
      this.#subjects.set(raw, columns)
    }
    return columns
  }

  forwardedFor(row: RowColumns, index: number): string {
    return row.isAbsent(index) ? '-' : row.text(index)
  }
}
