/** Root span of a request, and the span of an app hop: the first 64 bits of the hop's id. */
export function spanIdOf(hopId: string): string {
  return notZero(hopId.slice(0, 16))
}

/** Span of a gateway hop's call to its target: the last 64 bits of the hop's id. */
export function targetSpanIdOf(hopId: string): string {
  return notZero(hopId.slice(16))
}

/** An id of zeros only is not valid (W3C Trace Context, section 3.2.2.4). */
function notZero(id: string): string {
  return /^0+$/.test(id) ? id.replace(/0$/, '1') : id
}

/** The trace and the span that a valid traceparent names. */
export function contextOf(traceparent: string): { readonly traceId: string; readonly spanId: string } {
  const text = traceparent.trim().toLowerCase()
  return { traceId: text.slice(3, 35), spanId: text.slice(36, 52) }
}
