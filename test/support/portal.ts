/** Two applications behind one gateway, small enough to be written out: payroll on one host, orders on another. */
export interface Portal {
  /** Whether both sides log the id of a call; `-`: IIS has the column and never a value. */
  readonly ids?: boolean | '-'
  /** Whether records name the person (`ann3@corp.example`), as IIS does (`CORP\ann3`). */
  readonly hasSubjects?: boolean
  /** How far the clock of the orders host is ahead, seconds. */
  readonly aheadSeconds?: number
  /** Lines of the payroll host that nobody sent through the gateway. */
  readonly direct?: number
}

interface Application {
  readonly proxy: string
  readonly target: string
  readonly path: string
  readonly host: string
  readonly site: string
  readonly ip: string
  /** Columns that this host logs besides those that all do. */
  readonly columns: readonly string[]
}

const START = Date.UTC(2026, 6, 1, 8)
/** Calls of each application; 15 s apart. */
export const CALLS = 40

const APPLICATIONS: readonly Application[] = [
  { proxy: 'payroll-v1', target: 'payroll.corp.example', path: '/payslips', host: 'WEB-PAY-01', site: 'W3SVC2', ip: '10.20.1.11', columns: ['time-taken'] },
  { proxy: 'orders-v2', target: 'orders.corp.example', path: '/orders', host: 'WEB-APP-01', site: 'W3SVC3', ip: '10.20.2.11', columns: ['time-taken', 'sc-bytes', 'cs-bytes', 's-computername', 'cs-host'] },
] // biome-ignore format: a table

/** Files by path below a folder: one export, one log a host. The payroll host does not name itself. */
export function portalFiles(portal: Portal = {}): Record<string, string> {
  const records = APPLICATIONS.flatMap((app, nth) => calls(nth).map(n => record(app, n, portal)))
  return {
    'exports/day.json': records.map(r => `${JSON.stringify(r)}\n`).join(''),
    ...Object.fromEntries(
      APPLICATIONS.map((app, nth) => [`iis/${app.host}/${app.site}/u_ex260701_x.log`, log(app, nth, portal)]),
    ),
  }
}

function calls(nth: number): number[] {
  return Array.from({ length: CALLS }, (_, i) => i * APPLICATIONS.length + nth)
}

const idOf = (n: number): string => `4a7c0000-1111-4222-8333-${String(n).padStart(12, '0')}`
const person = (n: number): string => `ann${n % 7}`
const takenMs = (n: number): number => 40 + ((n * 37) % 300)

function record(app: Application, n: number, { ids = true, hasSubjects }: Portal): Record<string, string> {
  const at = (afterMs: number): string => String(START + n * 7_500 + afterMs)
  return {
    organization: 'corp', environment: 'prod', apiproxy: app.proxy, gateway_flow_id: `rrt-1-${n}`, request_verb: 'GET',
    request_path: `/api${app.path}/${n}`, proxy_basepath: '/api', proxy_pathsuffix: `${app.path}/${n}`,
    target_host: app.target, target_url: `https://${app.target}`, response_status_code: '200', target_response_code: '200',
    client_received_start_timestamp: at(0), target_sent_start_timestamp: at(1),
    target_received_end_timestamp: at(takenMs(n) + 1), client_sent_end_timestamp: at(takenMs(n) + 2),
    ...(ids ? { dc_correlation_id: idOf(n) } : {}),
    ...(hasSubjects ? { dc_subject: `${person(n)}@corp.example` } : {}),
  } // biome-ignore format: a record
}

function log(
  app: Application,
  nth: number,
  { ids = true, hasSubjects, aheadSeconds = 0, direct = 0 }: Portal,
): string {
  const names =
    'date time s-ip cs-method cs-uri-stem cs-uri-query s-port cs-username c-ip sc-status sc-substatus sc-win32-status'
  const fields = [...names.split(' '), ...app.columns, ...(ids ? ['X-Correlation-ID'] : [])]
  const row = (n: number, isDirect: boolean): string => {
    const end = START + n * 7_500 + takenMs(n) + (nth === 1 ? aheadSeconds * 1000 : 0)
    const [date = '', time = ''] = new Date(end).toISOString().slice(0, 19).split('T')
    const values: Record<string, string> = {
      date, time, 's-ip': app.ip, 'cs-method': 'GET', 'cs-uri-stem': `${app.path}/${n}`, 's-port': '443',
      'cs-username': hasSubjects ? `CORP\\${person(n)}` : '-', 'c-ip': isDirect ? '10.50.0.9' : '10.30.0.11',
      'sc-status': '200', 'sc-substatus': '0', 'sc-win32-status': '0', 'time-taken': String(takenMs(n)),
      'sc-bytes': String(500 + n), 'cs-bytes': String(200 + n), 's-computername': app.host, 'cs-host': app.target,
      'X-Correlation-ID': ids === '-' || isDirect ? '-' : idOf(n),
    } // biome-ignore format: a row
    return fields.map(field => values[field] ?? '-').join(' ')
  }
  const rows = calls(nth).map(n => row(n, false))
  const past =
    nth === 0
      ? calls(nth)
          .slice(0, direct)
          .map(n => row(n + 1000, true))
      : []
  const header = ['#Software: Microsoft Internet Information Services 10.0', `#Fields: ${fields.join(' ')}`]
  return [...header, ...rows, ...past].map(line => `${line}\r\n`).join('')
}
