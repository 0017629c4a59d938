import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { writeFiles } from '../support/folder.ts'
import { freePort, withReceiver } from '../support/metrics.ts'
import { throughline } from '../support/program.ts'

/** Writes which modules of OpenTelemetry a process has loaded, and whether it listened or connected anywhere. */
const PROBE = `
const net = require('node:net')
const used = []
for (const [name, kind] of [['listen', net.Server], ['connect', net.Socket]]) {
  const original = kind.prototype[name]
  kind.prototype[name] = function (...args) {
    used.push(name)
    return original.apply(this, args)
  }
}
process.on('exit', () => {
  const loaded = Object.keys(require.cache).filter(path => path.includes('@opentelemetry'))
  require('node:fs').writeFileSync(process.env.PROBE_FILE, JSON.stringify({ loaded: loaded.length, used }))
})
`

let cwd = ''
beforeEach(() => {
  cwd = mkdtempSync(join(tmpdir(), 'tl-test-'))
  writeFiles(cwd, {
    'probe.cjs': PROBE,
    'a.log': '#Fields: date time cs-method cs-uri-stem sc-status\r\n2026-07-01 22:00:00 GET /a 200\r\n',
  })
})
afterEach(() => rmSync(cwd, { recursive: true, force: true }))

interface Probed {
  readonly code: number | null
  readonly loaded: number
  readonly used: readonly string[]
}

async function probed(args: readonly string[], env: Readonly<Record<string, string>> = {}): Promise<Probed> {
  const file = join(cwd, 'probe.json')
  const { code } = await throughline(args, {
    cwd,
    env: { NODE_OPTIONS: `--require ${join(cwd, 'probe.cjs')}`, PROBE_FILE: file, ...env },
  })
  return { code, ...(JSON.parse(readFileSync(file, 'utf8')) as Omit<Probed, 'code'>) }
}

const NOTHING = { code: 0, loaded: 0, used: [] }

test.each([[['--help']], [['ingest', 'a.log']], [['config', 'show']], [['work', '--help']]])(
  '%s loads nothing of OpenTelemetry, and neither listens nor connects',
  async args => {
    expect(await probed(args)).toEqual(NOTHING)
  },
)

test('OTEL_SDK_DISABLED keeps it so, whatever else is set', async () => {
  const env = {
    OTEL_SDK_DISABLED: 'true',
    OTEL_EXPORTER_OTLP_ENDPOINT: `http://127.0.0.1:${await freePort()}`,
  }
  expect(await probed(['ingest', 'a.log'], env)).toEqual(NOTHING)
})

test('the probe sees it when it is on', async () => {
  await withReceiver(async endpoint => {
    const { code, loaded, used } = await probed(['ingest', 'a.log'], {
      OTEL_EXPORTER_OTLP_ENDPOINT: endpoint,
    })
    expect(code).toBe(0)
    expect(loaded).toBeGreaterThan(10)
    expect(used).toContain('connect')
  })
})

test('a command that only reads starts nothing, though an endpoint is set', async () => {
  await probed(['ingest', 'a.log'])
  const env = { OTEL_EXPORTER_OTLP_ENDPOINT: `http://127.0.0.1:${await freePort()}` }
  expect(await probed(['status'], env)).toEqual(NOTHING)
})
