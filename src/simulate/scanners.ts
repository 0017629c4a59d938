import { SCANNER_AGENTS } from './people.ts'
import type { ClientApp, Principal } from './principals.ts'

const NO_APP: ClientApp = {
  name: '(not set)',
  kind: 'browser',
  clientId: '(not set)',
  product: '(not set)',
  developer: '(not set)',
  developerEmail: '(not set)',
}

/** Strangers who ask the gateway for paths that no proxy has. */
export const SCANNERS: readonly Principal[] = SCANNER_AGENTS.map((userAgent, index) => ({
  subject: '',
  windowsName: '',
  app: NO_APP,
  device: {
    userAgent,
    ip: `192.0.2.${100 + index}`,
    frontIp: '10.8.0.2',
    forwardedFor: `192.0.2.${100 + index}`,
    family: '(not set)',
  },
  workstationIp: '',
  token: '',
  tokenUntilUs: 0,
}))
