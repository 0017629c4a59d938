import { safe } from '../../model/text.ts'
import type { Reply } from './answer.ts'

const LONGEST = 200

/** Whether an answer is a page for people, whatever its header says. */
export function isPage({ contentType, body }: Reply): boolean {
  if (/html/.test(contentType)) return true
  return /^\s*<(?:!doctype|html)/i.test(Buffer.from(body.subarray(0, 100)).toString('latin1'))
}

/** What an answer says, quoted and short: the message of a google.rpc.Status, the title of a page, or the text itself. */
export function said(reply: Reply): string {
  const words = isPage(reply) ? title(reply.body) : message(reply)
  const text = words.replace(/\s+/g, ' ').trim()
  if (text === '') return isPage(reply) ? 'an HTML page' : ''
  const short = text.length > LONGEST ? `${text.slice(0, LONGEST)}…` : text
  return `${isPage(reply) ? 'an HTML page, ' : ''}"${safe(short)}"`
}

function title(body: Uint8Array): string {
  return /<title[^>]*>([^<]*)/i.exec(Buffer.from(body).toString('utf8'))?.[1] ?? ''
}

function message({ contentType, body }: Reply): string {
  if (/protobuf/.test(contentType)) return statusMessage(body)
  const text = Buffer.from(body).toString('utf8')
  if (!/json/.test(contentType)) return text.includes('\ufffd') ? '' : text
  try {
    const { message: words, error } = JSON.parse(text) as { message?: unknown; error?: unknown }
    return [words, error].find(found => typeof found === 'string') ?? text
  } catch {
    return text
  }
}

/** Field 2 of a google.rpc.Status: `int32 code = 1; string message = 2; repeated Any details = 3`. */
function statusMessage(body: Uint8Array): string {
  for (let at = 0; at < body.length; ) {
    const tag = varint(body, at)
    const value = varint(body, tag.next)
    if ((tag.value & 7) === 0) at = value.next
    else if ((tag.value & 7) !== 2) return ''
    else if (tag.value >> 3 === 2)
      return Buffer.from(body.subarray(value.next, value.next + value.value)).toString('utf8')
    else at = value.next + value.value
  }
  return ''
}

function varint(body: Uint8Array, from: number): { value: number; next: number } {
  let value = 0
  let at = from
  for (let scale = 1; at < body.length; scale *= 128) {
    const byte = body[at++] ?? 0
    value += (byte & 0x7f) * scale
    if (byte < 0x80) break
  }
  return { value, next: at }
}
