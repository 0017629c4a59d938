import type { Redactor } from '../model/redact.ts'
import type { Legs } from './legs.ts'

/**
 * A request for a receiver that may not see people: subjects, clients and the addresses they came from are stand-ins.
 * What an own column of a log may name is left out, as nobody knows what it holds. Paths and queries stay as they are.
 */
export function redactLegs(legs: Legs, redact: Redactor): Legs {
  const hide = (what: 'subject' | 'address', value: string | null): string | null =>
    value === null ? null : redact(what, value)
  const { gateway } = legs
  return {
    ...legs,
    subject: hide('subject', legs.subject),
    gateway: gateway && {
      ...gateway,
      client_id: hide('subject', gateway.client_id),
      peer_ip: hide('address', gateway.peer_ip),
      client_ip: hide('address', gateway.client_ip),
    },
    apps: legs.apps.map(app => ({
      ...app,
      username: hide('subject', app.username),
      subject_name: hide('subject', app.subject_name),
      peer_ip: hide('address', app.peer_ip),
      client_ip: hide('address', app.client_ip),
      referer: null,
      attributes: null,
    })),
  }
}
