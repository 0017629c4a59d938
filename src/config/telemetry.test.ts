import { expect, test } from 'vitest'
import { parseConfig } from './load.ts'
import { TELEMETRY, TELEMETRY_ENVIRONMENT, telemetrySettings } from './telemetry.ts'

const settings = (
  config: Parameters<typeof TELEMETRY.parse>[0],
  env: Parameters<typeof telemetrySettings>[1] = {},
  listening: Parameters<typeof telemetrySettings>[2] = { isLong: false },
) => telemetrySettings(TELEMETRY.parse(config), env, listening)

const FILE = { endpoint: 'http://file:4318/', headers: { authorization: 'secret' } }

test('nothing that is set is nothing that is started', () => {
  expect(settings({})).toBe(undefined)
  expect(settings({ headers: { a: 'b' }, intervalSeconds: 5 })).toBe(undefined)
})

test('the file sends both signals to its endpoint, with its headers', () => {
  const { headers } = FILE
  expect(settings({ ...FILE, intervalSeconds: 5 })).toEqual({
    traces: { url: 'http://file:4318/v1/traces', headers },
    metrics: { url: 'http://file:4318/v1/metrics', headers },
    prometheus: undefined,
    intervalMs: 5_000,
  })
})

// OpenTelemetry specification, "OTLP Exporter Configuration": a signal's own endpoint is taken as it is, the common one
// gets /v1/traces or /v1/metrics; empty variables count as unset.
test.each([
  {
    name: 'the common endpoint of the environment goes before the file, without its headers',
    env: { OTEL_EXPORTER_OTLP_ENDPOINT: 'http://env:1' },
    want: ['http://env:1/v1/traces', 'http://env:1/v1/metrics', {}],
  },
  {
    name: "a signal's own endpoint goes before the common one and is taken as it is",
    env: {
      OTEL_EXPORTER_OTLP_ENDPOINT: 'http://env:1/a/',
      OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: 'http://own:2/t',
    },
    want: ['http://own:2/t', 'http://env:1/a/v1/metrics', {}],
  },
  {
    name: 'an empty variable is none',
    env: { OTEL_EXPORTER_OTLP_ENDPOINT: ' ' },
    want: ['http://file:4318/v1/traces', 'http://file:4318/v1/metrics', FILE.headers],
  },
  {
    name: 'none as exporter leaves a signal out',
    env: { OTEL_TRACES_EXPORTER: 'none' },
    want: [undefined, 'http://file:4318/v1/metrics', undefined],
  },
])('$name', ({ env, want }) => {
  const found = settings(FILE, env)
  expect([found?.traces?.url, found?.metrics?.url, found?.traces?.headers]).toEqual(want)
})

test('one signal alone can be sent', () => {
  const found = settings({}, { OTEL_EXPORTER_OTLP_METRICS_ENDPOINT: 'http://own:2/m' })
  expect(found).toMatchObject({ traces: undefined, metrics: { url: 'http://own:2/m' } })
})

test('the interval of the environment is in milliseconds', () => {
  expect(settings(FILE, { OTEL_METRIC_EXPORT_INTERVAL: '250' })?.intervalMs).toBe(250)
  expect(settings(FILE, { OTEL_METRIC_EXPORT_INTERVAL: 'soon' })?.intervalMs).toBe(60_000)
})

test('OTEL_SDK_DISABLED turns everything off', () => {
  const all = { isLong: true, listen: '9464' }
  expect(settings(FILE, { OTEL_SDK_DISABLED: 'true' }, all)).toBe(undefined)
  expect(settings(FILE, { OTEL_SDK_DISABLED: 'false' }, all)).not.toBe(undefined)
})

test.each([
  ['9464', { host: '127.0.0.1', port: 9464 }],
  ['0.0.0.0:1', { host: '0.0.0.0', port: 1 }],
  ['metrics.example:65535', { host: 'metrics.example', port: 65_535 }],
  ['[::1]:9464', { host: '::1', port: 9464 }],
])('%s is an address to serve at', (listen, want) => {
  expect(settings({}, {}, { listen, isLong: true })?.prometheus).toEqual(want)
})

test.each(['', '0', '65536', 'host', ':9464', 'host:', '::1:9464', 'http://host:1'])(
  '%j is no address, neither on the command line nor in the file',
  address => {
    expect(() => settings({}, {}, { listen: address, isLong: true })).toThrow(/expected a port, or host:port/)
    expect(TELEMETRY.safeParse({ prometheus: address }).success).toBe(false)
  },
)

test('the address of the file is for commands that run on, and that of the command line goes before it', () => {
  const prometheus = '1.2.3.4:5'
  expect(settings({ prometheus })).toBe(undefined)
  expect(settings({ prometheus }, {}, { isLong: true })?.prometheus?.port).toBe(5)
  expect(settings({ prometheus }, {}, { isLong: true, listen: '6' })?.prometheus?.port).toBe(6)
})

test.each(['localhost:4318', 'ftp://host', 'http://user:word@host', 'http://'])(
  '%s is no endpoint, and the message says what is',
  endpoint => {
    expect(() => parseConfig(`telemetry:\n  endpoint: "${endpoint}"\n`, 'a.yaml')).toThrow(
      /a\.yaml: telemetry\.endpoint: .*expected an http or https URL/,
    )
  },
)

test('variables have the names of the specification', () => {
  expect(Object.keys(TELEMETRY_ENVIRONMENT).filter(name => !/^OTEL_[A-Z_]+$/.test(name))).toEqual([])
})
