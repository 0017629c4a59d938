import { appSpans } from './app-spans.ts'
import { gatewaySpans } from './gateway-spans.ts'
import type { Legs } from './legs.ts'
import { Resources } from './resources.ts'
import type { Span } from './span.ts'

/**
 * The spans of one request: the gateway's, its call to the target, and each app hop under that. Equal hops, links and
 * trace give equal spans, whenever they are made.
 */
export function spansOf(legs: Legs, resources = new Resources()): Span[] {
  const { gateway } = legs
  const [server, target] = gateway ? gatewaySpans(legs, gateway, resources.gateway(gateway)) : []
  const apps = appSpans(legs, target ?? server, hop => resources.app(hop, legs.application))
  return [server, target, ...apps].filter(span => span !== undefined)
}
