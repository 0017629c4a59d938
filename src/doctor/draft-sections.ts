import { stringify } from 'yaml'
import { DEFAULT_APPLICATION } from '../ledger/state.ts'
import { count, percent } from '../model/text.ts'
import type { ProposedApplication } from './applications.ts'
import { offsetText, spanText } from './clocks.ts'
import { groupBy, sum } from './group.ts'
import { placeText } from './logs.ts'
import { gatewayPeers, type Survey } from './survey.ts'

/** What a draft of a configuration is made from. */
export interface DraftInput {
  readonly survey: Survey
  readonly applications: readonly ProposedApplication[]
  /** What was read, a line each. */
  readonly read: readonly string[]
  readonly store: string
}

/** Keys of the file with what is said above them; without a value it is a comment only. */
interface Section {
  readonly comment: readonly string[]
  readonly value?: Readonly<Record<string, unknown>>
}

/** The parts of a draft, in order. */
export const SECTIONS: readonly ((input: DraftInput) => Section)[] = [
  storeSection, hostsSection, fieldsSection, applicationsSection, proxiesSection, subjectsSection, clocksSection,
  logsSection,
] // biome-ignore format: a list

/** A part of a configuration as lines of a comment. */
function commented(value: Readonly<Record<string, unknown>>): string[] {
  return stringify(value, { lineWidth: 0 }).trimEnd().split('\n')
}

function storeSection({ store }: DraftInput): Section {
  return { comment: ['Folder of the store.'], value: { store } }
}

function hostsSection({ survey }: DraftInput): Section {
  const { rules, nameless } = survey.origins
  const first = nameless[0]
  const unknown =
    first === undefined
      ? []
      : [
          `${count(nameless.length)} of the logs do not say which host wrote them, such as ${first}.`,
          'Log s-computername, or add a rule:',
          ...commented({ hosts: [{ path: '**/FOLDER/**', host: 'NAME' }] }),
        ]
  if (rules.length === 0)
    return { comment: unknown.length ? unknown : ['hosts: not needed, the logs name their hosts.'] }
  return {
    comment: [
      'Who wrote the logs whose rows do not say it, by their folders. The first rule that matches counts.',
      ...unknown,
    ],
    value: { hosts: rules },
  }
}

function fieldsSection({ survey }: DraftInput): Section {
  const { pairs, share } = survey
  const fieldsOf = (of: (pair: (typeof pairs)[number]) => string): string[] => [
    ...new Set(pairs.map(pair => of(pair).toLowerCase())),
  ]
  const lines = pairs.map(
    ({ gatewayField, appField, how, links }) =>
      `  ${gatewayField} = ${appField}${how === 'equal' ? '' : ` (${HOW[how] ?? how})`}: ${count(links)} links`,
  )
  // The gateway's own message id is compared whatever the configuration says, and is no column to choose.
  const gateway = fieldsOf(pair => pair.gatewayField).filter(field => field !== 'gateway_flow_id')
  const app = fieldsOf(pair => pair.appField)
  if (pairs.length === 0 || app.length === 0) return { comment: noFields(survey) }
  return {
    comment: [
      `Which fields carry the id of a call. ${count(share.gatewayJoined)} of ${count(share.targetCalled)} calls to a target have their app hop (${percent(share.gatewayJoined, share.targetCalled)}); by id:`,
      ...lines,
      'Best first; a list replaces the built-in one (docs/config.md), and * stands for any characters.',
    ],
    value: {
      fields: {
        ...(gateway.length ? { gateway: { correlation: gateway } } : {}),
        app: { correlation: app },
      },
    },
  }
}

/** How ids were compared, in words. */
const HOW: Readonly<Record<string, string>> = {
  segment: 'one part of a composite id',
  cut: 'equal up to the capture limit',
  answer: 'shared by several calls, told apart by time',
  retry: 'shared by several calls, a retry',
  handshake: 'shared by several calls, a logon handshake',
}

function noFields({ share }: Survey): string[] {
  if (share.gatewayHops === 0 || share.appHops === 0)
    return [
      `fields: ${share.gatewayHops === 0 ? 'no Apigee export' : 'no IIS log'} was among what was read, so no pair of id fields could be tried.`,
    ]
  return [
    'fields: no id of the gateway was found in an IIS log. Calls are linked by subject and time, or by time alone.',
    '`throughline doctor` says what to log. Columns that carry the id under another name go here:',
    ...commented({
      fields: { gateway: { correlation: ['dc_correlation_id'] }, app: { correlation: ['X-Correlation-ID'] } },
    }),
  ]
}

function applicationsSection({ survey, applications }: DraftInput): Section {
  const unlinked = survey.proxyLogs.filter(log => log.called > 0 && log.linked === 0)
  const rest = unlinked.map(
    log => `  proxy ${log.proxy ?? '(none)'}: ${count(log.called)} calls to a target, none of them linked`,
  )
  if (applications.length === 0)
    return {
      comment: [
        `applications: none could be told apart by their links; everything is \`${DEFAULT_APPLICATION}\`.`,
        ...rest,
      ],
    }
  return {
    comment: [
      'Applications: proxies and sites that are linked with one another and hardly with others. Give them your names.',
      ...applications.map(
        ({ rule, links, crossing }) =>
          `  ${rule.name}: ${count(links)} links${crossing ? `; ${count(crossing)} more lead to or from others` : ''}`,
      ),
      `What matches none is application \`${DEFAULT_APPLICATION}\`${rest.length ? ', such as:' : '.'}`,
      ...rest,
    ],
    value: { applications: applications.map(({ rule }) => rule) },
  }
}

function proxiesSection({ survey }: DraftInput): Section {
  const peers = gatewayPeers(survey.peers)
  if (peers.length === 0)
    return {
      comment: [
        'From where the gateway calls IIS. No address brings calls of the gateway only, so none is proposed; without',
        "the list, an id that somebody sends past the gateway cannot be told from the gateway's.",
        ...commented({ trustedProxies: ['10.0.0.0/24'] }),
      ],
    }
  return {
    comment: [
      'From where the gateway calls IIS, to be confirmed by whoever runs it: take out the # if these are its addresses.',
      'With the list, an id that comes from elsewhere proves nothing, and calls past the gateway are told.',
      ...peers.map(
        peer => `  ${peer.address}: ${count(peer.linked)} of ${count(peer.lines)} lines are linked`,
      ),
      ...commented({ trustedProxies: peers.map(peer => peer.address) }),
    ],
  }
}

function subjectsSection({ survey: { subjects } }: DraftInput): Section {
  const seen = subjects.shapes
    .slice(0, 12)
    .map(
      ({ side, kind, shape, lines, names }) =>
        `  ${side.padEnd(7)} ${kind} ${shape}: ${count(names)} names on ${count(lines)} lines`,
    )
  if (seen.length === 0) return { comment: ['subjects: neither side names who it was.'] }
  const agree = subjects.pairs
    ? `${count(subjects.agreeing)} of ${count(subjects.pairs)} links by id whose both sides name somebody name the same.`
    : 'No link by id has somebody named on both sides.'
  const rules = subjects.rules.map(({ match, as }) => ({ match, as }))
  const proposal = rules.length
    ? [
        'These rules would make more of them agree; take out the # if they hold for everybody:',
        ...subjects.rules.map(
          rule =>
            `  ${rule.match} as ${rule.as}: ${count(rule.agreeing)} of ${count(rule.pairs)} links agree`,
        ),
        ...commented({ subjects: { rules } }),
      ]
    : []
  return { comment: ['Who it was, as the two sides write it:', ...seen, agree, ...proposal] }
}

function clocksSection({ survey: { clocks } }: DraftInput): Section {
  if (clocks.length === 0) return { comment: ['Clocks: without links nothing is known about them.'] }
  const lines = clocks.map(clock => {
    const steps = clock.steps.length
      ? `; set by ${spanText(clock.steps[0]?.byUs ?? 0)} before ${clock.steps[0]?.at}`
      : ''
    return `  ${clock.host || '(unnamed host)'}: ${offsetText(clock.usualLowUs)} to ${offsetText(clock.usualHighUs)}, from ${count(clock.lines)} lines${steps}`
  })
  return {
    comment: [
      `Clocks of ${count(clocks.length)} ${clocks.length === 1 ? 'host' : 'hosts'} against the gateway's, as ${count(sum(clocks, c => c.lines))} links show them. Nothing to set: they are`,
      'measured anew for every day.',
      ...lines,
    ],
  }
}

/** Groups of logs with the same columns that are listed. */
const MOST_GROUPS = 10

function logsSection({ survey: { appLogs } }: DraftInput): Section {
  if (appLogs.length === 0) return { comment: ['Columns: no IIS log was read.'] }
  const groups = [...groupBy(appLogs, log => log.fields.join(' '))]
  const lines = groups
    .slice(0, MOST_GROUPS)
    .flatMap(([fields, logs]) => [
      `  ${logs.map(placeText).join('; ')}: ${count(sum(logs, log => log.lines))} lines`,
      `    ${fields}`,
    ])
  const more =
    groups.length > MOST_GROUPS ? [`  and ${count(groups.length - MOST_GROUPS)} more ways of logging`] : []
  return { comment: ['Columns in force, by the hosts and sites that log them:', ...lines, ...more] }
}
