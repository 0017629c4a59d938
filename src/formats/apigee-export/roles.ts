import { asciiLower, jsonBytes } from '../encoding.ts'
import type { ReaderContext } from '../format.ts'
import { KNOWN, NUMERIC, STAMPS } from './columns.ts'

/** A column that has one of its own in the facts. */
export interface KnownRole {
  readonly to: 'known'
  readonly name: string
  readonly index: number
  /** Most digits of a numeric column; 0 for text. */
  readonly digits: number
}

/** A column that goes among the attributes, where ids and subjects are looked for. */
export interface ExtraRole {
  readonly to: 'extra'
  readonly name: string
  /** Start of its member in the attributes object. */
  readonly member: string
  readonly secret: boolean
  /** The same by the fixed list that identity is made with. */
  readonly identitySecret: boolean
}

/** Where a column's value goes. Names are byte strings in lower case. */
export type ColumnRole =
  | KnownRole
  | ExtraRole
  | { readonly to: 'stamp'; readonly name: string; readonly index: number }
  | { readonly to: 'token'; readonly name: string }

const MEMO_LIMIT = 4096

/** The roles of columns by name. Equal names give the same object. */
export class RoleTable {
  readonly #context: ReaderContext
  readonly #roles = new Map<string, ColumnRole>()
  readonly #extras = new Map<string, ExtraRole>()

  constructor(context: ReaderContext) {
    this.#context = context
  }

  /** @param written name in any case, as a byte string */
  of(written: string): ColumnRole {
    let role = this.#roles.get(written)
    if (!role) {
      role = this.#make(asciiLower(written))
      if (this.#roles.size < MEMO_LIMIT) this.#roles.set(written, role)
    }
    return role
  }

  #make(name: string): ColumnRole {
    const index = (KNOWN as readonly string[]).indexOf(name)
    if (index !== -1) return { to: 'known', name, index, digits: NUMERIC.get(name) ?? 0 }
    const stamp = (STAMPS as readonly string[]).indexOf(name)
    if (stamp !== -1) return { to: 'stamp', name, index: stamp }
    return name === 'access_token' ? { to: 'token', name } : this.extra(name)
  }

  /** The role of a column, also of one that has its own in the facts but holds a value that does not fit there. */
  extra(name: string): ExtraRole {
    let role = this.#extras.get(name)
    if (!role) {
      const { scrubber, identityScrubber } = this.#context
      const own = name.replace(/^dc[_.]/, '')
      role = {
        to: 'extra',
        name,
        member: `${jsonBytes(name)}:`,
        secret: scrubber.isSecretName(own),
        identitySecret: identityScrubber.isSecretName(own),
      }
      if (this.#extras.size < MEMO_LIMIT) this.#extras.set(name, role)
    }
    return role
  }
}
