import type { OutputFile } from './output.ts'
import type { IdForm, TruthKernelLine, TruthLine, TruthRequest } from './traffic.ts'

/**
 * `truth.ndjson`: what really happened, one line a request, written when its last record was written or lost.
 *
 * - `kind` always `request`
 * - `cause` `gateway` (a call through the gateway), `bypass` (direct to IIS), `probe` (health probe), `scan`
 *   (a scanner that HTTP.sys refused)
 * - `outcome` of a gateway call: `target`, `cache`, `token`, `quota`, `spike`, `unreachable`, `unmatched`;
 *   of a direct hit: `intranet` (a person, Windows authentication) or `script`
 * - `gateway_flow_id` of the gateway row, null when the request never passed the gateway
 * - `gateway_recorded` false when the gateway row was lost
 * - `proxy`, `subject` null when unknown
 * - `received_us` microseconds since 1970 in true time, when the first byte came to the gateway (direct: to IIS)
 * - `gateway_clock_offset_us` how far the gateway clock was ahead of true time then
 * - `app` the IIS lines it made, in order: retries and authentication challenges give several.
 *   `file` relative to the output folder and `line_no` from 1, directives counted; both null and `recorded`
 *   false when the line was lost. `start_us`, `end_us` true time; `clock_offset_us` how far the host clock was ahead
 *   of it at the end. `attempt`: `final`, `retry` (failed, another followed), `handshake` (a challenge). `id`: `full`
 *   equal to the gateway's `dc_correlation_id` (which other calls may share, where clients use ids again); `recased`
 *   but for upper case; `composite` that, a dot and the flow id; `truncated` the gateway column holds only its first
 *   400 bytes; `constant` the one that many calls have; `uncaptured` the gateway has no such column; `none`; `own` an
 *   id the gateway never saw; `replayed` the id of another gateway call
 *   `user`: whom it names: `caller`, `other` (not the caller), `forged` (a header that a direct hit made up), `none`
 * - `kernel` left out where there is none: the HTTPERR rows it made, in order; `reason` as in s-reason, the others as in
 *   `app`
 * - `usable_id` whether both sides are recorded and an app line carries an id that leads to this gateway row
 */
export function writeTruth(file: OutputFile, request: TruthRequest): void {
  file.bytes(KEYS.cause).text(request.cause).bytes(KEYS.outcome).text(request.outcome)
  quoted(file, KEYS.flowId, request.flowId)
  file.bytes(request.isGatewayRecorded ? KEYS.gatewayRecorded : KEYS.gatewayLost)
  quoted(file, KEYS.proxy, request.application?.proxy)
  quoted(file, KEYS.subject, request.subject)
  file.bytes(KEYS.receivedUs).integer(Math.floor(request.receivedUs))
  signed(file.bytes(KEYS.gatewayClock), request.gatewayClockOffsetUs).bytes(KEYS.app)
  let separator = '{'
  for (const line of request.app.sort((one, other) => one.endUs - other.endUs)) {
    file.text(separator)
    writeLine(file, line)
    separator = ',{'
  }
  if (request.kernel.length > 0) writeKernel(file, request.kernel)
  file.bytes(hasUsableId(request) ? KEYS.usable : KEYS.notUsable).endRow()
}

function writeKernel(file: OutputFile, lines: TruthKernelLine[]): void {
  const rows = lines
    .sort((one, other) => one.endUs - other.endUs)
    .map(({ host, file: path, lineNo, reason, endUs, attempt }) => ({
      host: host.name,
      file: path ?? null,
      line_no: lineNo ?? null,
      recorded: lineNo !== undefined,
      reason,
      end_us: Math.floor(endUs),
      attempt,
      clock_offset_us: host.clock(endUs),
    }))
  file.text(`],"kernel":${JSON.stringify(rows).slice(0, -1)}`)
}

function writeLine(file: OutputFile, line: TruthLine): void {
  file.bytes(KEYS.host).text(line.host.name).text('"')
  quoted(file, KEYS.file, line.file)
  file.bytes(KEYS.lineNo)
  if (line.lineNo === undefined) file.bytes(KEYS.lost)
  else file.integer(line.lineNo).bytes(KEYS.recorded)
  file.text(line.id).bytes(KEYS.user).text(line.user).bytes(KEYS.startUs).integer(Math.floor(line.startUs))
  file.bytes(KEYS.endUs).integer(Math.floor(line.endUs)).bytes(KEYS.attempt).text(line.attempt)
  signed(file.bytes(KEYS.clock), line.host.clock(line.endUs)).text('}')
}

function signed(file: OutputFile, value: number): OutputFile {
  return (value < 0 ? file.text('-') : file).integer(Math.abs(value))
}

/** Names, ids and paths of the simulation hold nothing that JSON would escape. */
function quoted(file: OutputFile, key: Uint8Array, text: string | undefined): void {
  file.bytes(key)
  if (text === undefined) file.text('null')
  else file.text('"').text(text).text('"')
}

const ascii = (text: string): Uint8Array => Buffer.from(text)

/** The fixed text between the values. */
const KEYS = {
  cause: ascii('{"kind":"request","cause":"'),
  outcome: ascii('","outcome":"'),
  flowId: ascii('","gateway_flow_id":'),
  gatewayRecorded: ascii(',"gateway_recorded":true'),
  gatewayLost: ascii(',"gateway_recorded":false'),
  proxy: ascii(',"proxy":'),
  subject: ascii(',"subject":'),
  receivedUs: ascii(',"received_us":'),
  gatewayClock: ascii(',"gateway_clock_offset_us":'),
  app: ascii(',"app":['),
  usable: ascii('],"usable_id":true}\n'),
  notUsable: ascii('],"usable_id":false}\n'),
  host: ascii('"host":"'),
  file: ascii(',"file":'),
  lineNo: ascii(',"line_no":'),
  lost: ascii('null,"recorded":false,"id":"'),
  recorded: ascii(',"recorded":true,"id":"'),
  user: ascii('","user":"'),
  startUs: ascii('","start_us":'),
  endUs: ascii(',"end_us":'),
  attempt: ascii(',"attempt":"'),
  clock: ascii('","clock_offset_us":'),
} as const

function hasUsableId(request: TruthRequest): boolean {
  return request.isGatewayRecorded && request.app.some(line => line.lineNo !== undefined && isLeading(line))
}

const LEADING: ReadonlySet<IdForm> = new Set(['full', 'recased', 'composite', 'truncated'])

function isLeading(line: TruthLine): boolean {
  return LEADING.has(line.id)
}

/** A request nothing has come of yet. */
export function newTruth(
  cause: TruthRequest['cause'],
  outcome: string,
  receivedUs: number,
  known: Pick<TruthRequest, 'flowId' | 'application' | 'subject'>,
): TruthRequest {
  const { flowId, application, subject } = known
  return {
    flowId,
    cause,
    outcome,
    application,
    subject,
    receivedUs,
    gatewayClockOffsetUs: 0,
    isGatewayRecorded: false,
    app: [],
    kernel: [],
    pendingRecords: 0,
  }
}
