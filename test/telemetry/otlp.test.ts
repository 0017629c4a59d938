import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { SPANS } from '../../src/telemetry/spans.ts'
import { type Exchange, written } from '../support/exchanges.ts'
import { writeFiles } from '../support/folder.ts'
import {
  attributesOf,
  freePort,
  type Received,
  type ReceivedSpan,
  spansOf,
  withReceiver,
} from '../support/metrics.ts'
import { type Ended, throughline } from '../support/program.ts'

/** Traffic of one person, recognisable in whatever would leak it. */
const EXCHANGES: readonly Exchange[] = Array.from({ length: 20 }, (_, n) => ({
  atMs: n * 60_000,
  path: `/payslips/of-ada-${n}`,
  gateway: {
    dc_correlation_id: `id-ada-0123456789-${n}`,
    dc_subject: 'ada@corp.example',
    client_ip: '203.0.113.77',
  },
  app: { 'X-Correlation-ID': `id-ada-0123456789-${n}`, 'cs-username': 'CORP\\ada' },
}))
const PERSONAL = /ada|203\.0\.113\.77|payslips|10\.30\.0\.11|cannot be seen/

let cwd = ''
beforeEach(() => {
  cwd = mkdtempSync(join(tmpdir(), 'tl-test-'))
  writeFiles(join(cwd, 'logs'), written(EXCHANGES).files)
})
afterEach(() => rmSync(cwd, { recursive: true, force: true }))

const ingest = (env: Readonly<Record<string, string>>, args: readonly string[] = ['logs']): Promise<Ended> =>
  throughline(['ingest', ...args], { cwd, env })

const parentOf = (spans: readonly ReceivedSpan[], span: ReceivedSpan): string | undefined =>
  spans.find(other => other.id === span.parent)?.name

test('a run sends its spans as one tree, with what was counted', async () => {
  await withReceiver(async (endpoint, received) => {
    const { code } = await ingest({ OTEL_EXPORTER_OTLP_ENDPOINT: endpoint })
    expect(code).toBe(0)
    const spans = spansOf(received)
    const tree = spans.map(span => `${parentOf(spans, span) ?? '-'} > ${span.name}`)
    expect(tree.sort()).toEqual([
      '- > ingest',
      'ingest > close',
      'ingest > commit',
      'ingest > link',
      'ingest > read file',
      'ingest > read file',
      'link > link day',
    ])
    const files = spans.filter(s => s.name === 'read file').map(s => s.attributes)
    expect(files).toMatchObject([
      { 'file.path': 'logs/export.json', 'throughline.lines': 20, 'throughline.decoded': 20, 'throughline.rejected': 0 },
      { 'file.path': 'logs/web01.log', 'throughline.lines': 21, 'throughline.directives': 1, 'throughline.status': 'complete' },
    ]) // biome-ignore format: a table
    expect(spans.find(s => s.name === 'ingest')?.attributes).toEqual({
      'throughline.files': 2,
      'throughline.files.known': 0,
      'throughline.lines': 41,
    })
    expect(spans.find(s => s.name === 'commit')?.attributes).toMatchObject({ 'throughline.rows': 40 })
    expect(spans.find(s => s.name === 'link day')?.attributes).toEqual({
      'throughline.application': 'default',
      'throughline.day': '2026-07-01',
      'throughline.link.rows': 20,
    })
    for (const { name, attributes } of spans)
      for (const key of Object.keys(attributes))
        expect(Object.keys(SPANS[name as keyof typeof SPANS].attributes)).toContain(key)
  })
})

test('nothing of a log is sent but the paths of the logs themselves', async () => {
  await withReceiver(async (endpoint, received) => {
    await ingest({ OTEL_EXPORTER_OTLP_ENDPOINT: endpoint })
    expect(received.length).toBeGreaterThan(1)
    expect(received.filter(r => PERSONAL.test(r.text))).toEqual([])
    const metrics = received
      .filter(r => r.path === '/v1/metrics')
      .map(r => r.text)
      .join('')
    expect(metrics).toContain('throughline.lines.read')
    expect(metrics).not.toMatch(/export\.json|web01/)
  })
})

test('the resource says which program this is, and nothing about who runs it', async () => {
  await withReceiver(async (endpoint, received) => {
    await ingest({ OTEL_EXPORTER_OTLP_ENDPOINT: endpoint, OTEL_RESOURCE_ATTRIBUTES: 'deployment=test' })
    const [resource] = received.flatMap(r => r.body.resourceSpans ?? [])
    const { version } = JSON.parse(readFileSync('package.json', 'utf8')) as { version: string }
    const attributes = attributesOf(resource?.resource.attributes ?? [])
    expect(attributes).toMatchObject({
      'service.name': 'throughline',
      'service.version': version,
      'service.instance.id': expect.stringMatching(/^[0-9a-f]{8}-/),
      deployment: 'test',
    })
    expect(Object.keys(attributes).filter(key => /owner|user|command|executable/.test(key))).toEqual([])
  })
})

test('the configuration names the receiver and its headers, which config show does not tell', async () => {
  await withReceiver(async (endpoint, received) => {
    writeFiles(cwd, {
      'throughline.yaml': `telemetry:\n  endpoint: ${endpoint}/otlp\n  headers:\n    authorization: Bearer word-0123456789\n`,
    })
    await ingest({ OTEL_SERVICE_NAME: 'evidence' })
    expect([...new Set(received.map(r => r.path))].sort()).toEqual(['/otlp/v1/metrics', '/otlp/v1/traces'])
    expect(received.map(r => r.headers.authorization)).toEqual(received.map(() => 'Bearer word-0123456789'))
    expect(received[0]?.text).toContain('"evidence"')
    for (const how of [[], ['--json']]) {
      const { stdout } = await throughline(['config', 'show', ...how], { cwd })
      expect(stdout).toContain('[secret]')
      expect(stdout).not.toContain('word-0123456789')
    }
  })
})

const WARNING = /^warning: telemetry: .*; the command itself is not affected, and this is said once$/gm

test.each(['refuses', 'is silent', 'is no address'])(
  'a receiver that %s changes neither result nor exit code, and is told of once',
  async how => {
    const plain = await ingest({}, ['logs', '--store', 'plain'])
    const run = async (endpoint: string): Promise<void> => {
      const env = {
        OTEL_EXPORTER_OTLP_ENDPOINT: endpoint,
        OTEL_METRIC_EXPORT_INTERVAL: '100',
        OTEL_LOG_LEVEL: 'all',
      }
      const { code, stdout, stderr } = await ingest(env)
      expect({ code, stdout }).toEqual({ code: 0, stdout: plain.stdout })
      expect(stderr.match(WARNING)).toHaveLength(1)
    }
    if (how === 'is silent') await withReceiver(run, 'silent')
    else await run(how === 'refuses' ? `http://127.0.0.1:${await freePort()}` : 'no address')
  },
)

test('a command that fails is sent as failed, with its code and without its message', async () => {
  writeFiles(cwd, {
    'logs/web02.log': '#Fields: date time cs-uri-stem\r\n2026-07-01 cannot be seen\r\nx\r\nx\r\n',
  })
  await withReceiver(async (endpoint, received) => {
    const env = { OTEL_EXPORTER_OTLP_ENDPOINT: endpoint }
    const { code, stderr } = await ingest(env, ['logs', '--max-rejects', '1'])
    expect(stderr).toContain('--max-rejects allows 1')
    expect(code).toBe(3)
    const failed = spansOf(received).filter(s => s.isError)
    expect(failed.map(s => [s.name, s.attributes['error.type']])).toEqual([
      ['read file', 'REJECTS_EXCEEDED'],
      ['ingest', 'REJECTS_EXCEEDED'],
    ])
    expect(received.filter(r => PERSONAL.test(r.text))).toEqual([])
  })
})

/** Sends a signal once a ledger entry is there. */
async function interrupted(
  args: readonly string[],
  env: Readonly<Record<string, string>>,
  path: string,
  signal: NodeJS.Signals,
): Promise<Ended> {
  return throughline(['ingest', ...args], {
    cwd,
    env,
    during: child => {
      const timer = setInterval(() => {
        if (!existsSync(join(cwd, path))) return
        // Once: a second signal ends the process at once.
        clearInterval(timer)
        child.kill(signal)
      }, 20)
      child.on('exit', () => clearInterval(timer))
    },
  })
}

const namesOf = (received: readonly Received[]): string[] => spansOf(received).map(s => s.name)

test('a follower that is ended by a signal sends what is left', async () => {
  await withReceiver(async (endpoint, received) => {
    const env = { OTEL_EXPORTER_OTLP_ENDPOINT: endpoint, OTEL_METRIC_EXPORT_INTERVAL: '3600000' }
    const ended = await interrupted(
      ['--follow', 'logs'],
      env,
      'throughline-store/ledger/000/000003.json',
      'SIGTERM',
    )
    expect(ended.code).toBe(0)
    expect(namesOf(received)).toContain('commit')
    expect(received.filter(r => r.path === '/v1/metrics')).toHaveLength(1)
  })
})

test('an ingest that is interrupted sends its counts, and writes nothing more to stdout', async () => {
  const line = '2026-07-01 22:00:00 web01 GET /a 200\r\n'
  writeFiles(cwd, {
    'logs/web03.log': `#Fields: date time s-computername cs-method cs-uri-stem sc-status\r\n${line.repeat(300_000)}`,
  })
  await withReceiver(async (endpoint, received) => {
    const env = { OTEL_EXPORTER_OTLP_ENDPOINT: endpoint }
    const { code, stdout, stderr } = await interrupted(['logs'], env, 'throughline-store/tmp', 'SIGINT')
    expect(code).toBe(130)
    expect(stderr).toContain('SIGINT: stopped')
    expect(stdout).toMatch(/^committed {2}[\d,]+ lines from [^\n]*\n$/)
    expect(received.map(r => r.path)).toContain('/v1/metrics')
    expect(existsSync(join(cwd, 'throughline-store/writer.lock'))).toBe(false)
  })
})
