import { isActiveDirectory, readActiveDirectory } from './active-directory.ts'
import { readCsv } from './csv.ts'
import { looksLikeLdif } from './ldif.ts'
import { readLdifAccounts } from './ldif-accounts.ts'
import { readOkta } from './okta.ts'
import { isPlain, readPlain } from './plain.ts'
import type { DirectoryImport, DirectoryOptions } from './result.ts'
import { decodeText } from './text.ts'

const EXPECTED =
  'no directory export: expected CSV with SamAccountName or UserPrincipalName, or with subject and name; LDIF; or users of Okta as JSON'

/**
 * Reads the accounts of a directory into alias entries. What the file is, its content tells, not its name. Bad records
 * are reported and the others read; nothing is thrown.
 */
export function readDirectory(bytes: Uint8Array, options: DirectoryOptions = {}): DirectoryImport {
  const decoded = decodeText(bytes)
  if (!('text' in decoded)) return unknown(decoded.line, decoded.reason)
  const { text } = decoded
  if (/^\s*(?:\[\s*[{\]]|\{)/.test(text)) return readOkta(text, options)
  if (looksLikeLdif(text)) return readLdifAccounts(text, options)
  const table = readCsv(text)
  if (isPlain(table.header)) return readPlain(table)
  if (isActiveDirectory(table.header)) return readActiveDirectory(table, options)
  return unknown(table.headerLine, EXPECTED)
}

function unknown(line: number, reason: string): DirectoryImport {
  return { format: undefined, entries: [], problems: [{ line, reason }], records: 0, skipped: 0 }
}
