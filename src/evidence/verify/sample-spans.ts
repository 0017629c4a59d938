import type { HopKind } from '../../model/hop.ts'
import type { Sample } from '../schema.ts'
import { type Facts, flagIn, numberIn, textIn } from './facts.ts'
import { stampText } from './record-columns.ts'

export interface SideFacts {
  readonly side: HopKind
  readonly facts: Facts
}

type Span = Sample['requests'][number]['spans'][number]

/**
 * The spans of a request, each behind its parent, named as in traces: the gateway's, its call to the target, and those of the
 * servers below. Stamps are those that were logged, each by its own clock: nothing is moved into its place.
 */
export function spansOf(hops: readonly SideFacts[]): Span[] {
  const spans: Span[] = []
  for (const { side, facts } of hops) {
    if (side === 'gateway') spans.push(...gatewaySpans(facts))
    // Servers lie below the call to the target, which comes last of the gateway's.
    else
      spans.push(
        serverSpan(
          side,
          facts,
          spans.findLastIndex(span => !SERVERS.has(span.layer)),
        ),
      )
  }
  return spans
}

const SERVERS: ReadonlySet<Span['layer']> = new Set(['app', 'kernel'])

function gatewaySpans(facts: Facts): Span[] {
  const proxy: Span = {
    parent: null,
    layer: 'gateway',
    name: `apigee ${textIn(facts, 'proxy') ?? '(no proxy)'}`,
    kind: 'server',
    ...times(numberIn(facts, 'start_ts'), numberIn(facts, 'end_ts')),
    ...statusOf(facts, 'status'),
  }
  if (flagIn(facts, 'target_called') !== true) return [proxy]
  const target: Span = {
    parent: 0,
    layer: 'target',
    name: textIn(facts, 'target_host') ?? textIn(facts, 'target') ?? 'target',
    kind: 'client',
    ...times(numberIn(facts, 'target_sent_start_ts'), numberIn(facts, 'target_received_end_ts')),
    ...statusOf(facts, 'target_status'),
  }
  return [proxy, target]
}

function serverSpan(side: 'app' | 'kernel', facts: Facts, above: number): Span {
  const name = [side === 'kernel' ? 'http.sys' : 'iis', textIn(facts, 'site'), textIn(facts, 'host')]
  const startUs = side === 'kernel' ? undefined : numberIn(facts, 'start_ts')
  return {
    parent: above < 0 ? null : above,
    layer: side,
    name: name.filter(Boolean).join(' '),
    kind: 'server',
    ...times(startUs, numberIn(facts, 'end_ts')),
    ...statusOf(facts, 'status'),
  }
}

function times(startUs: number | undefined, endUs: number | undefined): Pick<Span, 'start' | 'end'> {
  return {
    ...(startUs === undefined ? {} : { start: stampText(startUs) }),
    ...(endUs === undefined ? {} : { end: stampText(endUs) }),
  }
}

function statusOf(facts: Facts, column: string): Pick<Span, 'status'> {
  const status = numberIn(facts, column)
  return status === undefined ? {} : { status }
}
