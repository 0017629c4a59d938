import { quoteText } from '../store/query.ts'
import { DOCUMENT_FIELDS, type DocumentField, HASHED_FIELDS } from './fields.ts'

/** A confidence as a whole number, so that both sides of a comparison write it alike. */
export const CONFIDENCE_UNITS = 1e9

/** The macro `valid_ip`: an address as it stands, anything else as NULL. */
export const VALID_IP = (() => {
  const octet = '(25[0-5]|2[0-4][0-9]|1[0-9]{2}|[1-9]?[0-9])'
  const v4 = `${octet}(\\.${octet}){3}`
  const group = '[0-9a-fA-F]{1,4}'
  // RFC 4291, section 2.2: eight groups, or fewer around one `::`.
  const shortened = Array.from({ length: 8 }, (_, n) => {
    const left = n === 0 ? '' : `${group}(:${group}){0,${n - 1}}`
    const rest = 7 - n
    const right = rest === 0 ? '' : `(${group}(:${group}){0,${rest - 1}})?`
    return `${left}::${right}`
  })
  const v6 = [`(${group}:){7}${group}`, ...shortened, `::([fF]{4}:)?${v4}`].join('|')
  return `CREATE OR REPLACE TEMP MACRO valid_ip(address) AS CASE WHEN regexp_full_match(address, ${quoteText(`${v4}|${v6}`)}) THEN address END`
})()

/** A value as the hash of a document takes it. */
function hashedValue({ type, sql = 'NULL', isList }: DocumentField): string {
  if (isList) return `CASE WHEN len(${sql}) > 0 THEN array_to_string(${sql}, ',') END`
  if (type === 'date_nanos') return `epoch_us(${sql})::VARCHAR`
  if (type === 'double') return `round((${sql}) * ${CONFIDENCE_UNITS})::BIGINT::VARCHAR`
  return `(${sql})::VARCHAR`
}

/** The hash of a document: as that of a record, over all its fields. Absent values are \N, parts are separated by U+001F; a
 * later field is left out where it is absent, and has its name in front. */
export const DOCUMENT_HASH: string = `substr(sha256(concat_ws(chr(31), ${HASHED_FIELDS.map(f =>
  f.isLater ? `${quoteText(`${f.name}=`)} || ${hashedValue(f)}` : `coalesce(${hashedValue(f)}, '\\N')`,
).join(', ')})), 1, 16)`

/** A value as JSON; NULL where there is none. */
function jsonValue({ type, sql = 'NULL', isList }: DocumentField): string {
  // A list of objects is a list of their texts.
  if (isList && type === 'flattened')
    return `CASE WHEN len(${sql}) > 0 THEN '[' || array_to_string(${sql}, ',') || ']' END`
  if (isList) return `CASE WHEN len(${sql}) > 0 THEN to_json(${sql})::VARCHAR END`
  if (type === 'date_nanos') return `strftime(${sql}, '"%Y-%m-%dT%H:%M:%S.%fZ"')`
  if (type === 'date') return `strftime(${sql}, '"%Y-%m-%d"')`
  if (type === 'keyword' || type === 'ip') return `to_json(${sql})::VARCHAR`
  return `(${sql})::VARCHAR`
}

function part(field: DocumentField): string[] {
  const name = `"${field.name}":`
  if (field.constant !== undefined) return [quoteText(`${name}${JSON.stringify(field.constant)}`)]
  return field.sql === undefined ? [] : [`${quoteText(name)} || ${jsonValue(field)}`]
}

/** A document as JSON text, over the columns of `documents.ts` with `record_hash` and `document_hash`. */
export const DOCUMENT_JSON: string = `'{' || concat_ws(',', ${DOCUMENT_FIELDS.flatMap(part).join(', ')}) || '}'`
