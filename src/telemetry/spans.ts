/**
 * The spans of our own process (those of requests are no matter of this room): what each covers and its attributes.
 * Paths of log files may stand here, nothing of what is in them: no path of a request, no subject, no address.
 */
export const SPANS = {
  ingest: {
    means:
      'One run of `ingest`: reading, linking, closing, merging. A follower has none, as it does not end.',
    attributes: {
      'throughline.files': 'files that were read',
      'throughline.lines': 'lines of these, with what earlier runs had read of them',
      'throughline.files.known': 'files that the store already had',
    },
  },
  'read file': {
    means: 'One file from its first block to its last.',
    attributes: {
      'file.path': 'path of the log',
      'file.size': 'bytes, as they lie on disk',
      'throughline.format': 'format of the log',
      'throughline.status': '`complete`, `failed` or `partial`',
      'throughline.lines': 'lines',
      'throughline.decoded': 'of these, rows',
      'throughline.directives': 'of these, headers, comments, blank lines, idle connections',
      'throughline.rejected': 'of these, not readable',
    },
  },
  commit: {
    means: 'One ledger entry of facts, until it is durable.',
    attributes: {
      'throughline.sources': 'sources in the entry',
      'throughline.rows': 'hops, duplicates included',
      'throughline.lines': 'lines since the entry before',
      'throughline.days': 'days with new hops',
    },
  },
  link: {
    means: 'Linking of all days that new hops can change.',
    attributes: {
      'throughline.days': 'days',
      'throughline.days.changed': 'of these, with other links than before',
    },
  },
  'link day': {
    means: 'Finding the partners of one day.',
    attributes: {
      'throughline.application': 'application',
      'throughline.day': 'UTC day',
      'throughline.link.rows': 'pairs that were kept, by whatever verdict',
    },
  },
  close: {
    means: 'Looking at open days, and closing those that are whole.',
    attributes: { 'throughline.days': 'days that were closed' },
  },
  compact: {
    means: 'Merging small files; only where there are any.',
    attributes: {
      'throughline.merges': 'merges',
      'throughline.files': 'files before',
      'throughline.rows': 'rows that were written again',
    },
  },
  'export pass': {
    means: 'Sending what has settled of one day.',
    attributes: {
      'throughline.requests': 'requests',
    },
  },
} as const satisfies Record<string, { means: string; attributes: Readonly<Record<string, string>> }>

export type SpanName = keyof typeof SPANS

/** Attributes that a span may carry. */
export type SpanAttributes<Name extends SpanName> = Partial<
  Record<keyof (typeof SPANS)[Name]['attributes'], string | number>
>
