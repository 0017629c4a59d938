import { afterAll, beforeAll, expect, test } from 'vitest'
import { type Elasticsearch, startElasticsearch } from './support/elasticsearch.ts'
import { ELASTICSEARCH_VERSIONS } from './support/elasticsearch-program.ts'
import { sharedElasticsearch } from './support/elasticsearch-shared.ts'
import { needs } from './support/tools.ts'

async function call(endpoint: string, method: string, path: string, body?: object): Promise<unknown> {
  const answer = await fetch(`${endpoint}${path}`, {
    method,
    headers: { 'content-type': 'application/json' },
    body: body ? JSON.stringify(body) : null,
  })
  return answer.json()
}

needs('java', 'mvn')('Elasticsearch', () => {
  test.each(ELASTICSEARCH_VERSIONS)('%s is the version it says, and one for all', async version => {
    const [one, other] = await Promise.all([sharedElasticsearch(version), sharedElasticsearch(version)])
    expect(one).toBe(other)
    const nodes = (await call(one, 'GET', '/_nodes/_local')) as { nodes: Record<string, { version: string }> }
    expect(Object.values(nodes.nodes).map(node => node.version)).toEqual([version])
  })

  let own: Elasticsearch
  beforeAll(async () => {
    own = await startElasticsearch()
  })
  afterAll(() => own.stop())

  test('has what it acknowledged after it was killed and started again', async () => {
    await call(own.endpoint, 'PUT', '/kept/_doc/1', { a: 1 })
    await own.kill()
    await expect(fetch(own.endpoint)).rejects.toThrow()
    await own.restart()
    expect(await call(own.endpoint, 'GET', '/kept/_doc/1')).toMatchObject({ found: true, _source: { a: 1 } })
  })
})
