import type { Client, ClientOptions } from '@elastic/elasticsearch'

/** One request, as data: what `--dry-run` prints and what is sent. */
export interface Call {
  readonly method: 'GET' | 'POST' | 'PUT' | 'DELETE' | 'HEAD'
  readonly path: string
  readonly query?: Readonly<Record<string, string | number | boolean>>
  readonly body?: object
  /** Newline-delimited JSON instead of a body. */
  readonly lines?: string
}

export interface Answer<Body> {
  readonly status: number
  readonly body: Body
}

export interface Access {
  readonly url?: string | undefined
  readonly cloudId?: string | undefined
  readonly apiKey?: string | undefined
  readonly username?: string | undefined
  readonly password?: string | undefined
  readonly bearer?: string | undefined
  /** Certificates, PEM. */
  readonly ca?: string | undefined
  readonly caFingerprint?: string | undefined
  readonly timeoutMs: number
  readonly userAgent: string
}

/** How often a question is asked again that was not answered, or that came at a bad moment. */
export interface Patience {
  readonly tries: number
  /** From 0 (included) to 1 (not). */
  readonly random: () => number
  readonly sleep: (ms: number) => Promise<void>
}

const NONE: Patience = { tries: 1, random: () => 0, sleep: async () => undefined }

/** Elasticsearch, spoken to by Elastic's own client of version 8, which servers of version 8 and 9 understand. */
export class Elastic {
  /** Without secrets. */
  readonly address: string
  readonly #client: Client
  readonly #access: Access
  readonly patience: Patience

  private constructor(client: Client, access: Access, patience: Patience) {
    this.#client = client
    this.#access = access
    this.patience = patience
    this.address = addressOf(access)
  }

  /** Loads the client, which takes its time; nothing is sent. */
  static async open(access: Access, patience: Patience = NONE): Promise<Elastic> {
    const { Client } = await import('@elastic/elasticsearch')
    return new Elastic(new Client(optionsOf(access)), access, patience)
  }

  /**
   * Sends a request once. Rejects with an error of the client where no answer came or its status is 400 or more and not
   * among those that are expected.
   */
  async call<Body = unknown>(call: Call, expected: readonly number[] = []): Promise<Answer<Body>> {
    const { method, path, query, body, lines } = call
    const params = {
      method,
      path,
      ...(query && { querystring: { ...query } }),
      ...(body && { body }),
      ...(lines !== undefined && { bulkBody: lines }),
    }
    const answer = await this.#client.transport.request<Body>(params, {
      meta: true,
      ignore: [...expected],
      maxRetries: 0,
    })
    return { status: answer.statusCode ?? 0, body: answer.body }
  }

  /** What a server says it is that the client does not speak to; undefined where it does not say. */
  async otherProduct(): Promise<string | undefined> {
    const auth = authorization(this.#access)
    try {
      const answer = await fetch(this.#access.url ?? '', { headers: auth ? { authorization: auth } : {} })
      const { version } = (await answer.json()) as { version?: { distribution?: string; number?: string } }
      const { distribution = '', number = '' } = version ?? {}
      return distribution === 'opensearch' ? `OpenSearch ${number}` : undefined
    } catch {
      // The first answer was enough to know that it is not Elasticsearch.
      return undefined
    }
  }

  async close(): Promise<void> {
    await this.#client.close()
  }
}

/** The header that says who asks; undefined without credentials. */
export function authorization({ apiKey, bearer, username, password = '' }: Access): string | undefined {
  if (apiKey) return `ApiKey ${apiKey}`
  if (bearer) return `Bearer ${bearer}`
  return username === undefined
    ? undefined
    : `Basic ${Buffer.from(`${username}:${password}`).toString('base64')}`
}

function optionsOf(access: Access): ClientOptions {
  const { url, cloudId, apiKey, username, password = '', bearer, ca, caFingerprint } = access
  const auth = apiKey
    ? { apiKey }
    : bearer
      ? { bearer }
      : username !== undefined
        ? { username, password }
        : undefined
  return {
    ...(cloudId ? { cloud: { id: cloudId } } : { node: url ?? '' }),
    ...(auth && { auth }),
    ...(ca && { tls: { ca } }),
    ...(caFingerprint && { caFingerprint: withColons(caFingerprint) }),
    requestTimeout: access.timeoutMs,
    maxRetries: 0,
    enableMetaHeader: false,
    headers: { 'user-agent': access.userAgent },
  }
}

/** As the client compares it. */
function withColons(fingerprint: string): string {
  const hex = fingerprint.replaceAll(':', '').toUpperCase()
  return hex.match(/../g)?.join(':') ?? ''
}

function addressOf({ url, cloudId }: Access): string {
  if (cloudId) return `cloud ${cloudId.split(':')[0]}`
  const { protocol, host, pathname } = new URL(url ?? '')
  return `${protocol}//${host}${pathname.replace(/\/$/, '')}`
}
