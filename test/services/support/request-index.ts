import { freeTextFields } from '../../../src/elastic/aliases.ts'
import { DOCUMENT_JSON, VALID_IP } from '../../../src/elastic/document-sql.ts'
import { createDocuments } from '../../../src/elastic/documents.ts'
import { requestMappings } from '../../../src/elastic/mapping.ts'
import type { Store } from '../../../src/store/store.ts'
import type { FieldTypes } from '../../support/kql.ts'

const mappings = requestMappings()

/** An index of requests as setup makes it, in two shards. */
export const INDEX_BODY = {
  settings: {
    number_of_shards: 2,
    number_of_replicas: 0,
    'index.query.default_field': freeTextFields(),
  },
  mappings,
}

/** What Kibana's data view knows of that index: an alias has the type of its field. */
export const REQUEST_TYPES: FieldTypes = new Map(
  Object.entries(mappings.properties).map(([name, { type, path }]) => [
    name,
    String(type === 'alias' ? mappings.properties[String(path)]?.type : type),
  ]),
)

/** The documents of some days of a store, as they are published: JSON by id. */
export async function documentsOfDays(store: Store, days: ReadonlySet<string>): Promise<Map<string, string>> {
  const documents = new Map<string, string>()
  for (const day of days) {
    await createDocuments(store, day, {})
    for (const [id, json] of await readDocuments(store, 'documents')) documents.set(id, json)
  }
  return documents
}

/** The documents of a table with the columns of requests. */
export async function documentsOf(store: Store, table: string): Promise<Map<string, string>> {
  await store.db.run(VALID_IP)
  return readDocuments(
    store,
    `(SELECT *, FALSE AS is_final, FALSE AS is_superseded, NULL::VARCHAR AS superseded_by, 'store' AS store_id,
      'hash' AS record_hash, 'hash' AS document_hash, NULL::VARCHAR[] AS findings FROM ${table})`,
  )
}

async function readDocuments(store: Store, from: string): Promise<Map<string, string>> {
  const rows = await store.db.rows<{ id: string; json: string }>(
    `SELECT request_id AS id, ${DOCUMENT_JSON} AS json FROM ${from}`,
  )
  return new Map(rows.map(({ id, json }) => [id, json]))
}
