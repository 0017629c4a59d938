import { type Clock, hostClock } from './clock.ts'
import {
  ADDRESS_FIELD,
  CERTIFICATE_FIELDS,
  CORRELATION_FIELD,
  type Layout,
  toLayout,
  USER_FIELD,
} from './layout.ts'
import type { SimulationSettings } from './options.ts'
import { buildPrincipals, type Principal } from './principals.ts'
import type { Random } from './random.ts'
import { companyRoutes, DIRECTORY_ROUTES, ORDERS_ROUTES, PAYROLL_ROUTES, type Route } from './routes.ts'
import { MS_US } from './times.ts'

/** Who there is: the gateway's proxies, the IIS sites and hosts behind them, the people and their apps. */
export interface Company {
  readonly organization: string
  readonly applications: readonly Application[]
  readonly hosts: readonly Host[]
  readonly principals: readonly Principal[]
  /** Addresses the gateway calls out from: the trusted proxies of the IIS hosts. */
  readonly egressIps: readonly string[]
}

/** One proxy and the backend it calls. */
export interface Application {
  readonly proxy: string
  readonly environment: string
  readonly basepath: string
  readonly targetHost: string
  readonly targetIp: string
  readonly targetBasepath: string
  readonly weight: number
  readonly routes: readonly Route[]
  readonly hosts: readonly Host[]
  /** Share of calls whose target gets `{correlation}.{messageid}`, as a public health service's API does it. */
  readonly compositeShare: number
  /** Whether that is the rule here, rather than one application's exception. */
  readonly hasCompositeId: boolean
  /** How the app's IIS row names the person: a forwarded header, a Windows account, or not at all. */
  readonly identity: 'header' | 'windows' | 'none'
}

export interface Host {
  readonly name: string
  readonly ip: string
  readonly siteId: number
  readonly siteName: string
  readonly clock: Clock
  /** Step of the clock behind time-taken; 0 for exact. Steps of 15.6 ms are met on older Windows. */
  readonly tickUs: number
  /** Where in a step true time is at its zero. */
  readonly tickPhaseUs: number
  /** Share of this host's lines that can carry the correlation id. */
  readonly idShare: number
  readonly layout: Layout
  readonly changedLayout: Layout | undefined
}

const OLD_TIMER_TICK_US = 15_625
const SITES = [
  { name: 'payroll', id: 2, prefix: 'WEB-PAY', subnet: '10.20.1' },
  { name: 'services', id: 3, prefix: 'WEB-APP', subnet: '10.20.2' },
] as const

export function buildCompany(settings: SimulationSettings, random: Random): Company {
  const hosts = buildHosts(settings)
  return {
    organization: 'corp',
    applications: buildApplications(settings, hosts),
    hosts,
    principals: buildPrincipals(settings, random),
    egressIps: ['10.30.0.11', '10.30.0.12', '10.30.0.13'],
  }
}

function buildHosts(settings: SimulationSettings): Host[] {
  const sites = settings.applications === 1 ? SITES.slice(0, 1) : SITES
  const total = settings.hostsPerSite * sites.length
  const logging = settings.idShare * total
  return Array.from({ length: total }, (_, index) => {
    // Sites alternate, so that a share of the hosts is a share of each site.
    const site = sites[index % sites.length] ?? SITES[0]
    const number = Math.floor(index / sites.length) + 1
    const isIdless = settings.idlessSites.includes(site.id)
    const idShare = isIdless ? 0 : Math.min(1, Math.max(0, logging - index))
    const isLast = index === total - 1
    const isCoarse = settings.coarseTimers === 'all' || (settings.coarseTimers === 'last' && isLast)
    const layout = (isChanged: boolean) => siteLayout(settings, site.id, idShare > 0, isChanged)
    return {
      name: `${site.prefix}-${String(number).padStart(2, '0')}`,
      ip: `${site.subnet}.${10 + number}`,
      siteId: site.id,
      siteName: site.name,
      clock: hostClock(settings, index),
      tickUs: isCoarse ? OLD_TIMER_TICK_US : 0,
      tickPhaseUs: Math.round((settings.clockOffsetsMs[index] ?? 0) * MS_US),
      idShare,
      layout: layout(false),
      changedLayout: isLast && settings.layoutChange ? layout(true) : undefined,
    }
  })
}

function siteLayout(
  settings: SimulationSettings,
  siteId: number,
  logsId: boolean,
  isChanged: boolean,
): Layout {
  const { identity, logSizes, logForwardedFor } = settings
  const isPayroll = siteId === SITES[0].id
  const isChosen = (hosts: 'some' | 'all' | 'none') => hosts === 'all' || (hosts === 'some' && isPayroll)
  const hasSizes = isChosen(logSizes) || (isChanged && logSizes !== 'none')
  const hasUser = identity === 'header' || (identity === 'mixed' && isPayroll)
  const standard = isPayroll ? ['cs-host'] : ['s-computername', 'cs(Cookie)', 'cs-host']
  const later = isChanged ? ['s-sitename', 'cs-version'] : []
  const sizes = hasSizes ? ['sc-bytes', 'cs-bytes'] : []
  return toLayout(
    [...standard, ...later, ...sizes],
    [
      ...(logsId ? [CORRELATION_FIELD] : []),
      ...(hasUser ? [USER_FIELD] : []),
      ...(isChosen(logForwardedFor) ? [ADDRESS_FIELD] : []),
      ...(isPayroll && settings.mutualTls ? CERTIFICATE_FIELDS : []),
    ],
  )
}

function buildApplications(settings: SimulationSettings, hosts: readonly Host[]): Application[] {
  const { identity, compositeShare, compositeElsewhereShare } = settings
  return APPLICATIONS.slice(0, settings.applications).map(({ siteId, ...application }) => ({
    ...application,
    routes: companyRoutes(settings, application.routes),
    hosts: hosts.filter(host => host.siteId === siteId),
    compositeShare: application.hasCompositeId ? compositeShare : compositeElsewhereShare,
    identity: identity === 'mixed' ? application.identity : identity,
  }))
}

type ApplicationSeed = Omit<Application, 'hosts' | 'compositeShare'> & {
  readonly siteId: number
}

const APPLICATIONS: readonly ApplicationSeed[] = [
  {
    proxy: 'payroll-v1',
    environment: 'prod',
    basepath: '/payroll/v1',
    targetHost: 'payroll.corp.example',
    targetIp: '10.20.1.5',
    targetBasepath: '/Api/Payroll',
    weight: 4,
    routes: PAYROLL_ROUTES,
    siteId: 2,
    hasCompositeId: false,
    identity: 'header',
  },
  {
    proxy: 'orders-v2',
    environment: 'prod',
    basepath: '/orders/v2',
    targetHost: 'orders.corp.example',
    targetIp: '10.20.2.5',
    targetBasepath: '/orderservice/v2',
    weight: 4,
    routes: ORDERS_ROUTES,
    siteId: 3,
    hasCompositeId: true,
    identity: 'none',
  },
  {
    proxy: 'directory-v1',
    environment: 'internal',
    basepath: '/directory/v1',
    targetHost: 'directory.corp.example',
    targetIp: '10.20.2.5',
    targetBasepath: '/directory',
    weight: 2,
    routes: DIRECTORY_ROUTES,
    siteId: 3,
    hasCompositeId: false,
    identity: 'windows',
  },
]
