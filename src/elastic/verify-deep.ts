import { quoteTexts } from '../store/query.ts'
import type { Store } from '../store/store.ts'
import type { Elastic } from './client.ts'
import { DOCUMENT_JSON } from './document-sql.ts'
import { createDocuments, type DocumentOptions } from './documents.ts'
import { indexOf, type Names } from './names.ts'
import { differingFields, documentHash, recordHash, type Source } from './record.ts'
import { ofStore, scan } from './scan.ts'
import { ask } from './server.ts'

/** One thing that is not as the store says. */
export interface Difference {
  readonly id: string
  readonly day: string
  /**
   * missing: no document; extra: a document of no request; different: it says something else; altered: it does not say
   * what its own hash says.
   */
  readonly kind: 'missing' | 'extra' | 'different' | 'altered'
  /** Fields that differ; of `altered`, all that differ from what the store says. */
  readonly fields: readonly string[]
}

export interface DeepDay {
  readonly day: string
  readonly requests: number
  readonly equal: number
  readonly superseded: number
  /** All of them; only some are in the list. */
  readonly differences: number
  readonly list: readonly Difference[]
}

/** Differences of a day that are named. */
const MOST_NAMED = 1_000

interface Row {
  readonly id: string
  readonly hash: string
  readonly record: string
}

/**
 * Compares every document of a day with the store: reads all of them as they are at one moment, computes their hashes
 * anew from what they say, and joins both sides by id, in constant memory.
 */
export async function verifyDay(
  elastic: Elastic,
  store: Store,
  names: Names,
  day: string,
  options: DocumentOptions,
): Promise<DeepDay> {
  await createDocuments(store, day, options)
  const found = new Found(day)
  let superseded = 0
  const rows = flat(
    store.db.stream<Row>(
      'SELECT request_id AS id, document_hash AS hash, record_hash AS record FROM documents ORDER BY request_id',
    ),
  )
  const documents = flat(await documentsOf(elastic, store, indexOf(names, day)))
  let [row, document] = [await rows.next(), await documents.next()]
  while (!row.done || !document.done) {
    const id = row.done ? undefined : row.value.id
    const other = document.done ? undefined : document.value._id
    if (other !== undefined && (id === undefined || other < id)) {
      if (document.value?._source?.['throughline.superseded'] === true) superseded++
      else found.note(other, 'extra', document.value?._source)
      document = await documents.next()
    } else if (other === undefined || other !== id) {
      found.note(id ?? '', 'missing')
      row = await rows.next()
    } else {
      compare(found, row.value as Row, (document.value?._source ?? {}) as Source)
      row = await rows.next()
      document = await documents.next()
    }
  }
  const list = await found.named(store)
  return { day, requests: found.requests, equal: found.equal, superseded, differences: found.count, list }
}

function compare(found: Found, { id, hash, record }: Row, source: Source): void {
  const says = documentHash(source)
  if (says !== source['throughline.document_hash']) found.note(id, 'altered', source)
  else if (says !== hash || recordHash(source) !== record || source['throughline.record_hash'] !== record)
    found.note(id, 'different', source)
  else found.good()
}

/** What was found of a day so far. */
class Found {
  requests = 0
  equal = 0
  count = 0
  readonly #day: string
  readonly #some: { readonly id: string; readonly kind: Difference['kind']; readonly source: Source }[] = []

  constructor(day: string) {
    this.#day = day
  }

  good(): void {
    this.requests++
    this.equal++
  }

  note(id: string, kind: Difference['kind'], source: Source = {}): void {
    this.count++
    if (kind !== 'extra') this.requests++
    if (this.#some.length < MOST_NAMED) this.#some.push({ id, kind, source })
  }

  /** The differences, with the fields in which they lie. */
  async named(store: Store): Promise<Difference[]> {
    const wanted = this.#some.filter(it => it.kind === 'different' || it.kind === 'altered').map(it => it.id)
    const own = new Map<string, Source>()
    if (wanted.length > 0) {
      const rows = await store.db.rows<{ id: string; doc: string }>(
        `SELECT request_id AS id, ${DOCUMENT_JSON} AS doc FROM documents WHERE request_id IN (SELECT unnest(${quoteTexts(wanted)}))`,
      )
      for (const { id, doc } of rows) own.set(id, JSON.parse(doc) as Source)
    }
    return this.#some.map(({ id, kind, source }) => ({
      id,
      day: this.#day,
      kind,
      fields: own.has(id) ? differingFields(own.get(id) ?? {}, source) : [],
    }))
  }
}

/** Documents of a store in an index, by id; none where there is no index. */
async function documentsOf(elastic: Elastic, store: Store, index: string) {
  const { status } = await ask(elastic, { method: 'HEAD', path: `/${index}` }, [404])
  if (status === 404) return none()
  await ask(elastic, { method: 'POST', path: `/${index}/_refresh` })
  const query = ofStore(store.state.storeId, { superseded: true })
  return scan(elastic, { index, query, source: true, isSorted: true })
}

async function* none(): AsyncGenerator<never[]> {}

async function* flat<T>(pages: AsyncIterable<readonly T[]>): AsyncGenerator<T, undefined> {
  for await (const page of pages) yield* page
  return undefined
}
