import type { Clock } from './clock.ts'
import type { Application, Company, Host } from './company.ts'
import type { Gaps } from './gaps.ts'
import type { Incidents } from './incidents.ts'
import type { SimulationSettings } from './options.ts'
import type { Principal } from './principals.ts'
import { Random } from './random.ts'
import type { Route } from './routes.ts'

/** What is passed to everything that makes traffic. */
export interface World {
  readonly settings: SimulationSettings
  readonly company: Company
  readonly incidents: Incidents
  readonly gaps: Gaps
  readonly gatewayClock: Clock
  /** One stream per purpose: a knob that draws from one leaves the others in step. */
  readonly random: {
    readonly arrivals: Random
    readonly life: Random
    readonly ids: Random
    readonly losses: Random
    readonly logs: Random
    readonly tails: Random
    readonly network: Random
    readonly handshakes: Random
    readonly idFaults: Random
    readonly incidents: Random
    readonly disorder: Random
    readonly gaps: Random
    readonly identity: Random
    readonly kernel: Random
  }
  /** Calls so far by message processor, for the counters inside flow ids. */
  readonly flowCounters: number[]
  /** The last correlation ids seen at the gateway, for direct hits that replay one. */
  readonly recentIds: string[]
}

export function randomStreams(seed: number): World['random'] {
  return {
    arrivals: new Random(seed, 'arrivals'),
    life: new Random(seed, 'life'),
    ids: new Random(seed, 'ids'),
    losses: new Random(seed, 'losses'),
    logs: new Random(seed, 'logs'),
    tails: new Random(seed, 'tails'),
    network: new Random(seed, 'network'),
    handshakes: new Random(seed, 'handshakes'),
    idFaults: new Random(seed, 'id faults'),
    incidents: new Random(seed, 'incidents'),
    disorder: new Random(seed, 'disorder'),
    gaps: new Random(seed, 'gaps'),
    identity: new Random(seed, 'identity'),
    kernel: new Random(seed, 'kernel'),
  }
}

/** How an app line's id relates to the gateway row of its request. */
export type IdForm =
  | 'full'
  | 'recased' // equal but for the case of its letters
  | 'composite'
  | 'truncated' // the gateway column holds the first 400 bytes only
  | 'constant' // equal to the gateway column, and to that of many other calls
  | 'uncaptured' // the gateway has no such column
  | 'none'
  | 'own' // a direct hit with an id the gateway never saw
  | 'replayed' // a direct hit with the id of somebody else's gateway call

/** Whom an app line names. `other`: not the caller; `forged`: a header that a direct hit made up. */
export type UserForm = 'caller' | 'other' | 'forged' | 'none'

/** `retry` failed and was followed by another attempt; `handshake` was a challenge of Windows authentication. */
export type AttemptKind = 'final' | 'retry' | 'handshake'

/** A whole request as it truly happened; becomes one line of the truth file. */
export interface TruthRequest {
  readonly flowId: string | undefined
  readonly cause: 'gateway' | 'bypass' | 'probe' | 'scan'
  readonly outcome: string
  readonly application: Application | undefined
  readonly subject: string | undefined
  readonly receivedUs: number
  gatewayClockOffsetUs: number
  isGatewayRecorded: boolean
  readonly app: TruthLine[]
  readonly kernel: TruthKernelLine[]
  /** Lines and rows of it that are still to be written; the truth is written when it reaches 0. */
  pendingRecords: number
}

export interface TruthLine {
  readonly host: Host
  readonly startUs: number
  readonly endUs: number
  readonly id: IdForm
  readonly user: UserForm
  readonly attempt: AttemptKind
  /** Undefined when the line was lost. */
  readonly file: string | undefined
  readonly lineNo: number | undefined
}

export interface TruthKernelLine extends Pick<TruthLine, 'host' | 'endUs' | 'attempt' | 'file' | 'lineNo'> {
  readonly reason: string
}

/** Why HTTP.sys ended a call. */
export type KernelReason =
  | 'AppOffline'
  | 'QueueFull'
  | 'BadRequest'
  | 'Connection_Dropped'
  | 'Connection_Abandoned_By_ReqQueue'

/** One request, or connection, that HTTP.sys of a host refused or dropped, in true time. */
export interface KernelHandling
  extends Pick<AppHandling, 'host' | 'endUs' | 'method' | 'path' | 'query' | 'peerIp' | 'attempt'> {
  readonly peerPort: number
  readonly status: number | undefined
  readonly reason: string
  /** Id of the site, and its queue; `-` where none was found yet. */
  readonly site: string
  readonly queue: string
  /** Undefined: it is no request. */
  readonly truth: TruthRequest | undefined
}

/** One request as an IIS host handled it, in true time. */
export interface AppHandling {
  readonly host: Host
  readonly startUs: number
  /** When HTTP.sys logs: the last send completed, which on big responses includes the client's ACK. */
  readonly endUs: number
  readonly method: string
  /** As received: percent-encoded, without query. */
  readonly path: string
  readonly query: string
  readonly username: string
  readonly peerIp: string
  readonly userAgent: string
  readonly cookie: string
  readonly referer: string
  readonly hostHeader: string
  readonly status: number
  readonly substatus: number
  readonly win32: number
  readonly sentBytes: number
  readonly receivedBytes: number
  readonly correlationId: string
  readonly forwardedUser: string
  readonly forwardedFor: string
  readonly userForm: UserForm
  readonly hasCertificate: boolean
  readonly idForm: IdForm
  readonly attempt: AttemptKind
  readonly truth: TruthRequest
}

/** The eight stamps of the gateway in microseconds of its own clock; absent where the gateway never got that far. */
export interface Stamps {
  readonly clientReceivedStart: number
  readonly clientReceivedEnd: number
  readonly targetSentStart: number | undefined
  readonly targetSentEnd: number | undefined
  readonly targetReceivedStart: number | undefined
  readonly targetReceivedEnd: number | undefined
  readonly clientSentStart: number
  readonly clientSentEnd: number
}

export interface Fault {
  readonly code: string
  readonly policy: string
  readonly flow: string
  readonly state: string
  readonly kind: 'policy' | 'target' | 'gateway'
}

/** A call as it came in: what the gateway knows before anything is decided. */
export interface ReceivedCall {
  readonly flowId: string
  /** Undefined when no proxy matched. */
  readonly application: Application | undefined
  readonly environment: string
  readonly caller: Principal
  readonly correlationId: string | undefined
  readonly method: string
  readonly suffix: string
  readonly path: string
  readonly query: string
  readonly requestBytes: number
  readonly startUs: number
  readonly endUs: number
}

/** One call as the gateway recorded it. */
export interface GatewayCall {
  readonly received: ReceivedCall
  /** Whether a token was verified: without it the row knows no app, developer or subject. */
  readonly isVerified: boolean
  /** The row's `dc_subject`. */
  readonly subject: string | undefined
  readonly token: string | undefined
  readonly status: number
  readonly targetStatus: number | undefined
  /** Whether a target was chosen, so that the target columns have values. */
  readonly hasTarget: boolean
  readonly cache: 'hit' | 'miss' | 'none'
  readonly fault: Fault | undefined
  readonly responseBytes: number
  readonly stamps: Stamps
}

/** A visit: a few calls of one caller in a row, as a page or a job makes them. */
export interface Visit {
  readonly kind: 'gateway' | 'intranet' | 'script'
  readonly application: Application
  readonly caller: Principal
  /** An id for all calls of the visit, where the client re-uses it or sends a trace. */
  readonly sharedId: string | undefined
  callsLeft: number
  isFirst: boolean
}

export interface Asked {
  readonly route: Route
  readonly suffix: string
  readonly query: string
}
