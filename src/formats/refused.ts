import type { Head } from './format.ts'

/** A log that is recognised but cannot be read as hops: its name and what to hand over instead. */
export interface Refusal {
  readonly name: string
  readonly advice: string
}

interface Recogniser extends Refusal {
  readonly matches: (head: Head, line: string) => boolean
}

const starts =
  (...bytes: number[]) =>
  (head: Head): boolean =>
    bytes.every((b, i) => head.bytes[i] === b)
const says =
  (pattern: RegExp) =>
  (head: Head): boolean =>
    pattern.test(head.text)
const firstLine =
  (pattern: RegExp) =>
  (_: Head, line: string): boolean =>
    pattern.test(line)

/** Members that shippers wrap lines in. */
const ENVELOPE = /"(?:event\.original|_raw|@timestamp|log\.file\.path)"\s*:|"message"\s*:\s*"(?:#|\d{4}-)/

/** First match wins; containers and encodings before texts. */
export const REFUSED: readonly Recogniser[] = [
  { name: 'an empty file', advice: 'it has no bytes; nothing to read', matches: h => h.complete && h.bytes.length === 0 },
  { name: 'a ZIP archive', advice: 'unzip it and hand over the logs inside', matches: starts(0x50, 0x4b, 3, 4) },
  { name: 'a Zstandard archive', advice: 'decompress it first; gzip and plain text are read directly', matches: starts(0x28, 0xb5, 0x2f, 0xfd) },
  { name: 'an xz archive', advice: 'decompress it first; gzip and plain text are read directly', matches: starts(0xfd, 0x37, 0x7a, 0x58) },
  { name: 'a bzip2 archive', advice: 'decompress it first; gzip and plain text are read directly', matches: starts(0x42, 0x5a, 0x68) },
  { name: 'a 7-Zip archive', advice: 'unpack it and hand over the logs inside', matches: starts(0x37, 0x7a, 0xbc, 0xaf) },
  { name: 'a Parquet file', advice: 'hand over the export as JSON or CSV', matches: starts(0x50, 0x41, 0x52, 0x31) },
  { name: 'an Avro file', advice: 'hand over the export as JSON or CSV', matches: starts(0x4f, 0x62, 0x6a, 1) },
  { name: 'UTF-16 text', advice: 'IIS and Apigee write UTF-8; convert it to UTF-8', matches: h => isUtf16(h.bytes) },
  { name: 'nothing but NUL bytes', advice: 'a preallocated log without a row yet; hand it over when IIS has written to it', matches: h => h.bytes.length > 0 && h.bytes.every(b => b === 0) },
  { name: 'an IIS Advanced Logging log', advice: 'its module was withdrawn; hand over the W3C logs of the site instead', matches: says(/^#Software:\s*IIS Advanced Logging/im) },
  { name: 'an IIS FTP log', advice: 'FTP sessions are no HTTP requests; hand over the W3SVC logs', matches: isFtp },
  { name: 'an ASP.NET Core W3CLogger log', advice: 'its time is the start of a request, not the end; hand over the IIS log of the site', matches: h => isW3cLogger(h.text) },
  { name: 'a W3C extended log of another product', advice: 'only IIS logs are read; #Fields names no column that IIS writes', matches: says(/^#Fields:/im) },
  { name: 'W3C rows without a #Fields directive', advice: 'name their columns with --fields or --fields-from FILE', matches: firstLine(/^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d \S+ \S+/) },
  { name: 'a log in Microsoft IIS format', advice: 'it has local times and no ids; set the site to W3C format', matches: firstLine(/^[^,]+, [^,]*, \d{1,2}\/\d{1,2}\/\d{2,4}, \d{1,2}:\d\d:\d\d, /) },
  { name: 'a log in NCSA format', advice: 'it has neither ids nor durations; set the site to W3C format', matches: firstLine(/^\S+ \S+ .+ \[\d{1,2}\/[A-Z][a-z]{2}\/\d{4}:\d\d:\d\d:\d\d [+-]\d{4}\] "/) },
  { name: 'an IIS failed request trace (FREB)', advice: 'it describes one request; hand over the W3C logs', matches: says(/<failedRequest[\s>]/) },
  { name: 'Apigee Stats API totals', advice: 'they count requests and name none; hand over the analytics data export', matches: says(/"environments"\s*:\s*\[[\s\S]*"dimensions"\s*:|"metaData"\s*:\s*\{[\s\S]*"notices"/) },
  { name: 'an Apigee debug session', advice: 'it holds at most 15 requests; hand over the analytics data export', matches: says(/"DebugSession"|"point"\s*:\s*\[\s*\{[\s\S]*"results"|<DebugSession/) },
  { name: 'a raw Apigee analytics record file', advice: 'this version reads the analytics data export', matches: says(/"records"\s*:\s*\[\s*\{[\s\S]*"(?:client_received_start_timestamp|response_status_code)"|"recordType"\s*:\s*"APIAnalytics"|"x-apigee\.[^"]+"\s*:|"dc\.[^"]+"\s*:/) },
  { name: 'Cloud Logging entries', advice: 'this version reads the analytics data export', matches: says(/"(?:jsonPayload|insertId|logName)"\s*:/) },
  { name: "a log shipper's envelopes, not one a line", advice: 'write one object a line, as jq -c does with the members of an array', matches: h => ENVELOPE.test(h.text) && /^[\s\0]*\[|^[\s\0]*\{[ \t\r]*\n|"(?:results|hits)"\s*:\s*\[/.test(h.text) },
  { name: "a log shipper's envelope", advice: 'none of its first lines wraps a line of IIS; hand over the logs themselves', matches: says(ENVELOPE) },
  { name: 'an Apigee asynchronous report', advice: 'its rows are grouped; hand over the analytics data export', matches: firstLine(/^[^{]*\b(?:sum|avg|min|max|tps)\(|^\{.*"(?:sum|avg|min|max|tps)\([^"]*\)"\s*:/) },
  { name: 'a delimited Apigee export without a header row', advice: 'name its columns with --fields', matches: firstLine(/^(?:[^,|\t]*[,|\t]){15,}.*\d{4}-\d\d-\d\d \d\d:\d\d:\d\d(?:\.\d+)? UTC/) },
  { name: 'JSON of another kind', advice: 'no line names the columns of an Apigee export', matches: firstLine(/^[[{]/) },
  { name: 'a binary file', advice: 'it is no text log', matches: h => isBinary(h.bytes) },
] // biome-ignore format: a table

const UNKNOWN: Refusal = {
  name: 'text of an unknown kind',
  advice: 'expected an Apigee analytics export or an IIS W3C log',
}

/** Every kind of log that is refused by name. */
export const REFUSED_NAMES: readonly string[] = [...REFUSED.map(r => r.name), UNKNOWN.name]

/** What a source is that no format reads. Always an answer: text that nothing recognises is said to be unknown. */
export function refusalOf(head: Head): Refusal {
  const line = /^[\s\0]*(.*)/.exec(head.text)?.[1]?.trim() ?? ''
  return REFUSED.find(r => r.matches(head, line)) ?? UNKNOWN
}

/** Writers whose logs look like IIS's but mean something else; they are refused before a format may claim them. */
const LOOKALIKES = /Advanced Logging|FTP|W3CLogger|archive|UTF-16|empty|asynchronous/

export function isLookalike({ name }: Refusal): boolean {
  return LOOKALIKES.test(name)
}

function isUtf16(bytes: Buffer): boolean {
  if ((bytes[0] === 0xff && bytes[1] === 0xfe) || (bytes[0] === 0xfe && bytes[1] === 0xff)) return true
  if (bytes.length < 64) return false
  let odd = 0
  let even = 0
  const size = Math.min(bytes.length, 1024) & ~1
  for (let i = 0; i < size; i += 2) {
    if (bytes[i] === 0 && bytes[i + 1] !== 0) even++
    if (bytes[i] !== 0 && bytes[i + 1] === 0) odd++
  }
  return Math.max(odd, even) > size * 0.4
}

/** FTP rows name sessions (`[2]USER`) or FTP-only columns and verbs. */
function isFtp(head: Head): boolean {
  // Envelopes of many logs: those of FTP are rejected line by line.
  if (/^[\s\0]*\{/.test(head.text)) return false
  if (/^#Fields:.*\bx-(?:session|fullpath)\b/im.test(head.text)) return true
  if (/^#Fields:.*\bcs-uri-query\b/im.test(head.text)) return false
  return /^(?!#).*(?:\[\d+\](?:USER|PASS|QUIT|sent|created|RETR|STOR)|\b(?:ControlChannelOpened|DataChannelOpened)\b)/m.test(
    head.text,
  )
}

/** Source: ASP.NET Core W3C Logger documentation: #Version, #Start-Date and #Fields, no #Software. */
function isW3cLogger(text: string): boolean {
  return /^#Start-Date:/im.test(text) && !/^#Software:/im.test(text) && /^#Fields:/im.test(text)
}

function isBinary(bytes: Buffer): boolean {
  let control = 0
  const size = Math.min(bytes.length, 4096)
  for (let i = 0; i < size; i++) {
    const c = bytes[i] ?? 0
    if (c < 9 || (c > 13 && c < 32)) control++
  }
  return control > size * 0.02
}
