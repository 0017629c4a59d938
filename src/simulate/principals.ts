import type { SimulationSettings } from './options.ts'
import {
  BROWSERS,
  CLIENT_APPS,
  type ClientAppSeed,
  FIRST_NAMES,
  LAST_NAMES,
  MOBILE_AGENTS,
  SERVICE_AGENTS,
} from './people.ts'
import type { Random } from './random.ts'
import { HOUR_US } from './times.ts'

/** An app registered at the gateway, with the OAuth client it calls as. */
export interface ClientApp {
  readonly name: string
  readonly kind: ClientAppSeed['kind']
  readonly clientId: string
  readonly product: string
  readonly developer: string
  readonly developerEmail: string
}

/** The machine a request comes from, as the gateway and IIS see it. */
export interface Device {
  readonly userAgent: string
  /** The client's address on the internet. */
  readonly ip: string
  /** The address of the load balancer before the gateway. */
  readonly frontIp: string
  readonly forwardedFor: string
  readonly family: string
}

/** Somebody who calls: a person in an app on a device, or a service as itself. */
export interface Principal {
  /** The `sub` of the token. */
  readonly subject: string
  readonly windowsName: string
  readonly app: ClientApp
  readonly device: Device
  /** Address of the person's workstation inside the company. */
  readonly workstationIp: string
  token: string
  tokenUntilUs: number
}

const SERVICE_ACCOUNT = 'svc-integration'
const TOKEN_LIFE_US = HOUR_US
const DEVELOPERS = ['platform.team@corp.example', 'sales.it@corp.example', 'edi@partner.example'] as const

export function buildPrincipals(settings: SimulationSettings, random: Random): Principal[] {
  const apps = Array.from({ length: settings.apps }, (_, index) => buildApp(index, random))
  const interactive = apps.filter(app => app.kind !== 'service')
  const services = apps.filter(app => app.kind === 'service')
  const people: Principal[] = []
  for (let index = 0; index < settings.users; index++) {
    const app = interactive[index % interactive.length]
    if (app !== undefined) people.push(toPrincipal(settings, personName(index), app, index, random))
  }
  const machines = services.map((app, index) => toPrincipal(settings, `svc-${app.name}`, app, index, random))
  const principals = [...machines, ...people]
  return settings.serviceAccount ? principals.map(toServiceAccount) : principals
}

/** The caller's own account is not passed on: a portal or a job calls for everybody under one. */
function toServiceAccount(principal: Principal): Principal {
  return { ...principal, subject: SERVICE_ACCOUNT, windowsName: `CORP\\${SERVICE_ACCOUNT}` }
}

/** The token in force, a new one each hour: opaque, 28 characters, as the gateway issues them (assumption). */
export function currentToken(principal: Principal, nowUs: number, random: Random): string {
  if (nowUs >= principal.tokenUntilUs) {
    principal.token = random.token(28)
    principal.tokenUntilUs = nowUs + TOKEN_LIFE_US
  }
  return principal.token
}

/** How long the token in force has been one. */
export function currentTokenAgeUs({ tokenUntilUs }: Principal, nowUs: number): number {
  return nowUs - (tokenUntilUs - TOKEN_LIFE_US)
}

function buildApp(index: number, random: Random): ClientApp {
  const seed = CLIENT_APPS[index % CLIENT_APPS.length] ?? { name: 'app', kind: 'browser' as const }
  const round = Math.floor(index / CLIENT_APPS.length)
  return {
    name: round === 0 ? seed.name : `${seed.name}-${round + 1}`,
    kind: seed.kind,
    clientId: random.token(32),
    product: seed.kind === 'service' ? 'partner-access' : 'employee-access',
    developer: `corp@@@${random.uuid()}`,
    developerEmail: DEVELOPERS[index % DEVELOPERS.length] ?? '',
  }
}

function personName(index: number): string {
  const first = FIRST_NAMES[index % FIRST_NAMES.length]
  const last = LAST_NAMES[index % LAST_NAMES.length]
  const round = Math.floor(index / (FIRST_NAMES.length * LAST_NAMES.length))
  return `${first}.${last}${round === 0 ? '' : round + 1}@corp.example`
}

function toPrincipal(
  settings: SimulationSettings,
  subject: string,
  app: ClientApp,
  index: number,
  random: Random,
): Principal {
  // A third of the people sit behind the office's one address, so that addresses do not tell people apart.
  const isOffice = app.kind === 'browser' && index % 3 === 0
  const ip = isOffice ? '203.0.113.20' : `198.51.100.${1 + random.below(250)}`
  const frontIp = `10.8.0.${2 + random.below(3)}`
  const drawn = { browser: BROWSERS, mobile: MOBILE_AGENTS, service: SERVICE_AGENTS }[app.kind]
  const agents = settings.userAgents === 'one' ? BROWSERS.slice(0, 1) : drawn
  return {
    subject,
    windowsName: `CORP\\${subject.replace(/@.*/, '')}`,
    app,
    device: {
      userAgent: random.pick<string>(agents),
      ip,
      frontIp,
      forwardedFor: random.chance(0.2) ? `${ip}, 192.0.2.${1 + random.below(9)}` : ip,
      family: { browser: 'Chrome', mobile: 'CorpMobile', service: '(not set)' }[app.kind],
    },
    workstationIp: `10.50.${random.below(4)}.${1 + random.below(250)}`,
    token: '',
    tokenUntilUs: 0,
  }
}
