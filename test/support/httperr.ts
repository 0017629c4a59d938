import { existsSync } from 'node:fs'
import { join } from 'node:path'

/** The folder of HTTPERR logs of simulated traffic, where there is one. */
export function httperrOf(traffic: string): string[] {
  const folder = join(traffic, 'httperr')
  return existsSync(folder) ? [folder] : []
}
