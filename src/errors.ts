/**
 * Every failure a user can act on: its code, the exit code it maps to and whether trying again can help.
 * Exit codes: 2 wrong usage or configuration, nothing touched; 3 failed or incomplete.
 */
export const ERRORS = {
  USAGE: { exit: 2, retry: false, means: 'a command was called with options that do not fit' },
  CONFIG_UNREADABLE: { exit: 2, retry: false, means: 'the configuration file cannot be read or is not YAML' },
  CONFIG_INVALID: { exit: 2, retry: false, means: 'a configuration key is unknown or has the wrong type' },
  FILTER_SYNTAX: { exit: 2, retry: false, means: 'a filter cannot be parsed' },
  FILTER_FIELD: {
    exit: 2,
    retry: false,
    means: 'a filter names an unknown field or a value of the wrong type',
  },
  ID_UNKNOWN: { exit: 1, retry: false, means: 'no hop in the store carries the id that was asked for' },
  SOURCE_NOT_FOUND: { exit: 2, retry: false, means: 'a path or glob matches nothing' },
  SOURCE_UNREADABLE: { exit: 3, retry: true, means: 'a source cannot be opened or stopped in mid-read' },
  REJECTS_EXCEEDED: { exit: 3, retry: false, means: 'more lines were rejected than --max-rejects allows' },
  STORE_NOT_FOUND: { exit: 2, retry: false, means: 'the store folder does not exist or holds no ledger' },
  STORES_OVERLAP: {
    exit: 2,
    retry: false,
    means: 'stores that were to be read as one hold the same hops, or contradict each other',
  },
  STORE_NEWER: { exit: 2, retry: false, means: 'the store was written by a newer version of Throughline' },
  STORE_BUSY: { exit: 3, retry: true, means: 'another process is writing to the store' },
  STORE_DAMAGED: { exit: 3, retry: false, means: 'the ledger or a file it names is missing or altered' },
  STORE_WRITE: { exit: 3, retry: true, means: 'the store could not be written (space, permission, I/O)' },
  STORE_CHANGED: {
    exit: 3,
    retry: true,
    means: 'files that the command was reading were replaced and deleted meanwhile',
  },
  PRUNE_REFUSED: {
    exit: 2,
    retry: false,
    means: 'days that are open or not linked would be pruned, or links of a day that stays would be lost',
  },
  HOLD_UNREADABLE: {
    exit: 2,
    retry: false,
    means: 'what a hold keeps cannot be told by this version, so nothing may be pruned or erased',
  },
  ERASE_REFUSED: {
    exit: 2,
    retry: false,
    means:
      'a subject cannot be erased: a hold keeps its requests, a day of it is open or not linked, or the configuration names it',
  },
  LISTEN_FAILED: {
    exit: 2,
    retry: true,
    means: 'an address to serve at is taken, is not of this machine or may not be used',
  },
  ELASTIC_FOREIGN: {
    exit: 2,
    retry: false,
    means: 'what stands under a name in Elasticsearch belongs to somebody else, or is not what setup makes',
  },
  ELASTIC_CONFLICT: {
    exit: 3,
    retry: false,
    means: 'Elasticsearch holds other content of a request under the same version',
  },
  KAFKA_UNAVAILABLE: { exit: 3, retry: true, means: 'no broker of Kafka answers' },
  KAFKA_REFUSED: {
    exit: 2,
    retry: false,
    means: 'Kafka refuses a user, a message or what was asked for',
  },
  KAFKA_TOPICS: {
    exit: 2,
    retry: false,
    means: 'a topic is missing, has another number of partitions, or was made anew',
  },
  KAFKA_MESSAGE: {
    exit: 3,
    retry: false,
    means: 'a message on a topic of Throughline cannot be read, or says what cannot be',
  },
  KAFKA_LOST: {
    exit: 3,
    retry: false,
    means: 'Kafka has deleted messages that no worker had read',
  },
  OUTPUT_UNWRITABLE: {
    exit: 3,
    retry: true,
    means: 'an output file or standard output cannot be written (folder, permission, space)',
  },
  EXPORT_UNAVAILABLE: {
    exit: 3,
    retry: true,
    means: 'the backend that data is sent to cannot be reached, or took nothing for too long',
  },
  EXPORT_REFUSED: {
    exit: 3,
    retry: false,
    means: 'the backend that data is sent to refuses it, or is no receiver of it',
  },
  EXPORT_BUSY: { exit: 3, retry: true, means: 'another process is sending to the same receiver' },
  EXPORT_STATE: { exit: 3, retry: false, means: 'the note of what a receiver has taken cannot be read' },
  STATS_UNUSABLE: {
    exit: 2,
    retry: false,
    means: 'control totals are not what can be compared with records',
  },
  KEY_REFUSED: {
    exit: 2,
    retry: false,
    means: 'a key of the store may be read by others, is no such key, or is not here where it is needed',
  },
  BUNDLE_UNREADABLE: {
    exit: 3,
    retry: false,
    means: 'a bundle of evidence, or a checkpoint, cannot be read',
  },
  OUTPUT_EXISTS: { exit: 2, retry: false, means: 'an output file exists and --force was not given' },
} as const satisfies Record<string, { exit: number; retry: boolean; means: string }>

export type ErrorCode = keyof typeof ERRORS

/** A failure the user can act on. Anything else that escapes is a bug and keeps its stack. */
export class ThroughlineError extends Error {
  override readonly name = 'ThroughlineError'
  readonly code: ErrorCode
  readonly details: Readonly<Record<string, unknown>>

  /**
   * @param message what failed, on what, the value found, what was expected, what to do
   * @param details the same facts for programs
   */
  constructor(code: ErrorCode, message: string, details: Record<string, unknown> = {}, cause?: unknown) {
    super(message, cause === undefined ? undefined : { cause })
    this.code = code
    this.details = details
  }
}
