import { createServer } from 'node:http'
import { inject } from 'vitest'
import { type Elasticsearch, startElasticsearch } from './elasticsearch.ts'
import { ELASTICSEARCH_VERSIONS, type ElasticsearchVersion } from './elasticsearch-program.ts'
import { freePort } from './free-port.ts'

declare module 'vitest' {
  interface ProvidedContext {
    /** Where the test files of a run ask for the Elasticsearch that they share. */
    elasticsearchDesk: string
  }
}

/** Who starts a server for all test files of a run, when the first of them asks for it. Lives in the main process. */
export interface Desk {
  readonly address: string
  close(): Promise<void>
}

export async function openDesk(): Promise<Desk> {
  const started = new Map<ElasticsearchVersion, Promise<Elasticsearch>>()
  const startedOnce = (version: ElasticsearchVersion): Promise<Elasticsearch> => {
    const known = started.get(version) ?? startElasticsearch({ version, heapMiB: 768 })
    started.set(version, known)
    return known
  }
  const server = createServer((request, response) => {
    const version = ELASTICSEARCH_VERSIONS.find(it => request.url === `/${it}`)
    if (!version) {
      response.writeHead(404).end()
      return
    }
    startedOnce(version).then(
      ({ endpoint }) => response.end(endpoint),
      error => response.writeHead(500).end(String(error)),
    )
  })
  server.requestTimeout = 0
  const port = await freePort()
  await new Promise<void>(resolve => server.listen(port, '127.0.0.1', resolve))
  return {
    address: `http://127.0.0.1:${port}`,
    close: async () => {
      server.closeAllConnections()
      await new Promise(resolve => server.close(resolve))
      const all = await Promise.allSettled(started.values())
      await Promise.all(all.map(it => it.status === 'fulfilled' && it.value.stop()))
    },
  }
}

/**
 * Address of the Elasticsearch that all test files of a run share; started by the first that asks. Others use it at the
 * same time: take names of indices, aliases and templates that no other file takes, and do not stop it.
 */
export async function sharedElasticsearch(version: ElasticsearchVersion = '9.2.4'): Promise<string> {
  const answer = await fetch(`${inject('elasticsearchDesk')}/${version}`)
  const text = await answer.text()
  if (!answer.ok) throw new Error(text)
  return text
}
