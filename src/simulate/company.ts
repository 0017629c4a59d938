import { ADDRESS_FIELD, CORRELATION_FIELD, type Layout, toLayout, USER_FIELD } from './layout.ts'
import type { SimulationSettings } from './options.ts'
import { buildPrincipals, type Principal } from './principals.ts'
import type { Random } from './random.ts'
import { DIRECTORY_ROUTES, ORDERS_ROUTES, PAYROLL_ROUTES, type Route } from './routes.ts'
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
  /** Whether this target gets `{correlation}.{messageid}`, as a public health service's API does it. */
  readonly hasCompositeId: boolean
  /** How the app's IIS row names the person: a forwarded header, a Windows account, or not at all. */
  readonly identity: 'header' | 'windows' | 'none'
}

export interface Host {
  readonly name: string
  readonly ip: string
  readonly siteId: number
  readonly siteName: string
  readonly clockOffsetUs: number
  /** Step of the clock behind time-taken; 0 for exact. Steps of 15.6 ms are met on older Windows. */
  readonly tickUs: number
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
  const bySite = (id: number) => hosts.filter(host => host.siteId === id)
  return {
    organization: 'corp',
    applications: buildApplications(bySite(2), bySite(3)),
    hosts,
    principals: buildPrincipals(settings, random),
    egressIps: ['10.30.0.11', '10.30.0.12', '10.30.0.13'],
  }
}

function buildHosts(settings: SimulationSettings): Host[] {
  const total = settings.hostsPerSite * SITES.length
  const logging = settings.idShare * total
  return Array.from({ length: total }, (_, index) => {
    // Sites alternate, so that a share of the hosts is a share of each site.
    const site = SITES[index % SITES.length] ?? SITES[0]
    const number = Math.floor(index / SITES.length) + 1
    const idShare = Math.min(1, Math.max(0, logging - index))
    const isLast = index === total - 1
    return {
      name: `${site.prefix}-${String(number).padStart(2, '0')}`,
      ip: `${site.subnet}.${10 + number}`,
      siteId: site.id,
      siteName: site.name,
      clockOffsetUs: Math.round((settings.clockOffsetsMs[index] ?? 0) * MS_US),
      tickUs: isLast ? OLD_TIMER_TICK_US : 0,
      idShare,
      layout: siteLayout(site.id, idShare > 0, false),
      changedLayout: isLast && settings.layoutChange ? siteLayout(site.id, idShare > 0, true) : undefined,
    }
  })
}

function siteLayout(siteId: number, logsId: boolean, isChanged: boolean): Layout {
  const id = logsId ? [CORRELATION_FIELD] : []
  const later = isChanged ? ['s-sitename', 'cs-version', 'sc-bytes', 'cs-bytes'] : []
  if (siteId === 2) {
    return toLayout(['cs-host', 'sc-bytes', 'cs-bytes', ...later], [...id, USER_FIELD, ADDRESS_FIELD])
  }
  return toLayout(['s-computername', 'cs(Cookie)', 'cs-host', ...later], id)
}

function buildApplications(payroll: readonly Host[], services: readonly Host[]): Application[] {
  return [
    {
      proxy: 'payroll-v1',
      environment: 'prod',
      basepath: '/payroll/v1',
      targetHost: 'payroll.corp.example',
      targetIp: '10.20.1.5',
      targetBasepath: '/Api/Payroll',
      weight: 4,
      routes: PAYROLL_ROUTES,
      hosts: payroll,
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
      hosts: services,
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
      hosts: services,
      hasCompositeId: false,
      identity: 'windows',
    },
  ]
}
