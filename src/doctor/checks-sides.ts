import { stringify } from 'yaml'
import type { Config } from '../config/schema.ts'
import type { LedgerState } from '../ledger/state.ts'
import { count } from '../model/text.ts'
import { subjectPolicies } from './apigee-settings.ts'
import { placesOf, sitesOf } from './checks-ids.ts'
import { exportCall } from './checks-logs.ts'
import type { Finding, Place } from './finding.ts'
import { sum } from './group.ts'
import { customField } from './iis-settings.ts'
import type { SubjectSurvey } from './subjects.ts'
import { gatewayPeers, type Survey } from './survey.ts'

/** A day with less than this share of the other side's hops has none: calls cross midnight. */
const STRAY_SHARE = 0.01
const LEAST_PAIRS = 20
const AGREEING_SHARE = 0.95

/** What is missing as a whole: a side, the addresses of the gateway, who it was. */
export function checkSides(
  survey: Survey,
  state: LedgerState,
  config: Pick<Config, 'trustedProxies'>,
): Finding[] {
  return [
    ...missingSides(state),
    ...trustedProxies(survey, config.trustedProxies),
    ...differingSubjects(survey.subjects),
    ...missingSubjects(survey),
  ]
}

function missingSides({ segments }: LedgerState): Finding[] {
  const days = [...new Set(segments.map(s => s.day))].sort()
  const rows = (day: string, kind: 'gateway' | 'app'): number =>
    sum(
      segments.filter(s => s.day === day && s.kind === kind),
      s => s.rows,
    )
  const without = (kind: 'gateway' | 'app', other: 'gateway' | 'app'): Place[] =>
    days
      .filter(day => rows(day, other) > 0 && rows(day, kind) < STRAY_SHARE * rows(day, other))
      .map(day => ({ name: day, lines: rows(day, other) }))
  const gateway = without('gateway', 'app')
  const app = without('app', 'gateway')
  const why = 'Requests are put together from both sides; of these days there is only one.'
  return [
    ...(gateway.length
      ? [{ code: 'gateway-missing', what: `No Apigee export of ${daysText(gateway.length)}`, where: gateway, lines: sum(gateway, p => p.lines), why, fix: [
          { text: 'export the analytics of each environment, one UTC day a call, and ingest the files', code: exportCall() },
          { text: 'an export that was refused or is of other days: see', code: 'throughline status' },
        ] } as const]
      : []),
    ...(app.length
      ? [{ code: 'app-missing', what: `No IIS log of ${daysText(app.length)}`, where: app, lines: sum(app, p => p.lines), why, fix: [
          { text: 'copy the logs of every server of the farm, a folder a server; by default they lie in', code: '%SystemDrive%\\inetpub\\logs\\LogFiles\\W3SVC<site id>\\u_ex<yymmdd>.log and u_ex<yymmdd>_x.log' },
          { text: 'IIS keeps the last lines in memory: write them out before you copy', code: 'netsh http flush logbuffer' },
        ] } as const]
      : []),
  ] // biome-ignore format: two findings
}

function daysText(days: number): string {
  return days === 1 ? 'a day' : `${count(days)} days`
}

function trustedProxies({ share, peers }: Survey, configured: readonly string[]): Finding[] {
  if (configured.length > 0 || share.appHops === 0 || share.gatewayHops === 0 || peers.length === 0) return []
  const proposed = gatewayPeers(peers)
  const addresses = proposed.map(peer => peer.address)
  return [
    {
      code: 'trusted-proxies-missing',
      what: 'trustedProxies is not configured: calls past the gateway cannot be told',
      where: proposed.map(peer => ({ name: `${peer.address} (${count(peer.linked)} linked)`, lines: peer.lines })),
      lines: share.appHops - share.appJoined,
      why: 'A line without a gateway call may be one whose record is missing, or somebody who went past the gateway, also with a copied id. The address that it came from decides, if the addresses of the gateway are known.',
      fix: [
        {
          text: addresses.length ? 'confirm with whoever runs the gateway that these are its addresses, and add to throughline.yaml' : 'ask whoever runs the gateway for the addresses that it calls from, and add to throughline.yaml',
          code: stringify({ trustedProxies: addresses.length ? addresses : ['10.0.0.0/24'] }).trimEnd(),
        },
        { text: 'then link anew', code: 'throughline link' },
      ],
    },
  ] // biome-ignore format: one finding
}

function differingSubjects({ pairs, agreeing, rules, shapes }: SubjectSurvey): Finding[] {
  if (pairs < LEAST_PAIRS || agreeing >= AGREEING_SHARE * pairs) return []
  const importing = {
    text: 'take the accounts from the directory, which knows the names of each person',
    code: 'throughline subjects import accounts.csv',
  }
  const proposal = {
    text: 'add these rules to throughline.yaml if they hold for everybody; the links bear them out',
    code: stringify(
      { subjects: { rules: rules.map(({ match, as }) => ({ match, as })) } },
      { lineWidth: 0 },
    ).trimEnd(),
  }
  return [
    {
      code: 'subjects-differ',
      what: 'The two sides write the same people in different ways',
      where: shapes.filter(s => s.kind === 'user').slice(0, 8).map(s => ({ name: `${s.side} ${s.shape} (${count(s.names)} names)`, lines: s.lines })),
      lines: pairs - agreeing,
      why: `Of ${count(pairs)} links by id whose both sides name somebody, ${count(agreeing)} name the same. Names that agree are strong evidence for lines without an id, and an audit asks who it was by one name.`,
      fix: rules.length ? [proposal, { text: 'then link anew', code: 'throughline link' }] : [importing],
    },
  ] // biome-ignore format: one finding
}

function missingSubjects({ appLogs, proxyLogs }: Survey): Finding[] {
  const people = sum(proxyLogs, log => log.people)
  const subjects = sum(appLogs, log => log.subjects)
  const why =
    'A subject on both sides is strong evidence for lines without an id, and shows where one acted as another.'
  const called = proxyLogs.filter(log => log.called > 0)
  if (people === 0 && subjects > 0 && called.length > 0)
    return [{
      code: 'subject-missing', what: 'Apigee records do not say who called',
      where: called.map(log => ({ name: `proxy ${log.proxy ?? '(none)'}`, lines: log.called })),
      lines: sum(called, log => log.called - log.linked_by_id), why, fix: subjectPolicies(called[0]?.organization ?? undefined),
    }] // biome-ignore format: one finding
  if (subjects === 0 && people > 0 && appLogs.length > 0)
    return [{
      code: 'subject-missing', what: 'IIS does not log who called',
      where: placesOf(appLogs), lines: sum(appLogs, log => log.lines - log.linked_by_id), why,
      fix: [{ text: 'let the gateway send the subject of the token in a header, such as X-Forwarded-User, and log it' }, ...customField('X-Forwarded-User', sitesOf(appLogs))],
    }] // biome-ignore format: one finding
  return []
}
