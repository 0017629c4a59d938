import type { SimulationSettings } from './options.ts'

/**
 * What the client apps call. Medians of work and size are assumptions, and so is their spread (`work.ts`, `call.ts`). Odd spellings are deliberate: spaces, percent escapes, umlauts and upper case are where the gateway
 * (as received) and IIS (decoded once, spaces as '+') write the same path differently.
 */
export interface Route {
  readonly method: string
  /** Path suffix as sent by the client; `{}` stands for a number. */
  readonly suffix: string
  readonly query: 'none' | 'period' | 'page' | 'search' | 'own'
  readonly weight: number
  readonly workMs: number
  readonly responseBytes: number
  readonly requestBytes: number
  readonly status: number
  readonly isCacheable: boolean
  /** Whether its app lines can have the correlation id. */
  readonly carriesId: boolean
}

const read = (suffix: string, weight: number, workMs: number, responseBytes: number): Route => ({
  method: 'GET',
  suffix,
  query: 'none',
  weight,
  workMs,
  responseBytes,
  requestBytes: 0,
  status: 200,
  isCacheable: false,
  carriesId: true,
})

const write = (method: string, suffix: string, weight: number, workMs: number, status: number): Route => ({
  ...read(suffix, weight, workMs, status === 204 ? 0 : 240),
  method,
  status,
  requestBytes: method === 'DELETE' ? 0 : 900,
})

export const PAYROLL_ROUTES: readonly Route[] = [
  read('/employees/{}', 20, 35, 1_400),
  { ...read('/employees/{}/payslips', 25, 60, 5_200), query: 'period' },
  read('/Employees/{}/Documents/Pay%20Slip%202026-02.pdf', 6, 180, 84_000),
  read('/reports/Kosten%C3%BCbersicht', 2, 700, 46_000),
  write('POST', '/runs/{}/approve', 3, 240, 200),
  write('PUT', '/employees/{}/bank-account', 2, 90, 204),
  { ...read('/tax-tables/2026', 8, 25, 12_000), isCacheable: true },
]

export const ORDERS_ROUTES: readonly Route[] = [
  read('/orders/{}', 30, 22, 2_100),
  { ...read('/orders', 18, 75, 16_000), query: 'page' },
  write('POST', '/orders', 12, 130, 201),
  write('PUT', '/orders/{}', 6, 95, 200),
  write('DELETE', '/orders/{}', 1, 60, 204),
  read('/items/C%2B%2B%20Primer', 2, 18, 900),
  read('/items/{}/Data%20Sheet%20(final).PDF', 3, 45, 230_000),
  { ...read('/items/{}', 20, 15, 1_100), isCacheable: true },
]

export const DIRECTORY_ROUTES: readonly Route[] = [
  read('/people/{}', 20, 14, 800),
  { ...read('/people', 14, 55, 9_000), query: 'search' },
  read('/people/M%C3%BCller%2C%20Anna', 2, 14, 800),
  { ...read('/photos/{}.JPG', 12, 8, 31_000), isCacheable: true },
  read('/OrgChart', 3, 320, 64_000),
]

/** The routes as the options want their paths, queries and ids. */
export function companyRoutes(settings: SimulationSettings, routes: readonly Route[]): Route[] {
  const { paths, queries, idlessRouteShare: idless } = settings
  const suffixOf = ({ suffix }: Route): string => {
    if (paths === 'company') return suffix
    if (paths === 'plain') return suffix.replace('/{}', '')
    return suffix.includes('{}') ? suffix : `${suffix}/{}`
  }
  return routes.map((route, index) => ({
    ...route,
    suffix: suffixOf(route),
    query: queries === 'company' ? route.query : queries === 'none' ? 'none' : 'own',
    // Spread evenly over the list, so that the share holds for frequent and rare routes alike.
    carriesId: Math.floor((index + 1) * idless) === Math.floor(index * idless),
  }))
}

/** What scanners ask of any public address; general knowledge of such traffic. */
export const SCANNED_PATHS = [
  '/.env',
  '/wp-login.php',
  '/actuator/health',
  '/vendor/phpunit/phpunit/src/Util/PHP/eval-stdin.php',
  '/cgi-bin/.%2e/.%2e/bin/sh',
  '/owa/auth/logon.aspx?replaceCurrent=1&url=https%3A%2F%2F127.0.0.1%2Fecp',
] as const

export const SEARCH_WORDS = ['M%C3%BCller', 'meyer', 'sales+emea', 'o%27brien', 'room%20210', 'r&d'] as const
