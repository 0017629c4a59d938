import type { Redactor } from '../model/redact.ts'
import type { RequestRecord } from './verify/record.ts'

/** Columns of records that are withheld with the personal part of hops. */
export const WITHHELD_COLUMNS = [
  'query', 'subject_issuer', 'client_id', 'developer_app', 'developer_email', 'user_agent',
] as const // biome-ignore format: a list

/** Columns of records that show a stand-in. */
export const PSEUDONYM_COLUMNS = ['subject', 'app_subject', 'client_ip', 'peer_ip'] as const

/** What a stand-in is for, by column. */
export const PSEUDONYMS = {
  subject: 'subject',
  app_subject: 'subject',
  client_ip: 'address',
  peer_ip: 'address',
} as const

/** A record without people: stand-ins, or nothing. */
export function redactRecord(record: RequestRecord, redact: Redactor): RequestRecord {
  const hidden: Record<string, undefined | string> = {}
  for (const column of WITHHELD_COLUMNS) hidden[column] = undefined
  for (const column of PSEUDONYM_COLUMNS) {
    const value = record[column]
    if (typeof value === 'string') hidden[column] = redact(PSEUDONYMS[column], value)
  }
  return { ...record, ...hidden }
}
