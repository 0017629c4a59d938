import { fieldKey } from '../model/ids.ts'
import { Collector, utcDay } from './collect.ts'
import type { CsvTable } from './csv.ts'
import type { Account, DirectoryImport, DirectoryOptions } from './result.ts'

/** Columns that tell an export of accounts, as `fieldKey` has them. */
const TELLING = ['samaccountname', 'userprincipalname', 'msdsprincipalname']

const NO_DOMAIN = 'SamAccountName is no name without its domain, which the file does not tell; give --domain'

export function isActiveDirectory(header: readonly string[]): boolean {
  const keys = header.map(fieldKey)
  return TELLING.some(key => keys.includes(key))
}

/**
 * Reads `Get-ADUser -Properties ... | Export-Csv`. Columns are the property names of the cmdlet or LDAP names
 * (https://learn.microsoft.com/archive/technet-wiki/12037.active-directory-get-aduser-default-and-extended-properties).
 * Other columns are not looked at.
 */
export function readActiveDirectory(table: CsvTable, options: DirectoryOptions): DirectoryImport {
  const collector = new Collector('ad-csv')
  const places = new Map(table.header.map((name, place) => [fieldKey(name), place]))
  for (const { line, reason } of table.broken) collector.refuse(line, reason)
  for (const { line, fields } of table.rows) {
    if (fields.length !== table.header.length) {
      collector.refuse(line, `${fields.length} fields, expected ${table.header.length} as in the header`)
      continue
    }
    const valuesOf = (key: string) => readCell(fields[places.get(key) ?? -1] ?? '')
    if (isNoAccount(valuesOf('objectclass'))) collector.skip()
    else collector.account(accountOf(line, valuesOf, options))
  }
  if (!options.domain && places.has('samaccountname') && !places.has('msdsprincipalname')) {
    collector.note(table.headerLine, NO_DOMAIN)
  }
  return collector.result()
}

/**
 * The account in attributes of Active Directory. The subject is the user principal name, which is unique in a forest;
 * else the account name with its domain; else the mail address.
 *
 * @param valuesOf values of an attribute by its `fieldKey`
 */
export function accountOf(line: number, valuesOf: (key: string) => readonly string[], options: DirectoryOptions): Account {
  const first = (...keys: string[]) => keys.flatMap(valuesOf).find(value => value !== '')
  const account = first('samaccountname')
  const logon = logonName(first('msdsprincipalname'), account, options.domain)
  const from = first('whencreated', 'created', 'createtimestamp')
  const since = utcDay(from)
  if (account?.endsWith('$')) {
    const dns = first('dnshostname')
    return { line, subjects: [dns && `host:${dns}`, logon], names: [], from: since }
  }
  const addresses = [...valuesOf('mail'), ...valuesOf('emailaddress'), ...valuesOf('proxyaddresses').flatMap(smtpAddress)]
  return {
    line,
    subjects: [first('userprincipalname'), logon, addresses[0]],
    names: [...addresses.slice(1), first('distinguishedname'), first('sid', 'objectsid')],
    from: since,
  }
} // biome-ignore format: short lines

/** Classes of records that are no accounts; groups have account names and addresses too. */
const NO_ACCOUNTS = new Set([
  'group', 'groupofnames', 'groupofuniquenames', 'posixgroup', 'organizationalunit', 'organization', 'container',
  'domain', 'domaindns', 'builtindomain', 'trusteddomain', 'foreignsecurityprincipal',
]) // biome-ignore format: a table

export function isNoAccount(classes: readonly string[]): boolean {
  return classes.some(name => NO_ACCOUNTS.has(name.toLowerCase()))
}

/** `msDS-PrincipalName` is `DOMAIN\account`, else a SID (compare MS-ADTS 3.1.1.3.2.38). */
function logonName(principal: string | undefined, account: string | undefined, domain: string | undefined) {
  if (principal?.includes('\\')) return principal
  return account && domain ? `${domain}\\${account}` : undefined
}

/**
 * A cell of a property with several values. Export-Csv writes the name of their class instead of the values
 * (`Microsoft.ActiveDirectory.Management.ADPropertyValueCollection`); scripts join them with `;`, `|`, `,` or a blank.
 */
function readCell(cell: string): string[] {
  if (cell === '' || /^(?:Microsoft\.ActiveDirectory\.|System\.)[\w.`[\]]+$/.test(cell)) return []
  return /^(?:smtp|x500|sip|x400|eum):/i.test(cell) ? cell.split(/[;|,\s]+(?=[a-z0-9]+:)/i) : [cell]
}

/** `SMTP:` marks the primary address, `smtp:` the others; the rest are no mail addresses. */
function smtpAddress(value: string): string[] {
  const address = /^smtp:(\S+@\S+)$/i.exec(value.trim())?.[1]
  return address === undefined ? [] : [address]
}
