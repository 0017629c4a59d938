import {
  JsonLogsSerializer,
  JsonTraceSerializer,
  ProtobufLogsSerializer,
  ProtobufTraceSerializer,
} from '@opentelemetry/otlp-transformer'
import { type OtlpSpan, SpanEncoder } from './encode-spans.ts'

/** A log record as the OpenTelemetry SDK has it: its `ReadableLogRecord`. */
export type OtlpLogRecord = Parameters<typeof ProtobufLogsSerializer.serializeRequest>[0][number]

export type OtlpFormat = 'protobuf' | 'json'

/** What a backend says of a request that it took. */
export interface PartialSuccess {
  readonly rejected?: unknown
  readonly message?: unknown
}

/** How items of one kind become a request, and how the answer is read. */
export interface Signal<Item> {
  readonly noun: 'spans' | 'log records'
  readonly contentType: string
  encode(items: readonly Item[]): Uint8Array
  /**
   * The `partial_success` of an answer in Protocol Buffers; throws for bytes that are none.
   */
  decode(body: Uint8Array): PartialSuccess
  /** The name of the count of rejected items in JSON. */
  readonly rejectedKey: 'rejectedSpans' | 'rejectedLogRecords'
}

const CONTENT_TYPES = { protobuf: 'application/x-protobuf', json: 'application/json' } as const

/** @returns a new one for each sender: it keeps a buffer */
export function spanSignal(format: OtlpFormat): Signal<OtlpSpan> {
  const encoder = new SpanEncoder()
  return {
    noun: 'spans',
    contentType: CONTENT_TYPES[format],
    rejectedKey: 'rejectedSpans',
    encode: spans =>
      format === 'protobuf'
        ? encoder.encode(spans)
        : made(JsonTraceSerializer.serializeRequest([...spans]), 'spans'),
    decode: body => {
      const { partialSuccess } = ProtobufTraceSerializer.deserializeResponse(body)
      return { rejected: partialSuccess?.rejectedSpans, message: partialSuccess?.errorMessage }
    },
  }
}

export function logSignal(format: OtlpFormat): Signal<OtlpLogRecord> {
  const serializer = format === 'protobuf' ? ProtobufLogsSerializer : JsonLogsSerializer
  return {
    noun: 'log records',
    contentType: CONTENT_TYPES[format],
    rejectedKey: 'rejectedLogRecords',
    encode: records => made(serializer.serializeRequest([...records]), 'log records'),
    decode: body => {
      const { partialSuccess } = ProtobufLogsSerializer.deserializeResponse(body)
      return { rejected: partialSuccess?.rejectedLogRecords, message: partialSuccess?.errorMessage }
    },
  }
}

function made(bytes: Uint8Array | undefined, noun: string): Uint8Array {
  if (!bytes) throw new Error(`the serializer made nothing of ${noun}`)
  return bytes
}
