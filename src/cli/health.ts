import { createServer, type Server } from 'node:http'
import { parseAddress } from '../config/telemetry.ts'
import { ThroughlineError } from '../errors.ts'
import { safe } from './output.ts'

/** What is asked of a process that runs on. */
export interface Health {
  /** Whether it can do its work now. */
  readonly isReady: boolean
  /** How it stands, for people. */
  readonly status: object
}

/** A process whose loop has not come round for so long does not live. */
const STALE_MS = 60_000

/**
 * Serves `/health/live` and `/health/ready`: 200 or 503, with how things stand as JSON.
 *
 * @param beatMs when its loop last came round, milliseconds since 1970
 * @returns ends it
 * @throws USAGE, LISTEN_FAILED
 */
export async function serveHealth(
  text: string,
  { health, beatMs, nowMs }: { health: () => Health; beatMs: () => number; nowMs: () => number },
): Promise<() => Promise<void>> {
  const address = parseAddress(text)
  if (!address)
    throw new ThroughlineError(
      'USAGE',
      `--health ${safe(text)}: expected a port, or host:port such as 127.0.0.1:8080`,
    )
  const server = createServer((request, response) => {
    const { isReady, status } = health()
    const isLive = nowMs() - beatMs() < STALE_MS
    const isGood =
      request.url === '/health/live'
        ? isLive
        : request.url === '/health/ready'
          ? isLive && isReady
          : undefined
    const body =
      isGood === undefined
        ? { error: 'no such page; /health/live and /health/ready are there' }
        : { ok: isGood, ...status }
    response.writeHead(isGood === undefined ? 404 : isGood ? 200 : 503, {
      'content-type': 'application/json',
    })
    response.end(`${JSON.stringify(body)}\n`)
  })
  await listen(server, address)
  return () => new Promise(resolve => server.close(() => resolve()))
}

async function listen(server: Server, { host, port }: { host: string; port: number }): Promise<void> {
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject)
    server.listen(port, host, resolve)
  }).catch((cause: Error) => {
    throw new ThroughlineError(
      'LISTEN_FAILED',
      `--health ${safe(host)}:${port}: cannot listen there: ${safe(cause.message)}; name another port or host`,
      { host, port },
      cause,
    )
  })
}
