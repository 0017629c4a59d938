import { stringify } from 'yaml'
import { count, safe } from '../model/text.ts'
import { placesOf, proxyText, sitesOf } from './checks-ids.ts'
import { isShared, isZoneMistake, offsetText, spanText, usualUs } from './clocks.ts'
import type { Finding, Step } from './finding.ts'
import { groupBy, sum } from './group.ts'
import { standardFields, switchable } from './iis-settings.ts'
import type { AppLog, ProxyLog } from './logs.ts'
import type { Survey } from './survey.ts'

/** Columns that help, whom they help, and why. `lines` counts the lines that are worse off without. */
const HELPFUL: readonly { column: string; lines: (log: AppLog) => number; why: string }[] = [
  { column: 'time-taken', lines: log => log.lines - log.durations, why: 'time-taken: without it the start of a request is not known, and equal durations are the best evidence for a pair without an id' },
  { column: 'c-ip', lines: log => log.lines - log.peers, why: 'c-ip: tells calls of the gateway from calls past it' },
  { column: 's-computername', lines: log => (log.host === undefined ? log.lines : 0), why: 's-computername: the log says which host wrote it, whose clock it is, also where files get mixed' },
  { column: 'cs-host', lines: log => Math.max(0, log.lines - log.host_headers - log.linked_by_id), why: 'cs-host: tells applications on one site apart' },
  { column: 'sc-bytes', lines: log => Math.max(0, log.lines - log.bytes_out - log.linked_by_id), why: 'sc-bytes: equal sizes are evidence for a pair without an id' },
  { column: 'cs-bytes', lines: log => Math.max(0, log.lines - log.bytes_in - log.linked_by_id), why: 'cs-bytes: the same, for requests' },
] // biome-ignore format: a table

/** Columns that are not switched on, records without stamps, clocks, paths. */
export function checkLogs(survey: Survey): Finding[] {
  return [
    ...missingFields(survey),
    ...clocks(survey),
    ...missingStamps(survey.proxyLogs),
    ...unmarkedTargets(survey.proxyLogs),
    ...differingPaths(survey.proxyLogs),
  ]
}

/** One finding a set of missing columns, as the fix is one list of columns. */
function missingFields({ appLogs, origins }: Survey): Finding[] {
  const lacking = appLogs
    .filter(log => log.fields.length > 0)
    .map(log => ({
      log,
      missing: HELPFUL.filter(({ column, lines }) => !log.fields.includes(column) && lines(log) > 0),
    }))
    .filter(({ missing }) => missing.length > 0)
  const groups = groupBy(lacking, ({ log, missing }) =>
    [...missing.map(m => m.column), switchable(log.fields).sort()].join(),
  )
  return [...groups.values()].flatMap((own): Finding[] => {
    const [first] = own
    if (!first) return []
    const { missing } = first
    const columns = missing.map(m => m.column)
    const places = own.map(({ log }) => log)
    return [
      {
        code: 'fields-missing',
        what: `IIS does not log ${columns.join(', ')}`,
        where: placesOf(places),
        lines: sum(places, log => Math.max(...missing.map(m => m.lines(log)))),
        why: missing.map(m => m.why).join('; '),
        fix: [...standardFields(first.log.fields, columns, sitesOf(places)), ...namingStep(columns, origins)],
      },
    ]
  }) // biome-ignore format: one pipeline
}

/** Logs that exist already are named by the configuration. */
function namingStep(columns: readonly string[], { rules }: Survey['origins']): Step[] {
  if (!columns.includes('s-computername')) return []
  const named = rules.filter(rule => rule.host !== undefined)
  const text = 'For logs that exist already, throughline.yaml can say whose they are'
  const code = stringify({ hosts: named.length ? named : [{ path: '**/FOLDER/**', host: 'NAME' }] }).trimEnd()
  return [
    {
      text: `${text}${named.length ? ', as their folders seem to' : ''}; it counts for what is ingested after it`,
      code,
    },
  ]
}

function clocks({ clocks }: Survey): Finding[] {
  const wrong = clocks.filter(clock => clock.isOff || clock.steps.length > 0)
  if (wrong.length === 0) return []
  return [
    {
      code: 'clock',
      what: wrong.some(clock => clock.steps.length > 0) ? 'Clocks of hosts are off, or were set while they ran' : 'Clocks of hosts are off',
      where: wrong.map(clock => ({
        name: `${safe(clock.host) || '(unnamed host)'}: ${offsetText(usualUs(clock))} of the gateway${stepsText(clock.steps)}`,
        lines: clock.lines,
      })),
      lines: sum(wrong, clock => clock.lines),
      why: 'Links allow for the difference, which is measured for every quarter of an hour; but lines close to a change of a clock are hard to place, and times in the log are wrong for everybody else who reads them.',
      fix: clockSteps(clocks),
    },
  ] // biome-ignore format: one finding
}

function clockSteps(clocks: Survey['clocks']): Step[] {
  const zones = clocks.filter(isZoneMistake).map(clock => safe(clock.host))
  return [
    ...(isShared(clocks)
      ? [{ text: 'All hosts are off by the same, so look at the clock of the gateway first (Apigee hybrid and Edge: the nodes of the message processors).' }]
      : []),
    ...(zones.length
      ? [{ text: `${zones.slice(0, 3).join(', ')}: off by whole half hours. IIS logs UTC, so the time zone of the server is most likely wrong, with its clock set to fit`, code: 'tzutil /g' }]
      : []),
    { text: 'on the server: where does it take its time from, and how far off is it', code: 'w32tm /query /status /verbose\nw32tm /stripchart /computer:TIMESERVER /samples:5 /dataonly' },
    { text: 'in a domain, take it from the domain; elsewhere name an NTP server with /manualpeerlist', code: 'w32tm /config /syncfromflags:domhier /update\nw32tm /resync /rediscover' },
  ] // biome-ignore format: one list
}

function stepsText(steps: Survey['clocks'][number]['steps']): string {
  const [first] = steps
  if (!first) return ''
  const more = steps.length > 1 ? `, and ${count(steps.length - 1)} more times` : ''
  return `; set ${first.byUs >= 0 ? 'forward' : 'back'} by ${spanText(first.byUs)} before ${first.at} UTC${more}`
}

function missingStamps(proxies: readonly ProxyLog[]): Finding[] {
  const lacking = proxies.filter(log => log.no_stamps > 0 && log.no_stamps >= 0.05 * log.called)
  if (lacking.length === 0) return []
  return [
    {
      code: 'stamps-missing',
      what: 'Apigee records lack the times of the call to the target',
      where: lacking.map(log => ({ name: proxyText(log), lines: log.no_stamps })),
      lines: sum(lacking, log => log.no_stamps),
      why: 'target_sent_start_timestamp and target_received_end_timestamp say when the app worked. Without them the whole time of the gateway stands for it, which includes its own policies.',
      fix: [
        { text: 'hand over the analytics export itself, which has all columns, rather than a report or a table with some of them; one UTC day and one environment an export', code: exportCall(lacking[0]) },
      ],
    },
  ] // biome-ignore format: one finding
}

/** The call that exports a day of analytics to Cloud Storage. Source: analytics.exports.create of the Apigee API. */
export function exportCall(log?: Pick<ProxyLog, 'organization' | 'environment'>): string {
  const plain = (name: string | null | undefined, other: string): string =>
    name && /^[a-z0-9][a-z0-9-]{0,62}$/i.test(name) ? name : other
  return [
    `curl -X POST "https://apigee.googleapis.com/v1/organizations/${plain(log?.organization, 'ORG')}/environments/${plain(log?.environment, 'ENV')}/analytics/exports" \\`,
    '  -H "Authorization: Bearer $(gcloud auth print-access-token)" -H "Content-Type: application/json" \\',
    `  -d '{"name": "throughline", "dateRange": {"start": "2026-07-01", "end": "2026-07-02"}, "outputFormat": "json", "datastoreName": "DATASTORE"}'`,
  ].join('\n')
}

function unmarkedTargets(proxies: readonly ProxyLog[]): Finding[] {
  const odd = proxies.filter(log => log.uncalled_linked >= 5 && log.uncalled_linked > 0.05 * log.called)
  if (odd.length === 0) return []
  return [
    {
      code: 'targets-unmarked',
      what: 'Apigee records show no call to a target, though IIS logged the same id',
      where: odd.map(log => ({ name: proxyText(log), lines: log.uncalled_linked })),
      lines: sum(odd, log => log.uncalled_linked),
      why: 'The call is made by a ServiceCallout policy or a script, which analytics does not time. Such calls are joined by id only.',
      fix: [{ text: 'let the TargetEndpoint make the call, or make sure that the id is sent by the ServiceCallout too (Set/Headers in its Request)' }],
    },
  ] // biome-ignore format: one finding
}

function differingPaths(proxies: readonly ProxyLog[]): Finding[] {
  const odd = proxies.filter(log => log.other_path > log.same_path + 4)
  if (odd.length === 0) return []
  return [
    {
      code: 'paths-differ',
      what: 'Paths of the gateway are not those that IIS logs',
      where: odd.map(log => ({ name: proxyText(log), lines: log.other_path })),
      lines: sum(odd, log => Math.max(0, log.called - log.linked_by_id)),
      why: 'The proxy rewrites the path, or a rule of URL Rewrite does. Paths are then no evidence, and calls without an id are told apart by the rest.',
      fix: [{ text: 'nothing, where ids are logged. Else keep to the path: where a policy sets target.url, put its path into the URL of the TargetEndpoint; where a rule of URL Rewrite has logRewrittenUrl="true", take that out, so that IIS logs what was asked for' }],
    },
  ] // biome-ignore format: one finding
}
