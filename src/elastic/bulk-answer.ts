import { ThroughlineError } from '../errors.ts'

/** One document on its way. */
export interface Item {
  readonly id: string
  /** `document_hash` of the document. */
  readonly hash: string
  /** JSON. */
  readonly doc: string
}

export interface ItemError {
  readonly type?: string
  readonly reason?: string
  readonly caused_by?: ItemError
}

/** As much of the answer to a bulk request as is looked at. */
export interface BulkAnswer {
  readonly items: readonly {
    readonly index: { readonly status: number; readonly error?: ItemError }
  }[]
}

export interface Refused {
  readonly item: Item
  readonly status: number
  readonly error: ItemError
}

/** What became of the documents of a bulk request. */
export interface Sorted {
  readonly taken: Item[]
  /** The server has a version that is not lower. */
  readonly conflicts: Item[]
  /** The server could not take it now. */
  readonly later: Item[]
  /** The server will not take it. */
  readonly refused: Refused[]
  /** What the first of `later` was told. */
  why: string
}

/** Statuses of documents that may be taken another time. */
const LATER = new Set([408, 429, 500, 502, 503, 504])

/**
 * Sorts documents by what their answers say.
 *
 * @throws EXPORT_REFUSED where the index takes none: it is read-only, missing, or the user may not write to it
 */
export function sortAnswers(where: string, items: readonly Item[], answer: BulkAnswer): Sorted {
  const sorted: Sorted = { taken: [], conflicts: [], later: [], refused: [], why: '' }
  if (answer.items.length !== items.length)
    throw new ThroughlineError(
      'EXPORT_REFUSED',
      `${where}: ${items.length} documents were sent and ${answer.items.length} answered for; expected an answer for each. What stands between may not be Elasticsearch`,
    )
  items.forEach((item, i) => {
    const { status = 0, error = {} } = answer.items[i]?.index ?? {}
    if (status < 300) sorted.taken.push(item)
    else if (status === 409) sorted.conflicts.push(item)
    else if (LATER.has(status)) {
      sorted.later.push(item)
      sorted.why ||= `${status} ${error.type}: ${error.reason}`
    } else if (status === 403 || status === 404 || status === 401) throw closed(where, status, error)
    else sorted.refused.push({ item, status, error })
  })
  return sorted
}

function closed(where: string, status: number, { type = '', reason = '' }: ItemError): ThroughlineError {
  const advice =
    type === 'cluster_block_exception'
      ? 'the index is blocked; make it writable (PUT INDEX/_settings {"index.blocks.write": null, "index.blocks.read_only": null}) and run the command again'
      : status === 404
        ? 'make the index with throughline elastic setup, and run the command again'
        : 'give the user or API key the index privileges of schemas/elastic-role-publisher.json'
  return new ThroughlineError(
    'EXPORT_REFUSED',
    `${where}: the index takes no documents (${status} ${type}): ${reason}; ${advice}`,
    { status, type },
  )
}

/** Everything that the server says about a document it will not take. */
export function reasonsOf({ type = '', reason = '', caused_by: cause }: ItemError): string {
  const own = `${type}: ${reason}`
  return cause ? `${own}; ${reasonsOf(cause)}` : own
}
