/** What a reason of HTTPERR means, what to look at, and whether the server or the caller is at fault. */
export interface KernelReason {
  readonly meaning: string
  readonly look: string
  readonly blames: 'server' | 'caller'
}

const server = (meaning: string, look: string): KernelReason => ({ meaning, look, blames: 'server' })
const caller = (meaning: string, look: string): KernelReason => ({ meaning, look, blames: 'caller' })

const POOL = 'look for its worker process in the event log (source WAS)'
const LOAD = 'compare the rate of calls with how fast the pool answers, and with queueLength of the pool'
const REQUEST = 'look at what the gateway sends: method, path, headers'
const LIMITS =
  'compare what is sent with the limits of HTTP.sys (registry, HTTP\\Parameters) and of the gateway'
const CONNECTION = 'look at time-outs of the gateway and of what stands between it and the server'

/** Source: Microsoft, "Types of errors logged by the HTTP Server API" and "Error logging in HTTP APIs" (KB820729). An open list. */
export const KERNEL_REASONS: Readonly<Record<string, KernelReason>> = {
  AppOffline: server('the application pool is stopped or was taken offline after failures', POOL),
  AppPoolTimer: server('the application pool was too busy to take it', LOAD),
  AppShutdown: server('the application was shutting down, as its settings say', 'look at idle time-out and recycling of the pool'),
  BadRequest: caller('the request could not be parsed', REQUEST),
  Client_Reset: caller('the caller closed the connection before a worker process had the request', CONNECTION),
  Connection_Abandoned_By_AppPool: server('the worker process ended while it had the request', POOL),
  Connection_Abandoned_By_ReqQueue: server('the worker process ended while it had the request', POOL),
  Connection_Dropped: caller('the connection broke before the response was logged; the caller may have got it', CONNECTION),
  Connection_Dropped_List_Full: server('more connections broke than HTTP.sys keeps a list of', LOAD),
  ConnLimit: server('the site had as many connections as it may have', 'look at the connection limit of the site'),
  Disabled: server('an administrator took the application offline', 'ask who did, and when'),
  EntityTooLarge: caller('the body is larger than allowed', LIMITS),
  FieldLength: caller('a header is longer than allowed', LIMITS),
  Forbidden: caller('the URL holds a sequence that is not allowed', REQUEST),
  Header: caller('a header could not be parsed', REQUEST),
  Hostname: caller('the Host header is missing or cannot be parsed', REQUEST),
  Internal: server('HTTP.sys failed by itself (500)', 'look at memory and at the system event log of the server'),
  'Invalid_CR/LF': caller('a line of the request ends in a way that is not allowed', REQUEST),
  LengthRequired: caller('the length of the body was not said', REQUEST),
  'N/A': server('HTTP.sys had no resources, such as memory', 'look at memory and at the system event log of the server'),
  'N/I': caller('the request asks for something that is not implemented, such as an unknown transfer encoding', REQUEST),
  NotFound: caller('no site is registered for the URL', 'compare host and path that the gateway calls with the bindings of the sites'),
  Number: caller('a number in the request could not be parsed', REQUEST),
  Precondition: caller('a precondition of the request is missing', REQUEST),
  QueueFull: server('the request queue of the application pool was full', LOAD),
  RequestLength: caller('the request is longer than allowed', LIMITS),
  Timer_AppPool: server('it waited too long in the queue of the application pool', LOAD),
  Timer_ConnectionIdle: caller('the connection was idle', CONNECTION),
  Timer_EntityBody: caller('the body did not come in time', CONNECTION),
  Timer_HeaderWait: caller('the headers did not come in time', CONNECTION),
  Timer_MinBytesPerSecond: caller('the caller took the response too slowly', CONNECTION),
  Timer_Response: server('the response was not sent in time', LOAD),
  Timer_SslRenegotiation: caller('asking for a client certificate took too long', 'look at the certificates that the gateway shows'),
  URL: caller('the URL is not valid', REQUEST),
  URL_Length: caller('the URL is longer than allowed', LIMITS),
  Verb: caller('the method is not valid', REQUEST),
  'Version_N/S': caller('the version of HTTP is not supported', REQUEST),
} // biome-ignore format: a table
