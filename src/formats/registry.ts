import { apigeeDelimited, apigeeNdjson } from './apigee-export/index.ts'
import { envelope } from './envelope/index.ts'
import type { Format, Head } from './format.ts'
import { iisHttperr } from './iis-httperr/index.ts'
import { iisW3c } from './iis-w3c/index.ts'
import { isLookalike, type Refusal, refusalOf } from './refused.ts'

/** Bytes that detection may look at. */
export const HEAD_BYTES = 64 * 1024

/** Every format that can be read. */
export const FORMATS: readonly Format[] = [iisHttperr, iisW3c, apigeeNdjson, apigeeDelimited, envelope]

/**
 * Finds the format of a source from its first bytes.
 *
 * @param fields configured column names, which make files without a header readable
 */
export function detectFormat(head: Head, fields?: readonly string[]): Format | Refusal {
  const refusal = refusalOf(head)
  if (isLookalike(refusal)) return refusal
  const format = FORMATS.find(f => f.detect(head))
  if (format) return format
  if (fields && refusal.name.startsWith('W3C rows without')) return iisW3c
  if (fields && refusal.name.startsWith('a delimited Apigee export')) return apigeeDelimited
  return refusal
}

/** The head of a source for detection. */
export function makeHead(bytes: Buffer, complete: boolean): Head {
  // A byte order mark, and the NULs of a block that was preallocated and not written yet.
  const text = bytes.toString('utf8').replace(/^\ufeff?\0*/, '')
  return { bytes, text, complete }
}
