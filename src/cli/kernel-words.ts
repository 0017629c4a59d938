import { safe } from './output.ts'

type Row = Readonly<Record<string, unknown>>

/** What the commoner reasons mean. Source: Microsoft, "Error logging in HTTP APIs" (KB820729). */
const REASONS: Readonly<Record<string, string>> = {
  AppOffline: 'the application pool is stopped or was taken offline after failures',
  AppPoolTimer: 'the application pool was too busy to take it',
  AppShutdown: 'the application was shutting down',
  BadRequest: 'the request could not be parsed',
  Connection_Abandoned_By_AppPool: 'the worker process ended while it had the request',
  Connection_Abandoned_By_ReqQueue: 'the worker process ended while it had the request',
  Connection_Dropped: 'the connection broke before the response was sent',
  ConnLimit: 'the site had as many connections as it may have',
  Disabled: 'the site is administratively offline',
  EntityTooLarge: 'the body is larger than allowed',
  FieldLength: 'a header is longer than allowed',
  Forbidden: 'the URL holds a sequence that is not allowed',
  Hostname: 'the Host header is missing or not that of a site',
  LengthRequired: 'the length of the body was not said',
  NotFound: 'no site is registered for the URL',
  QueueFull: 'the request queue of the application pool was full',
  RequestLength: 'the request is longer than allowed',
  Timer_AppPool: 'it waited too long in the queue of the application pool',
  Timer_EntityBody: 'the body did not come in time',
  Timer_HeaderWait: 'the headers did not come in time',
  Timer_MinBytesPerSecond: 'the client took the response too slowly',
  Timer_Response: 'the response was not sent in time',
  URL: 'the URL is not valid',
  URL_Length: 'the URL is longer than allowed',
  Verb: 'the method is not valid',
}

/** Whether a hop of a server is a row of HTTPERR. */
export function isKernel(hop: Row): boolean {
  return hop.kernel === true
}

/** Why HTTP.sys refused or dropped a request: `AppOffline: the application pool ...; queue PayPool`. */
export function reasonInWords(reason: unknown, queue: unknown): string {
  const meaning = REASONS[String(reason)]
  const name = reason === null || reason === '-' ? 'no reason logged' : safe(reason)
  return `${name}${meaning ? `: ${meaning}` : ''}${queue ? `; queue ${safe(queue)}` : ''}`
}

/** What is said where an id stands for hops of which none is a request; undefined where there is no hop either. */
export function noRequestNote(hops: readonly Row[]): string | undefined {
  const [hop] = hops
  if (!hop) return undefined
  return `it is that of a connection which HTTP.sys closed before anything was asked (${reasonInWords(hop.reason, hop.queue)}), and of no request`
}
