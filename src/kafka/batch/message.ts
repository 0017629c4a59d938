import { ThroughlineError } from '../../errors.ts'
import { BATCH, type Batch, HEADERS, SCHEMA_VERSION } from './header.ts'

const LF = 10

/** A message before Kafka gives it its place. */
export interface BatchMessage {
  /** The application; null of a message for a partition, whatever its applications. */
  readonly key: string | null
  /** A line of JSON (schemas/hop-batch.json) and, behind its line feed, the rows. */
  readonly value: Buffer
  readonly headers: Readonly<Record<string, string>>
}

/** A message as it comes from Kafka. */
export interface ReceivedMessage {
  readonly key: Buffer | null
  readonly value: Buffer | null
  readonly headers?: Readonly<Record<string, unknown>> | undefined
}

/** Puts a batch and its rows into a message. */
export function encodeBatch(batch: Batch, rows: readonly Buffer[]): BatchMessage {
  const [first, last] = batch.kind === 'hops' ? [batch.first, batch.last] : []
  return {
    key: batch.kind === 'progress' ? null : batch.application,
    value: Buffer.concat([Buffer.from(`${JSON.stringify(batch)}\n`), ...rows]),
    headers: {
      [HEADERS.schema]: String(SCHEMA_VERSION),
      [HEADERS.source]: batch.kind === 'progress' ? batch.collector : batch.source,
      ...(first ? { [HEADERS.first]: `${first.lineNo}:${first.byteOffset}` } : {}),
      ...(last ? { [HEADERS.last]: `${last.lineNo}:${last.byteOffset}` } : {}),
    },
  }
}

/**
 * Reads a message.
 *
 * @param where topic, partition and offset, for the error
 * @throws KAFKA_MESSAGE where it is none of ours, or not whole
 */
export function decodeBatch(message: ReceivedMessage, where: string): { batch: Batch; rows: Buffer } {
  const refuse = (what: string, advice: string, isNewer = false): ThroughlineError =>
    new ThroughlineError('KAFKA_MESSAGE', `message ${where}: ${what}; ${advice}`, { where, isNewer })
  const foreign =
    'nothing but collectors may write to this topic. Find out who did; work --dead-letter puts such messages aside and goes on (docs/kafka.md)'
  const version = text(message.headers?.[HEADERS.schema])
  if (version === undefined) throw refuse(`it has no header ${HEADERS.schema}`, foreign)
  if (/^\d+$/.test(version) && Number(version) > SCHEMA_VERSION)
    throw refuse(
      `its schema is ${version}, this worker reads up to ${SCHEMA_VERSION}`,
      'update the workers before the collectors, and start this one again',
      true,
    )
  const { value } = message
  const end = value?.indexOf(LF) ?? -1
  if (!value || end < 0) throw refuse('it has no rows behind a line of JSON', foreign)
  const batch = parseHeader(value.toString('utf8', 0, end))
  if (typeof batch === 'string') throw refuse(batch, foreign)
  const key = message.key?.toString('utf8') ?? null
  const expectedKey = batch.kind === 'progress' ? null : batch.application
  if (key !== expectedKey)
    throw refuse(`its key is ${JSON.stringify(key)}, its application ${JSON.stringify(expectedKey)}`, foreign)
  const rows = value.subarray(end + 1)
  const expected = batch.lengths.reduce((sum, length) => sum + length, 0)
  if (rows.length !== expected)
    throw refuse(`it has ${rows.length} bytes of rows, its lengths add up to ${expected}`, foreign)
  const problem = batch.kind === 'hops' ? placeProblem(batch) : undefined
  if (problem) throw refuse(problem, foreign)
  return { batch, rows }
}

function parseHeader(line: string): Batch | string {
  let json: unknown
  try {
    json = JSON.parse(line)
  } catch {
    return 'its first line is no JSON'
  }
  const result = BATCH.safeParse(json)
  if (result.success) return result.data
  const [issue] = result.error.issues
  return `its ${issue?.path.join('.') || 'first line'} is not what schemas/hop-batch.json says: ${issue?.message}`
}

/** What is wrong with the places that rows, parts and layouts name. */
function placeProblem({
  layouts,
  parts,
  part,
  lengths,
}: Extract<Batch, { kind: 'hops' }>): string | undefined {
  if (parts.some(p => p.layout >= layouts.length)) return 'a part names a layout that is not there'
  if (part ? part.length !== lengths.length : parts.length > 1) return 'its rows do not name their parts'
  if (part?.some(p => p >= parts.length)) return 'a row names a part that is not there'
  if (lengths.length > 0 && parts.length === 0) return 'its rows have no part'
  return undefined
}

function text(header: unknown): string | undefined {
  const one = Array.isArray(header) ? header[0] : header
  if (typeof one === 'string') return one
  return Buffer.isBuffer(one) ? one.toString('utf8') : undefined
}
