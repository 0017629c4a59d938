import { KERNEL_REASONS } from '../model/kernel-reasons.ts'
import { safe } from './output.ts'

type Row = Readonly<Record<string, unknown>>

/** Whether a hop of a server is a row of HTTPERR. */
export function isKernel(hop: Row): boolean {
  return hop.kernel === true
}

/** Why HTTP.sys refused or dropped a request: `AppOffline: the application pool ...; queue PayPool`. */
export function reasonInWords(reason: unknown, queue: unknown): string {
  const meaning = KERNEL_REASONS[String(reason)]?.meaning
  const name = reason === null || reason === '-' ? 'no reason logged' : safe(reason)
  return `${name}${meaning ? `: ${meaning}` : ''}${queue ? `; queue ${safe(queue)}` : ''}`
}

/** What is said where an id stands for hops of which none is a request; undefined where there is no hop either. */
export function noRequestNote(hops: readonly Row[]): string | undefined {
  const [hop] = hops
  if (!hop) return undefined
  return `it is that of a connection which HTTP.sys closed before anything was asked (${reasonInWords(hop.reason, hop.queue)}), and of no request`
}
