import type { Config } from '../config/schema.ts'
import { fieldKey } from '../model/ids.ts'
import { safe } from '../model/text.ts'
import { correlationPolicies, HEADER } from './apigee-settings.ts'
import type { Finding, Step } from './finding.ts'
import { sum } from './group.ts'
import { customField, type Site } from './iis-settings.ts'
import { type AppLog, type ProxyLog, placeText } from './logs.ts'
import type { Survey } from './survey.ts'

/** Fewer lines say little about how something is logged. */
const LEAST_LINES = 20
/** Share of a proxy's calls that must carry an id before it counts as captured. */
const CAPTURED_SHARE = 0.1

/** Ids that are not logged, logged empty, not captured, or captured elsewhere than logged. */
export function checkIds(survey: Survey, { fields }: Pick<Config, 'fields'>): Finding[] {
  const isId = matcher([...fields.app.correlation, 'traceparent'])
  const lacking = survey.appLogs.filter(log => log.ids === 0 && log.lines > 0)
  const idsOf = (log: AppLog): string[] => log.fields.map(headerName).filter(isId)
  return [
    ...notLogged(lacking.filter(log => idsOf(log).length === 0)),
    ...alwaysEmpty(lacking, idsOf, 'correlation id'),
    ...emptyHeaders(survey, fields),
    ...notCaptured(survey.proxyLogs),
    ...neverMatch(survey),
    ...repeated(survey),
  ]
}

function notLogged(logs: readonly AppLog[]): Finding[] {
  if (logs.length === 0) return []
  return [
    {
      code: 'id-not-logged',
      what: 'IIS does not log a correlation id',
      where: placesOf(logs),
      lines: sum(logs, log => log.lines - log.linked_by_id),
      why: `Without an id a line is joined with its gateway call by subject and time, or by time alone, and stays ambiguous where several calls fit it. A header such as ${HEADER} that the gateway sends settles it.`,
      fix: customField(HEADER, sitesOf(logs)),
    },
  ]
}

function alwaysEmpty(
  logs: readonly AppLog[],
  fieldsOf: (log: AppLog) => readonly string[],
  what: string,
): Finding[] {
  const empty = logs.filter(log => log.lines >= LEAST_LINES && fieldsOf(log).length > 0)
  if (empty.length === 0) return []
  const names = [...new Set(empty.flatMap(fieldsOf))]
  const name = safe(names[0])
  return [
    {
      code: 'field-always-empty',
      what: `${names.map(safe).join(', ')} (${what}) is logged but always "-"`,
      where: placesOf(empty),
      lines: sum(empty, log => log.lines - log.linked_by_id),
      why: 'IIS writes "-" where the request has no such header. Most often sourceName is not the header\'s name to the letter (X_CORRELATION_ID for X-Correlation-ID, a dash too many), or the gateway does not send it.',
      fix: [
        { text: 'see which headers arrive: on the server send one request with the header, and look at the last line of the log', code: `curl.exe -H "${/^[\w.-]+$/.test(name) ? name : HEADER}: doctor-test-1" http://localhost/` },
        { text: '"doctor-test-1" is there: IIS is right and the gateway does not send the header; set it there (AssignMessage). "-" again: correct sourceName, which must be the header as it is sent', code: `<add logFieldName="${HEADER}" sourceName="${HEADER}" sourceType="RequestHeader" />` },
      ],
    },
  ] // biome-ignore format: one finding
}

/** Headers that name people or the first client, logged and never there. */
function emptyHeaders({ appLogs }: Survey, fields: Config['fields']): Finding[] {
  const isSubject = matcher(fields.app.subject)
  const isAddress = matcher(['x*forwarded*for'])
  const custom = (log: AppLog, isOne: (name: string) => boolean): string[] =>
    log.fields.map(headerName).filter(name => name !== 'cs-username' && isOne(name))
  return [
    ...alwaysEmpty(appLogs.filter(log => log.forwarded_subjects === 0), log => custom(log, isSubject), 'who it was'),
    ...alwaysEmpty(appLogs.filter(log => log.forwarded_addresses === 0), log => custom(log, isAddress), 'the first client'),
  ] // biome-ignore format: one list
}

function notCaptured(proxies: readonly ProxyLog[]): Finding[] {
  const lacking = proxies.filter(
    log => log.called > 0 && log.ids < CAPTURED_SHARE * log.called && log.linked_by_id < log.called / 2,
  )
  if (lacking.length === 0) return []
  return [
    {
      code: 'id-not-captured',
      what: 'Apigee records hold no correlation id',
      where: lacking.map(log => ({ name: proxyText(log), lines: log.called })),
      lines: sum(lacking, log => log.called - log.linked_by_id),
      why: 'A header of the call is in the analytics record only if a policy captures it. The id has to be in both logs: captured here, logged by IIS there.',
      fix: correlationPolicies(lacking[0]?.organization ?? undefined),
    },
  ]
}

function neverMatch({ pairs, appLogs, proxyLogs }: Survey): Finding[] {
  const gateway = sum(proxyLogs, log => log.ids)
  const app = sum(appLogs, log => log.ids)
  if (pairs.length > 0 || Math.min(gateway, app) < LEAST_LINES) return []
  const steps: Step[] = [
    { text: 'look at an id of each side: what the gateway captured, and what IIS logged', code: "throughline query 'correlation_id:*' --columns state,correlation_id,proxy,host --limit 20" },
    { text: 'make the gateway send the header that it captures, under the name that IIS logs' },
    ...correlationPolicies(proxyLogs[0]?.organization ?? undefined),
  ] // biome-ignore format: one list
  return [
    {
      code: 'ids-never-match',
      what: 'Both sides log ids, and no id of one is in the other',
      where: [{ name: 'gateway records with an id', lines: gateway }, { name: 'IIS lines with an id', lines: app }],
      lines: Math.min(gateway, app),
      why: 'They log different ids: the one the caller sent and the one the gateway made, say. Such ids join nothing.',
      fix: steps,
    },
  ] // biome-ignore format: one finding
}

function repeated({ repeatedIds }: Survey): Finding[] {
  if (repeatedIds.length === 0) return []
  return [
    {
      code: 'id-repeated',
      what: 'One id stands on many hops: a constant, or one id for a whole session',
      where: repeatedIds.map(({ side, field, id, hops }) => ({ name: `${side} ${safe(field)} = ${safe(id.slice(0, 60))}`, lines: hops })),
      lines: sum(repeatedIds, r => r.hops),
      why: 'An id joins two records only if it belongs to one call. Shared ids leave the choice to time, and an id on more than 1,000 hops of three days is not used at all.',
      fix: [
        { text: 'find out who sends it (a health check, a client with a fixed header, a default of the capture policy) and let the gateway make a new id for every call: AssignMessage without a Condition' },
      ],
    },
  ] // biome-ignore format: one finding
}

/** Whether a column name fits one of these globs, as the configuration compares them. */
function matcher(globs: readonly string[]): (name: string) => boolean {
  const patterns = globs.map(glob => new RegExp(`^${glob.split('*').map(fieldKey).join('.*')}$`))
  return name => !/^(?:cs|sc|s|c)-|^(?:date|time|time-taken)$|\((?:user-agent|cookie|referer)\)/.test(name) && patterns.some(p => p.test(fieldKey(name)))
} // biome-ignore format: one condition

/** `cs(X-Name)` is the header X-Name. */
function headerName(column: string): string {
  return /^(?:cs|sc|x)\((.+)\)$/.exec(column)?.[1] ?? column
}

export function placesOf(logs: readonly AppLog[]): { name: string; lines: number }[] {
  return logs.map(log => ({ name: safe(placeText(log)), lines: log.lines }))
}

export function sitesOf(logs: readonly AppLog[]): Site[] {
  return [...new Set(logs.map(log => log.site))]
}

export function proxyText({ proxy, environment }: Pick<ProxyLog, 'proxy' | 'environment'>): string {
  const name = `proxy ${safe(proxy ?? '(none)')}`
  return environment === null ? name : `${name} in ${safe(environment)}`
}
