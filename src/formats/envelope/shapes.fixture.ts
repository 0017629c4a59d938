/** A line of a log, as a shipper hands it on. */
export interface ShippedLine {
  readonly text: string
  readonly host: string
  readonly path: string
  readonly offset: number
}

/** A shipper's way to wrap a line. */
export type Shape = (line: ShippedLine) => object

/**
 * Made-up lines in the shapes that shippers write. Sources: Filebeat and Elastic Agent, exported fields of 8.x and
 * output.file; Logstash 8, ECS compatibility v8; Splunk, search/jobs/export with output_mode=json.
 */
export const SHAPES = {
  filebeat: ({ text, host, path, offset }) => ({
    '@timestamp': '2026-03-02T08:00:03.120Z',
    '@metadata': { beat: 'filebeat', type: '_doc', version: '8.19.4' },
    message: text,
    input: { type: 'filestream' },
    ecs: { version: '8.0.0' },
    host: { name: host },
    agent: { type: 'filebeat', version: '8.19.4', name: host, id: 'a1' },
    log: { file: { path }, offset },
  }),
  'filebeat, dotted': ({ text, host, path, offset }) => ({
    '@timestamp': '2026-03-02T08:00:03.120Z',
    message: text,
    'host.name': host,
    'log.file.path': path,
    'log.offset': offset,
  }),
  'elastic agent, before the pipeline': ({ text, host, path, offset }) => ({
    '@timestamp': '2026-03-02T08:00:03.120Z',
    message: text,
    data_stream: { type: 'logs', dataset: 'iis.access', namespace: 'default' },
    event: { dataset: 'iis.access' },
    host: { name: host, hostname: host.toUpperCase(), os: { family: 'windows' } },
    log: { file: { path }, offset },
    tags: ['iis-access'],
  }),
  'elasticsearch, after the pipeline': ({ text, host, path, offset }) => ({
    _index: 'logs-iis.access-default',
    _source: {
      event: { original: text, module: 'iis' },
      message: 'GET /a',
      source: { address: '10.0.0.9', ip: '10.0.0.9' },
      host: { name: host },
      log: { 'file.path': path, offset },
    },
  }),
  'logstash, from Kafka by its JSON codec': ({ text, host, path, offset }) => ({
    '@version': '1',
    event: { original: JSON.stringify({ message: text, host: { name: host } }) },
    message: `${text}\r`,
    host: { name: host },
    log: { file: { path }, offset: String(offset) },
  }),
  splunk: ({ text, host, path }) => ({ _raw: text, _time: '1772438400', host, source: path, sourcetype: 'ms:iis:auto', index: 'web' }),
  'splunk, search/jobs/export': ({ text, host, path }) => ({
    preview: false, offset: 3, lastrow: false,
    result: { _raw: text, _cd: '6:26', _time: '2026-03-02T08:00:00.000+00:00', host, source: path, message: 'extracted' },
  }),
} as const satisfies Readonly<Record<string, Shape>> // biome-ignore format: a table

/** One envelope a line. */
export function wrapped(shape: Shape, lines: readonly ShippedLine[]): string {
  return lines.map(line => `${JSON.stringify(shape(line))}\n`).join('')
}

/** The lines of a log as a shipper reads them, with CRLF in the log. */
export function shipped(
  log: string,
  host = 'web01',
  path = 'C:\\inetpub\\W3SVC1\\u_ex260302.log',
): ShippedLine[] {
  let offset = 0
  return log
    .split('\n')
    .filter((line, index, all) => index < all.length - 1 || line !== '')
    .map(text => {
      const line = { text: text.replace(/\r$/, ''), host, path, offset }
      offset += Buffer.byteLength(text) + 1
      return line
    })
}
