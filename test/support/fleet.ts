import { cpSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { type SimulationOptions, writeSimulation } from '../../src/simulate/index.ts'
import { inProcess } from './program.ts'

/** Applications of the simulated company, and what matches none. Two of them share the hosts and logs of a site. */
export const APPLICATIONS = ['payroll', 'orders', 'directory', 'default'] as const
export type Application = (typeof APPLICATIONS)[number]

export const FLEET_CONFIG = `
fields:
  gateway: { correlation: [dc_correlation_id] }
  app: { correlation: [x-correlation-id] }
hosts:
  - { path: "**/WEB-PAY-01/W3SVC2/**", host: WEB-PAY-01, site: W3SVC2 }
  - { path: "**/WEB-PAY-02/W3SVC2/**", host: WEB-PAY-02, site: W3SVC2 }
  - { path: "**/W3SVC3/**", site: W3SVC3 }
trustedProxies: [10.30.0.0/24]
findings: { tokenLifetimeMinutes: 60 }
applications:
  - { name: payroll, gateway: { proxies: [payroll-v1] }, app: { sites: [w3svc2] } }
  - { name: orders, gateway: { proxies: [orders-v2] }, app: { hostHeaders: [orders.corp.example] } }
  - { name: directory, gateway: { proxies: [directory-v1] }, app: { hostHeaders: [directory.corp.example] } }
`

/** Files below a folder, their names from there. */
export function filesBelow(folder: string): string[] {
  return readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter(name => statSync(join(folder, name)).isFile())
    .sort()
}

function applicationOf(name: string, line: string): Application {
  if (name.startsWith('apigee')) {
    const { apiproxy } = JSON.parse(line) as { apiproxy: string }
    return APPLICATIONS.find(it => apiproxy.startsWith(`${it}-`)) ?? 'default'
  }
  if (name.includes('WEB-PAY')) return 'payroll'
  if (line.includes(' orders.corp.example ')) return 'orders'
  return line.includes(' directory.corp.example ') ? 'directory' : 'default'
}

/**
 * Splits logs by application: a line goes to the folder of the store of its application, the directives of an IIS log to
 * each that has lines of it.
 *
 * @param storeOf the folder for an application
 */
function split(from: string, to: string, storeOf: (application: Application) => string): void {
  for (const name of filesBelow(from).filter(it => /^(?:apigee|iis)/.test(it))) {
    const parts = new Map<string, string[]>()
    const directives: string[] = []
    for (const line of readFileSync(join(from, name), 'utf8').split(/(?<=\n)/)) {
      if (line.startsWith('#')) {
        directives.push(line)
        for (const lines of parts.values()) lines.push(line)
        continue
      }
      const store = storeOf(applicationOf(name, line))
      const lines = parts.get(store) ?? [...directives]
      parts.set(store, lines)
      lines.push(line)
    }
    for (const [store, lines] of parts) {
      const path = join(to, store, name)
      mkdirSync(dirname(path), { recursive: true })
      writeFileSync(path, lines.join(''))
    }
  }
}

export interface FleetSetting {
  readonly options: SimulationOptions
  /** Number of the partition of each application. */
  readonly partitions: Readonly<Record<Application, number>>
  /** A day to close: a store waits for later hops of its own, where one with all logs has those of other applications. */
  readonly closed?: string
  /** Changes logs before they are read. */
  readonly before?: (traffic: string) => void
}

/**
 * Logs of a made-up company in one store, `one`, and split by application in the stores of the folder `fleet`; the logs lie
 * in `traffic`, and split in `parts`. The configuration is throughline.yaml.
 */
export async function makeFleet(folder: string, { options, partitions, closed, before }: FleetSetting): Promise<void> {
  writeFileSync(join(folder, 'throughline.yaml'), FLEET_CONFIG)
  await writeSimulation(options, join(folder, 'traffic'))
  before?.(join(folder, 'traffic'))
  const nameOf = (application: Application): string => `partition-${String(partitions[application]).padStart(4, '0')}`
  split(join(folder, 'traffic'), join(folder, 'parts'), nameOf)
  const stores = [['traffic', 'one'], ...readdirSync(join(folder, 'parts')).map(name => [`parts/${name}`, `fleet/${name}`])]
  for (const [logs, store = ''] of stores) {
    await done(folder, ['ingest', `${logs}/apigee`, `${logs}/iis`, '--store', store])
    if (closed !== undefined) await done(folder, ['link', '--close', closed, '--store', store])
  }
} // biome-ignore format: one line each

async function done(folder: string, args: readonly string[]): Promise<void> {
  const { code, stderr } = await inProcess(args, { cwd: folder })
  if (code !== 0) throw new Error(`${args.join(' ')}: ${stderr}`)
}

/** A store as it is, under another name. */
export function copyStore(folder: string, from: string, to: string): void {
  cpSync(join(folder, from), join(folder, to), { recursive: true })
}
