import type { Step } from './finding.ts'

/** A site as logs name it: `w3svc2`, or its name where the server logs that. */
export type Site = string | undefined

const APPCMD = '%windir%\\system32\\inetsrv\\appcmd.exe'
const APPHOST = "-PSPath 'MACHINE/WEBROOT/APPHOST'"

/** Flags of logExtFileFlags by the column that they switch on, in the order in which IIS writes columns. */
const FLAGS: Readonly<Record<string, string>> = {
  date: 'Date', time: 'Time', 's-sitename': 'SiteName', 's-computername': 'ComputerName', 's-ip': 'ServerIP',
  'cs-method': 'Method', 'cs-uri-stem': 'UriStem', 'cs-uri-query': 'UriQuery', 's-port': 'ServerPort',
  'cs-username': 'UserName', 'c-ip': 'ClientIP', 'cs-version': 'ProtocolVersion', 'cs(user-agent)': 'UserAgent',
  'cs(cookie)': 'Cookie', 'cs(referer)': 'Referer', 'cs-host': 'Host', 'sc-status': 'HttpStatus',
  'sc-substatus': 'HttpSubStatus', 'sc-win32-status': 'Win32Status', 'sc-bytes': 'BytesSent', 'cs-bytes': 'BytesRecv',
  'time-taken': 'TimeTaken',
} // biome-ignore format: a table

/**
 * Settings that log a request header as a custom field (IIS 8.5 and later), as a command, for PowerShell, and as XML.
 * Source: system.applicationHost/sites/site/logFile/customFields of the IIS configuration reference.
 */
export function customField(header: string, sites: readonly Site[]): Step[] {
  const field = `logFieldName='${header}',sourceName='${header}',sourceType='RequestHeader'`
  return [
    ...siteSteps(
      sites,
      name => `${APPCMD} set config -section:system.applicationHost/sites /+"[name='${name}'].logFile.customFields.[${field}]" /commit:apphost`,
    ),
    {
      text: 'or in PowerShell',
      code: sites
        .map(site => `Add-WebConfigurationProperty ${APPHOST} -Filter "system.applicationHost/sites/site[${xpath(site)}]/logFile/customFields" -Name "." -Value @{logFieldName='${header}';sourceName='${header}';sourceType='RequestHeader'}`)
        .join('\n'),
    },
    {
      text: 'or in applicationHost.config, inside <site> (or <siteDefaults> for every site)',
      code: [
        '<logFile logFormat="W3C">',
        '  <customFields>',
        `    <add logFieldName="${header}" sourceName="${header}" sourceType="RequestHeader" />`,
        '  </customFields>',
        '</logFile>',
      ].join('\n'),
    },
    {
      text: 'With its first custom field IIS starts a new file whose name ends with _x, such as u_ex260302_x.log. Hand over both files of that day.',
    },
  ] // biome-ignore format: one list
}

/**
 * Settings that log further standard columns. The list replaces the one in force, so it names the columns that are
 * logged already too.
 */
export function standardFields(
  present: readonly string[],
  missing: readonly string[],
  sites: readonly Site[],
): Step[] {
  const wanted = new Set([...present, ...missing])
  const flags = Object.entries(FLAGS).flatMap(([column, flag]) => (wanted.has(column) ? [flag] : []))
  const list = flags.join(',')
  return [
    ...siteSteps(
      sites,
      name => `${APPCMD} set config -section:system.applicationHost/sites "/[name='${name}'].logFile.logExtFileFlags:${list}" /commit:apphost`,
    ),
    {
      text: 'or in PowerShell',
      code: sites
        .map(site => `Set-WebConfigurationProperty ${APPHOST} -Filter "system.applicationHost/sites/site[${xpath(site)}]/logFile" -Name "logExtFileFlags" -Value "${list}"`)
        .join('\n'),
    },
    { text: 'or in applicationHost.config, inside <site>', code: `<logFile logFormat="W3C" logExtFileFlags="${flags.join(', ')}" />` },
  ] // biome-ignore format: one list
}

/** The columns among these that have a flag. */
export function switchable(columns: readonly string[]): string[] {
  return columns.filter(column => column in FLAGS)
}

/** One command a site; where logs tell only its number, its name is asked for first. */
function siteSteps(sites: readonly Site[], command: (name: string) => string): Step[] {
  const numbers = sites.flatMap(site => siteNumber(site) ?? [])
  const ask = numbers.map(id => `${APPCMD} list site /id:${id} /text:name`)
  return [
    ...(ask.length ? [{ text: `on each server, find out the ${ask.length === 1 ? 'name of the site' : 'names of the sites'}`, code: ask.join('\n') }] : []),
    {
      text: ask.length ? 'then, with that name' : 'on each server, in a command prompt of an administrator',
      code: sites.map(site => command(siteName(site))).join('\n'),
    },
  ] // biome-ignore format: one list
}

function siteNumber(site: Site): string | undefined {
  return /^w3svc(\d+)$/i.exec(site ?? '')?.[1]
}

/** Names go into commands that people paste, so only plain ones are taken over from logs. */
function siteName(site: Site): string {
  const id = siteNumber(site)
  if (id !== undefined) return `NAME OF SITE ${id}`
  return site !== undefined && /^[\w .-]{1,100}$/.test(site) ? site : 'Default Web Site'
}

function xpath(site: Site): string {
  const id = siteNumber(site)
  return id === undefined ? `@name='${siteName(site)}'` : `@id='${id}'`
}
