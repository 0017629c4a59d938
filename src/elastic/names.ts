/** Names in Elasticsearch, from the configured prefix. */
export interface Names {
  /** The alias that people search, and the template behind it. */
  readonly requests: string
  /** What was read, rejected and joined. */
  readonly coverage: string
  /** Documents that the server refused. */
  readonly rejects: string
}

export function namesOf(prefix: string): Names {
  return { requests: `${prefix}-requests`, coverage: `${prefix}-coverage`, rejects: `${prefix}-rejects` }
}

/** The index of a day, `YYYY-MM-DD`. */
export function indexOf({ requests }: Names, day: string): string {
  return `${requests}-${day.replaceAll('-', '.')}`
}

/** The day of an index; undefined where it is none of a day. */
export function dayOfIndex({ requests }: Names, index: string): string | undefined {
  const rest = index.startsWith(`${requests}-`) ? index.slice(requests.length + 1) : ''
  return /^\d{4}\.\d\d\.\d\d$/.test(rest) ? rest.replaceAll('.', '-') : undefined
}
