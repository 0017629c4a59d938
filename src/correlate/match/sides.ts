/**
 * The two sides of a slice as columns. Times are µs since 1970 on the gateway's clock. Codes stand for texts: equal
 * text, equal code; -1 is "no value".
 */

/** Gateway hops that called their target, by `atUs`. */
export interface GatewaySide {
  readonly count: number
  /** When the target had answered: the app hop should have ended about then. */
  readonly atUs: Float64Array
  /** When the gateway began to receive the request. */
  readonly startUs: Float64Array
  /** When the call to the target began. */
  readonly sentUs: Float64Array
  /** From sent to answered; NaN where no answer came. */
  readonly tookUs: Float64Array
  /** Method and path; where a proxy's paths are no evidence, the method alone. */
  readonly key: Int32Array
  /** The same inside an id that several gateway hops share; -1 elsewhere. */
  readonly sharedKey: Int32Array
  /** 1 where it has an id that an app hop would have logged. */
  readonly hasId: Uint8Array
  readonly status: Int32Array
  readonly subject: Int32Array
  readonly client: Int32Array
  readonly agent: Int32Array
  readonly query: Int32Array
  /** Bytes of the response; NaN where not known. */
  readonly bytes: Float64Array
  /** 0 where an id already gave it the app hop that answered. */
  readonly open: Uint8Array
  /** Address of the target that it called. */
  readonly server: Int32Array
}

/** App hops in the order of their logs: by stream, then as the stream's lines were written. */
export interface AppSide {
  readonly count: number
  /** The request ended between these, as far as the host's clock tells. */
  readonly fromUs: Float64Array
  readonly toUs: Float64Array
  /** time-taken; NaN where not logged. */
  readonly tookUs: Float64Array
  /** Lines of one log, written by one host. */
  readonly stream: Int32Array
  readonly key: Int32Array
  /** Whether an id that it logs says which gateway hops it may belong to. */
  readonly ids: Uint8Array
  /** The method alone: the key of gateway hops whose paths are no evidence. */
  readonly looseKey: Int32Array
  readonly status: Int32Array
  readonly subject: Int32Array
  readonly client: Int32Array
  readonly agent: Int32Array
  readonly query: Int32Array
  readonly peer: Int32Array
  readonly bytes: Float64Array
  /** 0 where it is linked by an id, or must not be linked without one. */
  readonly open: Uint8Array
  /** `atUs` of the gateway hop that an id linked it to; NaN where none did. */
  readonly anchorUs: Float64Array
  /** Index of that gateway hop; -1 where it is not among the slice's, or none. */
  readonly partner: Int32Array
  /** 1 for a 401 that integrated authentication answers before the request itself. */
  readonly handshake: Uint8Array
  /** 1 for a line of HTTP.sys: it has no duration, and without a status no answer was sent. */
  readonly kernel: Uint8Array
  /** Address of the server that wrote it. */
  readonly server: Int32Array
}

/** Values of `AppSide.ids`: it has none; it has one, so a gateway hop with another is not its; one that many share. */
export const ID = { none: 0, own: 1, shared: 2 } as const

/** Index ranges of equal consecutive values. */
export function runsOf(codes: Int32Array, count: number): { from: number; to: number }[] {
  const runs: { from: number; to: number }[] = []
  for (let from = 0; from < count; ) {
    let to = from + 1
    while (to < count && codes[to] === codes[from]) to++
    runs.push({ from, to })
    from = to
  }
  return runs
}
