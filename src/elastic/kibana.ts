import { request as httpRequest } from 'node:http'
import { request as httpsRequest } from 'node:https'
import { ThroughlineError } from '../errors.ts'
import { type Access, authorization } from './client.ts'

export interface KibanaTarget {
  readonly url: string
  readonly space?: string | undefined
  readonly access: Access
}

/** What Kibana says about an import. */
export interface Imported {
  readonly success: boolean
  readonly successCount: number
  readonly errors?: readonly {
    readonly type: string
    readonly id: string
    readonly error?: { readonly type?: string }
  }[]
}

const BOUNDARY = 'throughline-saved-objects'

/** Where saved objects are imported. */
export function importUrl({ url, space }: Pick<KibanaTarget, 'url' | 'space'>): string {
  const base = url.replace(/\/+$/, '')
  return `${base}${space && space !== 'default' ? `/s/${space}` : ''}/api/saved_objects/_import?overwrite=true`
}

/**
 * Imports saved objects, replacing those that were imported before.
 *
 * @param lines newline-delimited JSON
 * @throws EXPORT_UNAVAILABLE, EXPORT_REFUSED
 */
export async function importObjects(target: KibanaTarget, lines: string): Promise<Imported> {
  const url = importUrl(target)
  const body = Buffer.from(
    `--${BOUNDARY}\r\nContent-Disposition: form-data; name="file"; filename="throughline.ndjson"\r\nContent-Type: application/ndjson\r\n\r\n${lines}\r\n--${BOUNDARY}--\r\n`,
  )
  const { status, text } = await post(url, body, target.access)
  const fail = (code: 'EXPORT_UNAVAILABLE' | 'EXPORT_REFUSED', why: string) =>
    new ThroughlineError(code, `Kibana at ${url}: ${why}`, { url, status })
  if (status >= 502 || status === 429) throw fail('EXPORT_UNAVAILABLE', `${status}: ${text.slice(0, 300)}; try again later`)
  if (status === 401 || status === 403)
    throw fail('EXPORT_REFUSED', `${status}: ${text.slice(0, 300)}; the user needs the Kibana privilege "Saved Objects Management: All" in the space`)
  const answer = parsed(text)
  if (status >= 400 || !answer)
    throw fail('EXPORT_REFUSED', `${status}: ${text.slice(0, 300)}; expected what Kibana answers to an import. Check elastic.kibana and elastic.space`)
  if (!answer.success) {
    const failed = answer.errors?.map(e => `${e.type} ${e.id}: ${e.error?.type ?? 'unknown'}`).join(', ')
    throw fail('EXPORT_REFUSED', `imported ${answer.successCount} objects and refused ${failed}; remove these in Kibana, or choose another space with elastic.space`)
  }
  return answer
} // biome-ignore format: one message a line

function parsed(text: string): Imported | undefined {
  try {
    const answer = JSON.parse(text) as Partial<Imported>
    return typeof answer.success === 'boolean' ? (answer as Imported) : undefined
  } catch {
    return undefined
  }
}

function post(url: string, body: Buffer, access: Access): Promise<{ status: number; text: string }> {
  const auth = authorization(access)
  const headers = {
    'content-type': `multipart/form-data; boundary=${BOUNDARY}`,
    'content-length': body.length,
    // Kibana refuses requests that change something and lack it.
    'kbn-xsrf': 'throughline',
    'user-agent': access.userAgent,
    ...(auth && { authorization: auth }),
  }
  const send = url.startsWith('https:') ? httpsRequest : httpRequest
  const options = { method: 'POST', headers, timeout: access.timeoutMs, ...(access.ca && { ca: access.ca }) }
  return new Promise((resolve, reject) => {
    const unavailable = (why: string, cause?: unknown) =>
      reject(
        new ThroughlineError(
          'EXPORT_UNAVAILABLE',
          `Kibana at ${url}: no answer (${why}); check that it runs and that elastic.kibana is right`,
          { url },
          cause,
        ),
      )
    const sending = send(url, options, answer => {
      const chunks: Buffer[] = []
      answer.on('data', (chunk: Buffer) => chunks.push(chunk))
      answer.on('end', () =>
        resolve({ status: answer.statusCode ?? 0, text: Buffer.concat(chunks).toString() }),
      )
      answer.on('error', error => unavailable(error.message, error))
    })
    sending.on('timeout', () => sending.destroy(new Error('timeout')))
    sending.on('error', error => unavailable(error.message, error))
    sending.end(body)
  })
}
