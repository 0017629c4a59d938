import { DEFAULT_APPLICATION } from '../ledger/state.ts'
import { AttributeSet } from './attributes.ts'
import type { AppLeg, GatewayLeg } from './legs.ts'
import type { Attributes } from './span.ts'

/** Source: OpenTelemetry resource conventions, service.name. */
const UNKNOWN = 'unknown_service:iis'

/** Resources of spans: equal ones are one object, so that an exporter groups by it. */
export class Resources {
  readonly #known = new Map<string, Attributes>()

  /** The gateway: its service is the proxy. */
  gateway({ proxy, proxy_revision, organization, environment }: GatewayLeg): Attributes {
    return this.#one(`g ${JSON.stringify([proxy, proxy_revision, organization, environment])}`, () =>
      new AttributeSet()
        .put('service.name', proxy ?? '(no proxy)')
        .put('service.namespace', organization)
        .put('service.version', proxy_revision)
        .put('deployment.environment.name', environment)
        .put('cloud.provider', 'gcp'),
    )
  }

  /** The application on IIS: its service is the site, else the configured application, else the Host header. */
  app({ site, host, host_header }: AppLeg, application: string): Attributes {
    const configured = application === DEFAULT_APPLICATION ? undefined : application
    const name = site ?? configured ?? host_header ?? UNKNOWN
    return this.#one(`a ${JSON.stringify([name, host, application])}`, () =>
      new AttributeSet()
        .put('service.name', name)
        .put('service.namespace', configured)
        .put('host.name', host),
    )
  }

  #one(key: string, make: () => AttributeSet): Attributes {
    let found = this.#known.get(key)
    if (!found) {
      found = make().all
      this.#known.set(key, found)
    }
    return found
  }
}
