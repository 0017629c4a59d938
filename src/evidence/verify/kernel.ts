import type { HopKind } from '../../model/hop.ts'
import { type Facts, flagIn, textIn } from './facts.ts'

/**
 * A hop of a server as records are made of it: one of HTTP.sys says `kernel`, and begins where it ends, as how long it took
 * is not known.
 */
export function serverHop(facts: Facts, kind: HopKind): Facts {
  return kind === 'kernel' ? { ...facts, kernel: true, start_ts: facts.end_ts } : facts
}

export function isKernel(facts: Facts): boolean {
  return flagIn(facts, 'kernel') === true
}

/** A connection that closed before anything was asked: a fact, and no request. */
export function isUnasked(facts: Facts): boolean {
  const { method, path, status } = facts
  return isKernel(facts) && method === undefined && path === undefined && status === undefined
}

/** Why HTTP.sys refused or dropped something, and for which queue; undefined: it did not. */
export function refusalOf(facts: Facts | undefined): Pick<Facts, 'kernel_reason' | 'kernel_queue'> {
  if (!facts || !isKernel(facts)) return { kernel_reason: undefined, kernel_queue: undefined }
  return { kernel_reason: textIn(facts, 'reason') ?? '-', kernel_queue: textIn(facts, 'queue') }
}
