import { existsSync, readFileSync, truncateSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { freePort, takesConnections } from './free-port.ts'
import { guardedFolder, spawnGuarded } from './guard.ts'
import { collectorProgram } from './otelcol.ts'
import { parseReceived, type Received } from './received.ts'
import { Server } from './server.ts'

export interface CollectorOptions {
  /** `file` (default) keeps what it takes, for `received()`; `nop` forgets it, for measurements. */
  readonly exporter?: 'file' | 'nop'
  /** PEM files. With `clientCa` the receiver wants certificates of its clients. */
  readonly tls?: { readonly cert: string; readonly key: string; readonly clientCa?: string }
  /** A free one by default. */
  readonly port?: number
}

/** A real OpenTelemetry Collector on 127.0.0.1. It ends with the test process at the latest, and so does its folder. */
export interface Collector {
  /** `http://127.0.0.1:PORT`, https with `tls`; spans go to `/v1/traces` below it. */
  readonly endpoint: string
  readonly port: number
  /**
   * Everything it ever answered with 200, in that order; nothing is buffered, so it is there as soon as the answer is.
   * Works while it runs and after it ended.
   */
  received(): Received
  /** Lets it end by itself. */
  stop(): Promise<void>
  /** Ends it in the middle of whatever it does. */
  kill(): Promise<void>
  /** Starts it again with the same port and file; stops it first if it runs. */
  restart(): Promise<void>
}

const READY_MS = 60_000
const STOP_MS = 20_000

/** Builds the Collector if need be, starts it, and waits until its OTLP/HTTP receiver takes connections. */
export async function startCollector(options: CollectorOptions = {}): Promise<Collector> {
  const program = await collectorProgram()
  const folder = guardedFolder(join(tmpdir(), 'tl-otelcol-'))
  const file = join(folder, 'received.ndjson')
  const log = join(folder, 'otelcol.log')
  const port = options.port ?? (await freePort())
  writeFileSync(join(folder, 'run.yaml'), JSON.stringify(configuration(options, port, file)))
  const server = new Server({
    name: 'the Collector', port, log, readyMs: READY_MS, stopMs: STOP_MS,
    spawn: () => {
      dropTornLine(file)
      return spawnGuarded(program, ['--config', 'file:run.yaml'], { cwd: folder, log })
    },
    // The receiver is started last: a port that takes connections belongs to a Collector that is ready.
    isReady: () => takesConnections(port),
  }) // biome-ignore format: one server
  await server.start()
  return {
    endpoint: `${options.tls ? 'https' : 'http'}://127.0.0.1:${port}`,
    port,
    received: () => {
      if (options.exporter === 'nop')
        throw new Error('received() of a Collector that keeps nothing: exporter nop')
      return parseReceived(existsSync(file) ? readFileSync(file) : Buffer.of())
    },
    stop: server.stop,
    kill: server.kill,
    restart: server.restart,
  }
}

function configuration({ exporter = 'file', tls }: CollectorOptions, port: number, file: string): object {
  const http = {
    endpoint: `127.0.0.1:${port}`,
    ...(tls && {
      tls: {
        cert_file: tls.cert,
        key_file: tls.key,
        ...(tls.clientCa && { client_ca_file: tls.clientCa }),
      },
    }),
  }
  // With rotation the exporter appends to a file that exists, and writes each request before it is answered; without,
  // it buffers for up to `flush_interval`, and a kill loses what was answered.
  const exporters = { file: { path: file, rotation: { max_megabytes: 1_000_000 } }, nop: {} }
  const pipeline = { receivers: ['otlp'], exporters: [exporter] }
  return {
    receivers: { otlp: { protocols: { http } } },
    exporters: { [exporter]: exporters[exporter] },
    service: {
      // Its own metrics would listen on a fixed port.
      telemetry: { metrics: { level: 'none' }, logs: { level: 'warn' } },
      pipelines: { traces: pipeline, logs: pipeline, metrics: pipeline },
    },
  }
}

/** A kill in the middle of a write leaves part of a request that was never answered. */
function dropTornLine(file: string): void {
  if (!existsSync(file)) return
  truncateSync(file, readFileSync(file).lastIndexOf(0x0a) + 1)
}
