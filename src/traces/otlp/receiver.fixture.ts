import http, { type IncomingMessage, type RequestListener, type ServerResponse } from 'node:http'
import https, { type ServerOptions } from 'node:https'
import type { AddressInfo } from 'node:net'
import net from 'node:net'
import { gunzipSync } from 'node:zlib'

/** A server of a test; `close` ends its connections too. */
export interface Receiver {
  readonly port: number
  readonly url: URL
  readonly close: () => Promise<void>
}

/** What a handler is given: the request and its body, unpacked. */
export type Handler = (request: IncomingMessage, body: Buffer, response: ServerResponse) => void

/** An HTTP server, or an HTTPS server where it is given certificates. */
export async function startReceiver(handler: Handler, tls?: ServerOptions): Promise<Receiver> {
  const listener: RequestListener = (request, response) => {
    const chunks: Buffer[] = []
    request.on('data', (chunk: Buffer) => chunks.push(chunk))
    request.on('error', () => undefined)
    request.on('end', () => {
      const body = Buffer.concat(chunks)
      handler(request, request.headers['content-encoding'] === 'gzip' ? gunzipSync(body) : body, response)
    })
  }
  const server = tls ? https.createServer(tls, listener) : http.createServer(listener)
  server.on('tlsClientError', () => undefined)
  const port = await listen(server)
  return {
    port,
    url: new URL(`${tls ? 'https' : 'http'}://127.0.0.1:${port}/v1/traces`),
    close: () => {
      server.closeAllConnections()
      return closed(server)
    },
  }
}

/** A server of raw bytes, for what no HTTP server does. */
export async function startRaw(onConnection: (socket: net.Socket) => void): Promise<Receiver> {
  const sockets = new Set<net.Socket>()
  const server = net.createServer(socket => {
    sockets.add(socket.on('error', () => undefined))
    onConnection(socket)
  })
  const port = await listen(server)
  return {
    port,
    url: new URL(`http://127.0.0.1:${port}/v1/traces`),
    close: () => {
      for (const socket of sockets) socket.destroy()
      return closed(server)
    },
  }
}

/** A port on which nothing listens. */
export async function freePort(): Promise<number> {
  const server = net.createServer()
  const port = await listen(server)
  await closed(server)
  return port
}

function listen(server: net.Server): Promise<number> {
  return new Promise(resolve =>
    server.listen(0, '127.0.0.1', () => resolve((server.address() as AddressInfo).port)),
  )
}

function closed(server: net.Server): Promise<void> {
  return new Promise(resolve => server.close(() => resolve()))
}
