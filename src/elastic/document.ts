import { z } from 'zod'
import { DOCUMENT_FIELDS, type DocumentField, type FieldType } from './fields.ts'

const TYPES: Readonly<Record<FieldType, z.ZodType>> = {
  keyword: z.string(),
  long: z.int(),
  double: z.number(),
  boolean: z.boolean(),
  date: z.iso.date(),
  date_nanos: z.iso.datetime({ precision: 6 }),
  ip: z.union([z.ipv4(), z.ipv6()]),
  flattened: z.looseObject({}),
}

/** In every document, also in one that was superseded. */
const ALWAYS = new Set([
  '@timestamp', 'event.id', 'throughline.day', 'throughline.application', 'throughline.store', 'throughline.link.final',
  'throughline.superseded', 'throughline.document_hash',
]) // biome-ignore format: a table

function schemaOf(field: DocumentField): z.ZodType {
  const { constant } = field
  if (typeof constant === 'string') return z.literal(constant).describe(field.description)
  const one = Array.isArray(constant) ? z.enum(constant as [string, ...string[]]) : TYPES[field.type]
  const all = field.isList ? z.array(one) : one
  const isThere = constant !== undefined || ALWAYS.has(field.name)
  return (isThere ? all : all.optional()).describe(field.description)
}

/** A request as it is sent to Elasticsearch, and as it stands in `_source`: flat names, nothing else. */
export const REQUEST_DOCUMENT = z.strictObject(
  Object.fromEntries(DOCUMENT_FIELDS.map(field => [field.name, schemaOf(field)])),
)
