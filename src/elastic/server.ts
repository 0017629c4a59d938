import { ThroughlineError } from '../errors.ts'
import type { Answer, Call, Elastic } from './client.ts'
import { failure, isPassing, notElasticsearch, statusOf } from './failure.ts'
import { backoffMs } from './pace.ts'

/** What is known of the server. */
export interface Server {
  readonly version: string
  readonly major: number
  /** Whether indices can be deleted by the server itself as they grow old. */
  readonly hasLifecycle: boolean
}

/**
 * Sends a request, again where that may help, and says what a failure means. To be used for what may be sent twice.
 *
 * @param expected statuses that are no failure
 */
export async function ask<Body = unknown>(
  elastic: Elastic,
  call: Call,
  expected: readonly number[] = [],
): Promise<Answer<Body>> {
  const { tries, sleep, random } = elastic.patience
  for (let attempt = 1; ; attempt++) {
    try {
      return await elastic.call<Body>(call, expected)
    } catch (error) {
      if (attempt >= tries || !isPassing(error)) throw failure(elastic.address, call, error)
      await sleep(backoffMs(attempt, random))
    }
  }
}

/**
 * Asks a server what it is.
 *
 * @throws EXPORT_REFUSED for OpenSearch and for versions that are not supported; EXPORT_UNAVAILABLE
 */
export async function askServer(elastic: Elastic): Promise<Server> {
  const version = await versionOf(elastic)
  const [major = 0, minor = 0] = version.split('.').map(Number)
  if (major !== 9 && !(major === 8 && minor >= 19))
    throw new ThroughlineError(
      'EXPORT_REFUSED',
      `Elasticsearch at ${elastic.address}: found version ${version}; expected 8.19 or 9. Use a cluster of one of these`,
      { version },
    )
  return { version, major, hasLifecycle: await hasLifecycle(elastic) }
}

interface Info {
  readonly version?: { readonly number?: string }
}

/** Builds for tests lack the page at `/`; there the node tells its version. */
async function versionOf(elastic: Elastic): Promise<string> {
  const root = { method: 'GET', path: '/' } as const
  const { body, status } = await askRoot(elastic, root)
  if (status < 400 && body.version?.number) return body.version.number
  const nodes = { method: 'GET', path: '/_nodes/_local', query: { filter_path: 'nodes.*.version' } } as const
  const { nodes: found } = (await ask<{ nodes: Record<string, { version: string }> }>(elastic, nodes)).body
  return Object.values(found)[0]?.version ?? 'unknown'
}

async function askRoot(elastic: Elastic, root: Call): Promise<Answer<Info>> {
  try {
    return await elastic.call<Info>(root, [404, 405])
  } catch (error) {
    if ((error as Error).name !== 'ProductNotSupportedError') throw failure(elastic.address, root, error)
    const found = await elastic.otherProduct()
    throw new ThroughlineError('EXPORT_REFUSED', notElasticsearch(elastic.address, found), { found }, error)
  }
}

async function hasLifecycle(elastic: Elastic): Promise<boolean> {
  const call = { method: 'GET', path: '/_ilm/status' } as const
  try {
    await elastic.call(call)
    return true
  } catch (error) {
    // A server without the module, one that is managed for its users, or a user who may not look.
    const status = statusOf(error)
    if (status === 400 || status === 403 || status === 404 || status === 405 || status === 410) return false
    throw failure(elastic.address, call, error)
  }
}
