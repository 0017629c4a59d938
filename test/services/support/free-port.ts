import { connect, createServer } from 'node:net'

/**
 * A port of 127.0.0.1 that nobody listened on a moment ago. Taken from below the range that the system gives to
 * outgoing connections, so that a service that is restarted finds it free again.
 */
export async function freePort(): Promise<number> {
  for (let tries = 0; tries < 100; tries++) {
    const port = 20_000 + Math.floor(Math.random() * 12_000)
    if (await isFree(port)) return port
  }
  throw new Error('no free port of 127.0.0.1 among 100 tried between 20000 and 32000')
}

/** Not to be asked while something is about to listen there: for a moment this does. */
export function isFree(port: number): Promise<boolean> {
  return new Promise(resolve => {
    const server = createServer()
    server.on('error', () => resolve(false))
    server.listen(port, '127.0.0.1', () => server.close(() => resolve(true)))
  })
}

export function takesConnections(port: number): Promise<boolean> {
  return new Promise(resolve => {
    const socket = connect(port, '127.0.0.1')
    const done = (answer: boolean) => {
      socket.destroy()
      resolve(answer)
    }
    socket.on('connect', () => done(true)).on('error', () => done(false))
  })
}
