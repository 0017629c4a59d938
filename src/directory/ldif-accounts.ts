import { fieldKey } from '../model/ids.ts'
import { accountOf, isNoAccount } from './active-directory.ts'
import { Collector } from './collect.ts'
import { readLdif } from './ldif.ts'
import type { DirectoryImport, DirectoryOptions } from './result.ts'

/** Attributes of an account; a record with none of them is a unit or the like. */
const TELLING = ['samaccountname', 'userprincipalname', 'msdsprincipalname', 'mail', 'proxyaddresses']
const READ = new Set([
  ...TELLING,
  'dn',
  'distinguishedname',
  'whencreated',
  'createtimestamp',
  'dnshostname',
  'objectclass',
])

const NO_DOMAIN =
  'sAMAccountName is no name without its domain, which the record does not tell; give --domain'

/**
 * Reads accounts from LDIF as ldifde and ldapsearch write it. ldifde puts `changetype: add` into every record that it
 * exports, and such a record is the whole account; other change records are refused. Attributes that are not named
 * here, passwords among them, are not looked at.
 */
export function readLdifAccounts(text: string, options: DirectoryOptions): DirectoryImport {
  const collector = new Collector('ldif')
  let isDomainMissing: number | undefined
  for (const { line, attributes, problem } of readLdif(text)) {
    if (problem !== undefined) {
      collector.refuse(line, problem)
      continue
    }
    const values = new Map<string, string[]>()
    for (const [type, found] of attributes) {
      const key = fieldKey(type)
      if (READ.has(key)) values.set(key, found.flatMap(textOf))
      if (key === 'objectsid') values.set(key, found.flatMap(sidOf))
    }
    values.set('distinguishedname', values.get('distinguishedname') ?? values.get('dn') ?? [])
    const valuesOf = (key: string) => values.get(key) ?? []
    if (isNoAccount(valuesOf('objectclass')) || !TELLING.some(key => valuesOf(key).length > 0)) collector.skip()
    else collector.account(accountOf(line, valuesOf, options))
    if (!options.domain && values.has('samaccountname') && !values.has('msdsprincipalname')) isDomainMissing ??= line
  }
  if (isDomainMissing !== undefined) collector.note(isDomainMissing, NO_DOMAIN)
  return collector.result()
} // biome-ignore format: short lines

function textOf(bytes: Buffer): string[] {
  const text = bytes.toString('utf8')
  return text.includes('\ufffd') ? [] : [text]
}

/**
 * A SID as text (MS-DTYP 2.4.2.1) from its bytes (2.4.2.2): revision, count, 6 bytes of authority, then 32-bit numbers,
 * little endian. Text stays as it is.
 */
export function sidOf(bytes: Buffer): string[] {
  if (bytes.subarray(0, 2).toString('latin1').toUpperCase() === 'S-') return textOf(bytes)
  const count = bytes[1] ?? 0
  if (bytes[0] !== 1 || count > 15 || bytes.length !== 8 + 4 * count) return []
  const parts = Array.from({ length: count }, (_, index) => bytes.readUInt32LE(8 + 4 * index))
  return [['S-1', bytes.readUIntBE(2, 6), ...parts].join('-')]
}
