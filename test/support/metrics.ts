import { createServer, type IncomingHttpHeaders, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'

/** One line of a page of metrics. */
export interface Sample {
  readonly name: string
  readonly labels: Readonly<Record<string, string>>
  readonly value: number
}

/** Reads the text format of Prometheus (version 0.0.4); comments are left out. */
export function parseMetrics(page: string): Sample[] {
  const lines = page.split('\n').filter(line => line !== '' && !line.startsWith('#'))
  return lines.map(line => {
    const [, name = '', inner = '', value = ''] =
      /^([a-zA-Z_:][\w:]*)(?:\{(.*)\})? (\S+)(?: \d+)?$/.exec(line) ?? []
    if (name === '') throw new Error(`no line of metrics: ${line}`)
    const labels = [...inner.matchAll(/(\w+)="((?:[^"\\]|\\.)*)"/g)].map(([, key, text]) => [key, text])
    return { name, labels: Object.fromEntries(labels) as Record<string, string>, value: Number(value) }
  })
}

/** Reads the metrics that a process of this machine serves. */
export async function scrape(port: number): Promise<Sample[]> {
  const answer = await fetch(`http://127.0.0.1:${port}/metrics`)
  return parseMetrics(await answer.text())
}

/** The sum of a metric over all values of its attribute; 0 where there is none yet. */
export function total(samples: readonly Sample[], name: string): number {
  return samples.filter(s => s.name === name).reduce((sum, s) => sum + s.value, 0)
}

/** A port that nobody listened at a moment ago. */
export async function freePort(): Promise<number> {
  const server = await listening(createServer())
  const { port } = server.address() as AddressInfo
  await new Promise(resolve => server.close(resolve))
  return port
}

interface Keyed {
  readonly key: string
  readonly value: Readonly<Record<string, unknown>>
}

interface SpanText {
  readonly name: string
  readonly spanId: string
  readonly parentSpanId?: string
  readonly attributes: readonly Keyed[]
  readonly status: { readonly code?: number }
}

/** As much of an OTLP request as tests look at. */
interface Body {
  readonly resourceSpans?: readonly {
    readonly resource: { readonly attributes: readonly Keyed[] }
    readonly scopeSpans: readonly { readonly spans: readonly SpanText[] }[]
  }[]
  readonly resourceMetrics?: readonly {
    readonly scopeMetrics: readonly { readonly metrics: readonly { readonly name: string }[] }[]
  }[]
}

export interface Received {
  readonly path: string
  readonly headers: IncomingHttpHeaders
  readonly text: string
  readonly body: Body
}

export interface ReceivedSpan {
  readonly name: string
  readonly id: string
  readonly parent: string | undefined
  readonly attributes: Readonly<Record<string, unknown>>
  readonly isError: boolean
}

/** Attributes as one record. */
export function attributesOf(list: readonly Keyed[]): Record<string, unknown> {
  return Object.fromEntries(list.map(({ key, value }) => [key, Object.values(value)[0]]))
}

/** Spans of all requests, in the order in which they ended. */
export function spansOf(received: readonly Received[]): ReceivedSpan[] {
  const resources = received.flatMap(r => r.body.resourceSpans ?? [])
  return resources
    .flatMap(r => r.scopeSpans.flatMap(s => s.spans))
    .map(({ name, spanId, parentSpanId, attributes, status }) => ({
      name,
      id: spanId,
      parent: parentSpanId,
      attributes: attributesOf(attributes),
      isError: status.code === 2,
    }))
}

/** Runs an action with an OTLP receiver that keeps what it gets. `silent`: it takes requests and never answers. */
export async function withReceiver<T>(
  action: (endpoint: string, received: readonly Received[]) => Promise<T>,
  how: 'answers' | 'silent' = 'answers',
): Promise<T> {
  const received: Received[] = []
  const server = createServer((request, response) => {
    let text = ''
    request.setEncoding('utf8')
    request.on('data', part => {
      text += part
    })
    request.on('end', () => {
      received.push({
        path: request.url ?? '',
        headers: request.headers,
        text,
        body: JSON.parse(text) as Body,
      })
      if (how === 'answers') response.setHeader('content-type', 'application/json').end('{}')
    })
  })
  await listening(server)
  try {
    return await action(`http://127.0.0.1:${(server.address() as AddressInfo).port}`, received)
  } finally {
    server.closeAllConnections()
    await new Promise(resolve => server.close(resolve))
  }
}

function listening(server: Server): Promise<Server> {
  return new Promise((resolve, reject) => {
    server.once('error', reject)
    server.listen(0, '127.0.0.1', () => resolve(server))
  })
}
