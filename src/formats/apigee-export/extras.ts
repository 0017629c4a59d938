import { traceIdOf } from '../../model/ids.ts'
import { jsonBytes } from '../encoding.ts'
import type { ReaderContext } from '../format.ts'
import { pickFields } from '../pick-fields.ts'
import type { ExtraRole } from './roles.ts'

const MEMO_LIMIT = 4096

/** What a set of extra columns means, as positions among them. */
interface Shape {
  readonly roles: readonly ExtraRole[]
  /** By name: neither identity nor output depends on the order of columns in a source. */
  readonly order: readonly number[]
  readonly ids: readonly number[]
  readonly subjects: readonly number[]
  readonly traceparents: readonly number[]
}

/** The columns of one record that go among the attributes. The lists are used again for the next record. */
export class ExtraColumns {
  readonly #context: ReaderContext
  readonly #shapes = new Map<string, Shape>()
  readonly #roles: ExtraRole[] = []
  readonly #values: string[] = []
  /** Values as identity sees them. */
  readonly #keys: string[] = []
  #count = 0
  #shape: Shape = { roles: [], order: [], ids: [], subjects: [], traceparents: [] }

  constructor(context: ReaderContext) {
    this.#context = context
  }

  clear(): void {
    this.#count = 0
  }

  add(role: ExtraRole, value: string, key: string): void {
    this.#roles[this.#count] = role
    this.#values[this.#count] = value
    this.#keys[this.#count++] = key
  }

  /** To be called after the last column of a record and before what follows. */
  arrange(): void {
    if (this.#isShape(this.#shape)) return
    let names = ''
    for (let i = 0; i < this.#count; i++) names += `${this.#roles[i]?.name}\n`
    let shape = this.#shapes.get(names)
    if (!shape) {
      shape = this.#newShape()
      if (this.#shapes.size < MEMO_LIMIT) this.#shapes.set(names, shape)
    }
    this.#shape = shape
  }

  #isShape({ roles }: Shape): boolean {
    if (roles.length !== this.#count) return false
    for (let i = 0; i < roles.length; i++) if (roles[i] !== this.#roles[i]) return false
    return true
  }

  #newShape(): Shape {
    const columns = this.#roles.slice(0, this.#count).map((role, index) => ({ name: role.name, index }))
    const candidates = columns.filter(c => isCandidate(c.name))
    const { correlation, subject } = this.#context.gatewayFields
    const byName = (a: { name: string }, b: { name: string }): number =>
      a.name < b.name ? -1 : a.name > b.name ? 1 : 0
    return {
      roles: this.#roles.slice(0, this.#count),
      order: [...columns].sort(byName).map(c => c.index),
      ids: pickFields(correlation, candidates).map(c => c.index),
      subjects: pickFields(subject, candidates).map(c => c.index),
      traceparents: candidates.filter(c => c.name.endsWith('traceparent')).map(c => c.index),
    }
  }

  /** `name=value` lines for the content digest. */
  content(): string {
    let content = ''
    for (const i of this.#shape.order) content += `${this.#roles[i]?.name}=${this.#keys[i]}\n`
    return content
  }

  /**
   * A JSON object of the columns; empty where there are none.
   *
   * @param primary the field that the correlation id came from, which has columns of its own
   */
  attributes(primary: string): string {
    let members = ''
    for (const i of this.#shape.order) {
      if (this.#roles[i]?.name === primary) continue
      members += `${members ? ',' : '{'}${this.#roles[i]?.member}${jsonBytes(this.#values[i] ?? '')}`
    }
    return members && `${members}}`
  }

  ids(): { name: string; value: string }[] {
    return this.#shape.ids.map(i => ({ name: this.#roles[i]?.name ?? '', value: this.#values[i] ?? '' }))
  }

  subjects(): string[] {
    return this.#shape.subjects.map(i => this.#values[i] ?? '')
  }

  traceparent(): string {
    for (const i of this.#shape.traceparents) {
      const value = this.#values[i] ?? ''
      if (traceIdOf(value)) return value
    }
    return ''
  }
}

/** Built-in analytics columns are never ids or subjects by themselves; only custom ones are looked at. */
export function isCandidate(name: string): boolean {
  return !name.startsWith('ax_') && !name.startsWith('x_apigee') && name !== ''
}
